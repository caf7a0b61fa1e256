import { existsSync, readFileSync } from 'node:fs'
import { appendDurably } from '../audit/index.ts'
import type { Act, Acted, ActRow, Store } from '../journal/index.ts'
import type { Log } from '../workflow/index.ts'

/** Beside the checkpoints: what was erased, so that a store that is put back from a backup forgets it again. */
export function erasuresFile(store: string): string {
  return `${store}.erasures`
}

/** Opaque ids and tokens; who and why is in the store. */
interface Kept {
  readonly store: string
  readonly id: string
  readonly at: number
  readonly run?: string | undefined
  readonly subject?: string | undefined
}

/** The act, and a line outside the store where it erased something. */
export async function actOn(store: Store, act: Act): Promise<Acted> {
  const acted = await store.act(act)
  if (acted.state === 'ok' && act.kind === 'erased') keep(store, acted.act)
  return acted
}

function keep({ info }: Store, { id, at, run, subject }: ActRow): void {
  if (info.path === undefined) return
  const line: Kept = { store: info.id, id, at, run, subject }
  appendDurably(erasuresFile(info.path), `${JSON.stringify(line)}\n`)
}

/**
 * What was erased since the backup that this store is from is erased again; and what a crash kept from the file is written to it.
 * Answers how many were done again.
 */
export async function eraseAgain(store: Store, now: number, log?: Log): Promise<number> {
  if (store.info.path === undefined) return 0
  const file = erasuresFile(store.info.path)
  const kept = existsSync(file) ? readKept(file).filter((one) => one.store === store.info.id) : []
  const done = await store.erasures()
  const [inFile, inStore] = [new Set(kept.map(({ id }) => id)), new Set(done.map(({ id }) => id))]
  for (const row of done) if (!inFile.has(row.id)) keep(store, row)
  let count = 0
  for (const { id, run, subject } of kept) {
    if (inStore.has(id)) continue
    const target = subject === undefined ? { run: run ?? '' } : { token: subject }
    const again = {
      kind: 'erased',
      target,
      reason: 'erased before, and brought back by a restore',
      by: 'spanwise',
    } as const
    const { state } = await store.act({ ...again, at: now, id })
    if (state === 'ok') count++
    if (state === 'held')
      log?.warn('what was erased came back with a restore, and a legal hold keeps it', { run, subject })
  }
  if (count > 0) log?.info('what was erased, and came back with a restore, is erased again', { erasures: count })
  return count
}

function readKept(file: string): readonly Kept[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Kept]
      } catch {
        // the end of a line that a power loss tore: its erasure is in the store, and is written again
        return []
      }
    })
}
