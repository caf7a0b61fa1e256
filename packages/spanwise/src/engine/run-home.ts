import type { Mail, RunRow } from '../journal/index.ts'
import type { Execution, Operation } from '../workflow/index.ts'
import type { EngineContext } from './options.ts'
import type { Pending } from './pending.ts'

/** What mail, transactions and children need of the run in memory that they belong to. */
export interface RunHome {
  readonly row: RunRow
  readonly engine: EngineContext
  readonly execution: Execution
  readonly seenMail: Set<number>
  readonly dropped: boolean
  pending: Pending
  now(): number
  /** that was committed: tells whom it concerns */
  wrote(pending: Pending): void
  /** nothing else of this run is written meanwhile */
  writeAlone(write: () => Promise<void>): Promise<void>
  /** entries up to here are on disk */
  reached(index: number): void
  /** the in-memory run is not what the store has */
  discard(why: string, again: boolean): void
  /** mail is in the run's history from its next flush on */
  took(mail: Mail): void
  resume(mail: Mail): Promise<void>
  /** a decision that could not be taken in: the question stands */
  reopenApproval(operation: Operation): void
  /** the step whose intent carries this claim */
  claimed(
    claim: string,
  ): { readonly operation: Operation; stop(why: 'abandoned', reason: unknown): boolean } | undefined
}
