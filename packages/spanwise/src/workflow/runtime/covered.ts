import { decode, type Entry } from '../../journal/index.ts'
import { contentOf } from './erased.ts'

/** What a snapshot stands for: items of an `each` that are done, or the rounds of a loop before one. */
interface Cover {
  readonly index: number
  stands(part: string): boolean
}

/**
 * Leaves out the history that snapshots stand for. A snapshot stands for its own scope only, and there for what is done.
 * @returns the latest snapshot of each construct that is not itself covered, with those that it adds to; the places of signals that covered code took, the rest
 */
export function withoutCovered(live: readonly Entry[]): {
  readonly snapshots: ReadonlyMap<string, readonly Entry[]>
  readonly taken: ReadonlySet<number>
  readonly rest: Entry[]
} {
  const snapshots = new Map<string, Entry[]>()
  const taken = new Set<number>()
  for (const entry of live) {
    if (entry.kind !== 'scope.snapshot') continue
    for (const place of takenIn(entry)) taken.add(place)
    // the code behind a loop that is through has to see its last delivery
    if (entry.meta['done'] === true) continue
    if (entry.meta['patch'] === true) snapshots.get(entry.key)?.push(entry)
    else snapshots.set(entry.key, [entry])
  }
  if (snapshots.size === 0) return { snapshots, taken, rest: [...live] }
  const covers = new Map([...snapshots].map(([key, chain]) => [key, coverOf(chain.at(-1) as Entry)]))
  for (const [key, [entry]] of snapshots) if (isCovered(entry as Entry, covers)) snapshots.delete(key)
  const rest = live.filter(
    (entry) => !isCovered(entry, covers) && !(entry.kind === 'signal.received' && taken.has(entry.index)),
  )
  return { snapshots, taken, rest }
}

/** Each snapshot of a loop says which signals were taken since the one before. */
function takenIn({ meta }: Entry): readonly number[] {
  const text = meta['taken']
  return typeof text === 'string' && meta['done'] !== true ? text.split(',').map(Number) : []
}

function coverOf({ index, meta, payload }: Entry): Cover {
  const { round } = meta
  if (typeof round === 'number') return { index, stands: (part) => Number(part) < round }
  const { done } = decode(contentOf({ payload, index })) as { done: readonly { token: string }[] }
  const tokens = new Set(done.map(({ token }) => token))
  return { index, stands: (part) => tokens.has(part) }
}

/** Looks for the constructs in its key: `each#0[…]/graph(x)#0[3]/…` is in two of them. */
function isCovered({ key, index }: Entry, covers: ReadonlyMap<string, Cover>): boolean {
  for (let at = nextMark(key, 0); at >= 0; at = nextMark(key, at + 1)) {
    const cover = covers.get(key.slice(0, at))
    if (cover === undefined || index >= cover.index) continue
    // what `each` had pulled is in its snapshot
    if (key.charAt(at) === ':' || cover.stands(key.slice(at + 1, key.indexOf(']', at)))) return true
  }
  return false
}

function nextMark(key: string, from: number): number {
  for (let at = from; at < key.length; at++) {
    const char = key.charCodeAt(at)
    if (char === 91 /* [ */ || char === 58 /* : */) return at
  }
  return -1
}
