import type { LogEntry, LogStore, Sealed } from '../journal/index.ts'
import { checkEntry } from './check-entry.ts'
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { emptyFrontier, extend, type Frontier, leafHash, rootOf } from './merkle.ts'
import type { Verifier } from './note.ts'
import { keptLevels, split } from './tree.ts'

export interface VerifyOptions {
  /** public keys that are trusted: the current one, and those before it */
  readonly keys: readonly Verifier[]
  /** checkpoints that were kept outside the store, as notes: the log must still begin with each of them */
  readonly since?: readonly string[]
  readonly progress?: (done: number, of: number) => void
}

export interface Finding {
  /** what does not hold, in a sentence */
  readonly what: string
  /** positions in the log that it is about: from, and the one after the last */
  readonly from: number
  readonly to: number
  /** the first entry of them, where there is one */
  readonly run?: string
  readonly index?: number
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

const batch = 4_096
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
  const walk = await walkLog(store, size, expected, options.progress ?? (() => {}), find)
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

type Find = (finding: Finding) => void

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

async function walkLog(
  store: LogStore,
  size: number,
  expected: readonly SignedCheckpoint[],
  progress: (done: number, of: number) => void,
  find: Find,
): Promise<{ readonly erased: number; readonly archived: number; readonly locked: number }> {
  let frontier: Frontier = emptyFrontier
  let erased = 0
  let archived = 0
  let locked = 0
  /** the last size at which the tree was what was signed */
  let good = 0
  let next = 0
  let isBroken = false
  const last = new Map<string, number>()
  const tiles = new Map<number, Uint8Array>()

  let at = 0
  let hashes: Uint8Array[] = []
  const grow = (): void => {
    frontier = extend(frontier, hashes, (level, index, root) => {
      if (level === keptLevels) tiles.set(index, root)
    })
    hashes = []
  }
  /** holds the tree against the checkpoints that end here */
  const compare = async (): Promise<void> => {
    for (
      let checkpoint = expected[next];
      checkpoint !== undefined && checkpoint.size <= at;
      checkpoint = expected[++next]
    ) {
      // without what is missing there is no tree
      if (isBroken) continue
      grow()
      if (Buffer.compare(rootOf(frontier), checkpoint.root) === 0) good = checkpoint.size
      else {
        isBroken = true
        find(await narrow(store, good, checkpoint.size, tiles))
      }
    }
  }

  await compare()
  let ahead = readAhead(store, 0, size)
  while (at < size) {
    const to = Math.min(at + batch, size)
    const entries = await ahead
    // the store's thread reads the next ones while these are looked at
    ahead = readAhead(store, to, size)
    for (const entry of entries) {
      if (entry.position > at) isBroken = missing(find, at, entry.position)
      at = entry.position + 1
      const wrong = outOfOrder(entry, last) ?? checkEntry(entry)
      if (wrong !== undefined) find(finding(entry, wrong))
      if (entry.archived === true) archived++
      else if (entry.erased) erased++
      if (entry.locked === true) locked++
      hashes.push(leafHash(entry.leaf))
      if ((expected[next]?.size ?? Number.POSITIVE_INFINITY) <= at) await compare()
    }
    grow()
    if (at < to) isBroken = missing(find, at, to)
    at = to
    await compare()
    progress(at, size)
  }
  return { erased, archived, locked }
}

function readAhead(store: LogStore, from: number, size: number): Promise<readonly LogEntry[]> {
  const found = from < size ? readable(store, from, Math.min(from + batch, size)) : Promise.resolve([])
  // who awaits it is told
  found.catch(() => {})
  return found
}

/** All that can be read of a range: where bytes make no sense, what lies around them is still looked at. */
async function readable(store: LogStore, from: number, to: number): Promise<readonly LogEntry[]> {
  try {
    return await store.log(from, to - from)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'STORE_LOST') throw error
    // reported as missing
    if (to - from === 1) return []
    const middle = from + Math.ceil((to - from) / 2)
    return [...(await readable(store, from, middle)), ...(await readable(store, middle, to))]
  }
}

function missing(find: Find, from: number, to: number): true {
  const what = to - from === 1 ? `Entry ${from} of the log is` : `Entries ${from} to ${to - 1} of the log are`
  find({ what: `${what} missing, or cannot be read.`, from, to })
  return true
}

function outOfOrder({ run, index }: LogEntry, last: Map<string, number>): string | undefined {
  const before = last.get(run) ?? -1
  last.set(run, index)
  return index > before ? undefined : `it comes after entry ${before} of its run`
}

function finding(entry: LogEntry, wrong: string): Finding {
  const { position, run, index, key, kind } = entry
  const what = `Entry ${index} of run ${run} (${kind}${key === '' ? '' : `, ${key}`}): ${wrong}.`
  return { what, from: position, to: position + 1, run, index }
}

/**
 * The leaves do not make the tree that was signed, though every entry fits its leaf: somebody made leaves anew. The nodes that
 * are kept tell where it begins, unless they were made anew as well.
 */
async function narrow(store: LogStore, good: number, to: number, tiles: Map<number, Uint8Array>): Promise<Finding> {
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
