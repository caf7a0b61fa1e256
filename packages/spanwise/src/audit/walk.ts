import type { LogCheck, LogEntry, LogStore } from '../journal/index.ts'
import { checkEntry } from './check-entry.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import { emptyFrontier, extend, type Frontier, leafHash, rootOf } from './merkle.ts'
import { keptLevels, split } from './tree.ts'

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

export type Find = (finding: Finding) => void

export interface Walk {
  /** what was signed, in order of size */
  readonly expected: readonly SignedCheckpoint[]
  readonly find: Find
  readonly progress: (done: number, of: number) => void
  /** where, between two sizes, the tree stops being the one that was signed */
  readonly narrow: (good: number, to: number, tiles: ReadonlyMap<number, Uint8Array>) => Promise<Finding>
}

/** entries that are checked where they lie, at once: of each, 40 bytes come back */
const range = 16_384
/** entries that are read, where something may be wrong */
const batch = 2_048
/** asked of each connection ahead of what is looked at */
const ahead = 2

/**
 * Goes over the whole log once. Connections check ranges of it against their proofs, each on a thread of its own; here is held together
 * what has an order: the runs, and the tree. A range in which something may not fit is read entry by entry, which says what.
 */
export async function walkLog(
  stores: readonly [LogStore, ...LogStore[]],
  size: number,
  { expected, find, progress, narrow }: Walk,
): Promise<{ readonly erased: number; readonly archived: number; readonly locked: number }> {
  const counted = { erased: 0, archived: 0, locked: 0 }
  const last = new Map<string, number>()
  const tiles = new Map<number, Uint8Array>()
  let frontier: Frontier = emptyFrontier
  /** the last size at which the tree was what was signed */
  let good = 0
  let next = 0
  let isBroken = false
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
        find(await narrow(good, checkpoint.size, tiles))
      }
    }
  }
  const takeIn = async ({ leaves, erased, archived, locked }: LogCheck): Promise<void> => {
    counted.erased += erased
    counted.archived += archived
    counted.locked += locked
    for (const leaf of split(leaves)) {
      at++
      hashes.push(leafHash(leaf))
      if ((expected[next]?.size ?? Number.POSITIVE_INFINITY) <= at) await compare()
    }
    grow()
  }
  const lookAt = async (to: number): Promise<void> => {
    while (at < to) {
      const end = Math.min(at + batch, to)
      for (const entry of await readable(stores[0], at, end)) {
        if (entry.position > at) isBroken = missing(find, at, entry.position)
        at = entry.position + 1
        const wrong = outOfOrder(entry, last) ?? checkEntry(entry)
        if (wrong !== undefined) find(finding(entry, wrong))
        if (entry.archived === true) counted.archived++
        else if (entry.erased) counted.erased++
        if (entry.locked === true) counted.locked++
        hashes.push(leafHash(entry.leaf))
        if ((expected[next]?.size ?? Number.POSITIVE_INFINITY) <= at) await compare()
      }
      grow()
      if (at < end) isBroken = missing(find, at, end)
      at = end
    }
  }

  await compare()
  for await (const { to, check } of checks(stores, size)) {
    if (check !== undefined && inOrder(check, last)) await takeIn(check)
    else await lookAt(to)
    await compare()
    progress(at, size)
  }
  return counted
}

/** Ranges in their order, with what became of them; the connections work on those that follow meanwhile. */
async function* checks(
  stores: readonly LogStore[],
  size: number,
): AsyncGenerator<{ readonly to: number; readonly check: LogCheck | undefined }> {
  const under: { readonly to: number; readonly check: Promise<LogCheck | undefined> }[] = []
  let asked = 0
  for (let n = 0; asked < size || under.length > 0; ) {
    while (asked < size && under.length < ahead * stores.length) {
      const to = Math.min(asked + range, size)
      const check = (stores[n++ % stores.length] as LogStore).checkLog(asked, to - asked)
      // who awaits it is told
      check.catch(() => {})
      under.push({ to, check })
      asked = to
    }
    const { to, check } = under.shift() as (typeof under)[number]
    yield { to, check: await check }
  }
}

/** Whether each entry comes after those of its run; only then they count as seen. */
function inOrder({ order, runs }: LogCheck, last: Map<string, number>): boolean {
  const latest = runs.map((run) => last.get(run) ?? -1)
  for (let i = 0; i < order.length; i += 2) {
    const run = order[i] as number
    const index = order[i + 1] as number
    if (index <= (latest[run] as number)) return false
    latest[run] = index
  }
  for (const [i, run] of runs.entries()) last.set(run, latest[i] as number)
  return true
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
