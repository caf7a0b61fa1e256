import { appendDurably, checkpointFile, keyFile, openSealer, signerOf } from '../audit/index.ts'
import type { Clock } from '../engine/index.ts'
import type { Store } from '../journal/index.ts'
import { type Duration, type Log, milliseconds } from '../workflow/index.ts'
import { bringUpToDate } from './decisions/list.ts'

export interface AuditOptions {
  /** file of the key that signs checkpoints; beside the store, and made, when it is not given */
  readonly key?: string
  /** file to which every checkpoint is appended; beside the store when it is not given. Better on another disk. */
  readonly checkpoints?: string
  /** how long something that was recorded may stay unsealed; 10 s */
  readonly every?: Duration
}

export interface Sealing {
  /** something was committed */
  changed(): void
  /** seals what is left */
  close(): Promise<void>
}

/**
 * Signs what is recorded, behind the writes: nothing waits for it, an idle store costs nothing, and what goes wrong is said and
 * tried again.
 */
export async function sealing(
  store: Store,
  path: string,
  options: AuditOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Sealing> {
  const every = milliseconds(options.every ?? 10_000, 'audit.every')
  const copies = options.checkpoints ?? checkpointFile(path)
  const origin = `spanwise/${store.info.id}`
  const sealer = await openSealer(store, origin, [signerOf(options.key ?? keyFile(path), origin)])
  let timer: NodeJS.Timeout | undefined
  let under: Promise<void> = Promise.resolve()
  let isClosed = false

  const seal = async (): Promise<void> => {
    try {
      const made = await sealer.seal(clock.now())
      // two notes are told apart by the empty line between them
      if (made !== undefined) appendDurably(copies, `${made.note}\n`)
    } catch (error) {
      log.warn('what was recorded last could not be sealed; it is tried again', { error })
      later()
    }
  }
  /** so that whoever asks for decisions finds most of them taken in already */
  const index = async (): Promise<void> => {
    if (isClosed) return
    await bringUpToDate(store).catch((error: unknown) =>
      log.warn('the index of decisions could not be brought up to date; it is tried again', { error }),
    )
  }
  const later = (): void => {
    if (isClosed || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      under = under.then(seal).then(index)
    }, every)
    timer.unref()
  }
  // what a process that was killed left unsealed
  later()

  return {
    changed: later,
    async close() {
      isClosed = true
      clearTimeout(timer)
      await under
      await seal()
    },
  }
}
