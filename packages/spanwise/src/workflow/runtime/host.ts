import type { EntryKind, Meta, NewEntry } from '../../journal/index.ts'
import type { Operation, OperationHistory } from './model.ts'

/** What the runtime needs from whoever drives it. It never waits for it: answers come back through `offer`. */
export interface Host {
  /** ms, for the time of new entries */
  now(): number
  /** appends to the run's history; durable some time later */
  write(entry: NewEntry): void
  /** the operation is wanted: bring its effect about once entries up to `operation.after` are durable */
  start(operation: Operation, history: OperationHistory | undefined): void
  /**
   * Its result is not wanted any more (`settled`: it has one; `parked`: let what is in flight finish, begin nothing new).
   * True when something of it is still in flight and will be offered late.
   */
  stop(operation: Operation, why: 'cancelled' | 'abandoned' | 'settled' | 'parked'): boolean
  /** token and secret of a subject, made where they are new */
  subject(subject: string): Promise<{ readonly token: string; readonly secret: Uint8Array }>
  /** opaque id of the run that a child operation starts: the same one however often it is asked; '' for other operations */
  childRun(operation: Operation): string
  /** there is a turn to take */
  ready(): void
  /** in-flight leftovers of a settled body got their abort signal: call `graceOver` after the grace */
  closing(): void
  /** the run is over, or needs attention, or goes on as a new generation */
  ended(ending: Ending): void
  log(level: 'warn', message: string, facts: object): void
}

export type Ending =
  | { readonly status: 'completed'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled'; readonly error: unknown }
  | {
      readonly status: 'needs attention'
      readonly error: unknown
      readonly operation: string | undefined /** written before, by an earlier worker */
      readonly known: boolean
    }
  | { readonly status: 'continued' }

/** Something that arrived for the run: becomes an entry when it is handed over. */
export interface Offer {
  /** nobody needs to know of it when it comes too late: it only ends the waiting for what another program does */
  readonly quiet?: boolean
  readonly kind: EntryKind
  readonly operation?: Operation | undefined
  readonly attempt?: number | undefined
  readonly meta?: Meta | undefined
  readonly payload?: string | undefined
  readonly input?: string | undefined
  readonly subject?: string | undefined
  /** ms; the entry's time at the earliest: what was due stays so when the clock is set back before it is handed over */
  readonly notBefore?: number | undefined
  /** index reserved and written by `step.transaction` */
  readonly written?: NewEntry | undefined
  /** called when the offer became an entry (mail is then taken) or was found useless */
  readonly taken?: (() => void) | undefined
}
