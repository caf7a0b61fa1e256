import type { LogEntry, LogStore, Sealed } from '../journal/index.ts'
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import type { Verifier } from './note.ts'
import { keptLevels, split } from './tree.ts'
import { type Find, type Finding, walkLog } from './walk.ts'

export interface VerifyOptions {
  /** public keys that are trusted: the current one, and those before it */
  readonly keys: readonly Verifier[]
  /** checkpoints that were kept outside the store, as notes: the log must still begin with each of them */
  readonly since?: readonly string[]
  readonly progress?: (done: number, of: number) => void
  /** more connections to the same log: ranges of it are checked on all of them at once */
  readonly readers?: readonly LogStore[]
}

export interface Verification {
  /** entries in the log */
  readonly size: number
  /** entries under the last checkpoint; those after it are not sealed yet */
  readonly sealed: number
  /** entries whose content was erased, and whose proof stands */
  readonly erased: number
  /** entries whose content is in an archive, and was not read there */
  readonly archived: number
  /** entries whose content is encrypted and was not checked, because the store was opened without its key */
  readonly locked: number
  readonly checkpoints: number
  /** whether a checkpoint from outside was there to tell that nothing was cut off at the end */
  readonly freshness: 'proven' | 'not proven'
  /** single entries first, in the order of the log, then what is known of ranges; none when everything holds */
  readonly findings: readonly Finding[]
}

/** one changed byte may spoil much; who reads it needs the beginning */
const mostFindings = 100
const tileSize = 2 ** keptLevels

/**
 * Holds a log against itself and against what was signed: every entry against its leaf and commitments, the leaves against every
 * checkpoint, the checkpoints against the keys, and against those that were kept elsewhere.
 */
export async function verifyLog(store: LogStore, options: VerifyOptions): Promise<Verification> {
  const findings: Finding[] = []
  const find = (finding: Finding): void => {
    if (findings.length < mostFindings) findings.push(finding)
  }
  const size = await store.logSize()
  const own = openAll(await everyCheckpoint(store), options.keys, find)
  const remembered = openAll(
    (options.since ?? []).map((note) => ({ note, size: Number.NaN })),
    options.keys,
    find,
  )
  for (const one of remembered)
    if (one.size > size) {
      const missing = one.size - size
      const what = `The log has ${size} entries, and had ${one.size} when a checkpoint was kept: the last ${missing} are gone.`
      find({ what, from: size, to: one.size })
    }
  const expected = [...own, ...remembered].filter((one) => one.size <= size).sort((a, b) => a.size - b.size)
  const walk = await walkLog([store, ...(options.readers ?? [])], size, {
    expected,
    find,
    progress: options.progress ?? (() => {}),
    narrow: (good, to, tiles) => narrow(store, good, to, tiles),
  })
  const sealed = Math.max(0, ...own.filter((one) => one.size <= size).map((one) => one.size))
  const over = own.find((one) => one.size > size)
  if (over !== undefined) {
    const what = `The store holds a checkpoint over ${over.size} entries and only ${size} of them: its end was cut off.`
    find({ what, from: size, to: over.size })
  }
  return {
    size,
    sealed,
    erased: walk.erased,
    archived: walk.archived,
    locked: walk.locked,
    checkpoints: own.length,
    freshness: remembered.length > 0 ? 'proven' : 'not proven',
    findings: findings.toSorted((a, b) => Number(isRange(a)) - Number(isRange(b)) || a.from - b.from),
  }
}

function isRange({ run, from, to }: Finding): boolean {
  return run === undefined ? to - from !== 1 : to - from > 1
}

async function everyCheckpoint(store: LogStore): Promise<Sealed[]> {
  const all: Sealed[] = []
  for (;;) {
    const page = await store.checkpoints((all.at(-1)?.size ?? -1) + 1, 1_000)
    if (page.length === 0) return all
    all.push(...page)
  }
}

function openAll(notes: readonly Sealed[], keys: readonly Verifier[], find: Find): SignedCheckpoint[] {
  const opened: SignedCheckpoint[] = []
  for (const { note, size } of notes) {
    try {
      const checkpoint = openCheckpoint(note, keys)
      if (!Number.isNaN(size) && checkpoint.size !== size)
        find({
          what: `A checkpoint over ${checkpoint.size} entries is filed as one over ${size}.`,
          from: size,
          to: size,
        })
      else opened.push(checkpoint)
    } catch (error) {
      const from = Number.isNaN(size) ? 0 : size
      find({ what: (error as Error).message, from, to: from })
    }
  }
  return opened
}

/**
 * The leaves do not make the tree that was signed, though every entry fits its leaf: somebody made leaves anew. The nodes that
 * are kept tell where it begins, unless they were made anew as well.
 */
async function narrow(
  store: LogStore,
  good: number,
  to: number,
  tiles: ReadonlyMap<number, Uint8Array>,
): Promise<Finding> {
  let from = good
  for (let tile = Math.floor(good / tileSize); (tile + 1) * tileSize <= to; tile++) {
    const [kept] = split(await store.sealNodes(keptLevels, tile, 1))
    const now = tiles.get(tile)
    if (kept === undefined || now === undefined) break
    if (Buffer.compare(kept, now) !== 0) {
      const [first] = await store.log(Math.max(good, tile * tileSize), 1)
      return rewritten(Math.max(good, tile * tileSize), Math.min(to, (tile + 1) * tileSize), first)
    }
    from = Math.max(from, (tile + 1) * tileSize)
  }
  const [first] = await store.log(from, 1)
  return rewritten(from, to, first)
}

function rewritten(from: number, to: number, first: LogEntry | undefined): Finding {
  const where = first === undefined ? {} : { run: first.run, index: first.index }
  const what = `The entries from ${from} to ${to - 1} of the log are not those that were signed: one of them was changed, removed or moved, and its proof made anew.`
  return { what, from, to, ...where }
}
