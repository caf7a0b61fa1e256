import { decode, type Entry, SpanwiseError } from '../../journal/index.ts'

/** What a `run.forked` entry says: where the source's history ends, and what is different from there on. */
export interface ForkMark {
  readonly source: string
  /** index of the source's entry that the fork was asked from */
  readonly at: number
  /** operation that this entry is about: it is done again */
  readonly reopen: string | undefined
  readonly edit?: { readonly key: string; readonly input: unknown } | undefined
  /** results for operations that the fork comes to, by their keys: taken in place of having them executed */
  readonly results?: Readonly<Record<string, unknown>> | undefined
  /** effects that may happen, by the names or keys of their operations; `*` for all */
  readonly allow: readonly string[]
  /** mixed into `random()` and `uuid()` from here on */
  readonly salt: string
  /** ms between the source's time here and the fork's: waits that were under way go on with what was left of them */
  readonly shift: number
  /** the input of the run was replaced where its schema was not at hand */
  readonly unparsed?: boolean | undefined
}

/** A mark in the history of a fork. `index` is its place. */
export interface Forked extends ForkMark {
  readonly index: number
}

/** Under what conditions effects happen in a fork, in its later generations, and in children that it starts. */
export interface Dry {
  readonly allow: readonly string[]
  readonly results?: Readonly<Record<string, unknown>> | undefined
}

export function readForkMark(entry: Entry): Forked {
  if (entry.payload === undefined) {
    throw new SpanwiseError({
      code: 'ERASED',
      message: `What run ${entry.run} holds was erased.`,
      hint: 'Give the run up.',
      run: entry.run,
    })
  }
  return { ...(decode(entry.payload) as ForkMark), index: entry.index }
}
