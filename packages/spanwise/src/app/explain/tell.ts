import type { RunEvent } from '../event.ts'

/** One thing that is on record, said in plain English. */
export interface Sentence {
  readonly text: string
  /** indexes of the entries that say so */
  readonly entries: readonly number[]
}

/** What tellers look things up in. */
export interface Telling {
  readonly events: readonly RunEvent[]
  readonly workflow: string
  readonly subject: string | undefined
  /** the entries of one operation that led to this one, its model calls and documents included */
  of(event: RunEvent): readonly RunEvent[]
}

/**
 * Tells one entry, from the record alone. Undefined where there is nothing to say, or where another entry of the same operation
 * says it.
 */
export type Teller = (event: RunEvent, telling: Telling) => Sentence | undefined
