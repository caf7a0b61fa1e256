import type { EntryKind } from '../entry.ts'
import { kindCodes } from '../kinds.ts'
import type { Context } from './context.ts'

/** What views look for in the log. */
export interface Wanted {
  readonly since: number
  readonly until: number
  /** of `bitsOf` */
  readonly kinds: number
}

const bits = new Map(Object.values(kindCodes).map((code, nth) => [code, 1 << (nth % 31)]))

/** Kinds as bits; two may share one, so a row is at most looked at in vain. */
export function bitOf(code: number): number {
  return bits.get(code) ?? 0
}

export function bitsOf(kinds: readonly EntryKind[]): number {
  return kinds.reduce((all, kind) => all | bitOf(kindCodes[kind]), 0)
}

/**
 * Which times and kinds the rows of the log hold, from its beginning on, as far as somebody has walked through it: so the next who looks for
 * a time passes over the rest. Times of entries are not in the log's order, so each row has its own. Rows never change but for what is
 * erased in them, so nothing of this has to be taken back; it is memory of one connection, and made anew by walking.
 */
export class RowIndex {
  readonly #from: number[] = []
  readonly #first: number[] = []
  readonly #last: number[] = []
  readonly #kinds: number[] = []
  #end = 0

  /** What is known begins with the log and has no gap: nothing is learnt from a walk that began behind it. */
  knows(position: number): boolean {
    return position < this.#end
  }

  /** @param walkedFrom where this walk began */
  learn(walkedFrom: number, row: { from: number; to: number; first: number; last: number; kinds: number }): void {
    if (walkedFrom > this.#end || row.from < this.#end) return
    this.#from.push(row.from)
    this.#first.push(row.first)
    this.#last.push(row.last)
    this.#kinds.push(row.kinds)
    this.#end = row.to
  }

  /** The first position from this one on that may hold something; the end of what is known where nothing of it does. */
  next(position: number, { since, until, kinds }: Wanted): number {
    if (!this.knows(position)) return position
    for (let at = this.#rowOf(position); at < this.#from.length; at++)
      if (
        (this.#last[at] as number) >= since &&
        (this.#first[at] as number) < until &&
        ((this.#kinds[at] as number) & kinds) !== 0
      )
        return Math.max(position, this.#from[at] as number)
    return this.#end
  }

  /** the row that holds it, or the first one */
  #rowOf(position: number): number {
    let [low, high] = [0, this.#from.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#from[middle] as number) <= position) low = middle
      else high = middle - 1
    }
    return low
  }
}

const indexes = new WeakMap<Context['log'], RowIndex>()

export function rowIndexOf({ log }: Context): RowIndex {
  const known = indexes.get(log)
  if (known !== undefined) return known
  const made = new RowIndex()
  indexes.set(log, made)
  return made
}
