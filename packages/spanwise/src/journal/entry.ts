/**
 * What an entry of the journal is.
 *
 * `index` orders the entries of one run. `after` is the index of the delivery that issued the operation: it makes shape
 * checks, resume and causality exact. `key` names the operation: name plus occurrence in its scope.
 */
export type EntryKind =
  // the life of a run
  | 'run.started'
  | 'run.debounced'
  | 'run.continued'
  | 'run.cancelling'
  | 'run.parked'
  | 'run.resumed'
  | 'run.forked'
  | 'run.completed'
  | 'run.failed'
  | 'run.cancelled'
  // steps
  | 'step.intent'
  | 'step.attempt'
  | 'step.result'
  | 'step.error'
  // waiting
  | 'timer.fired'
  | 'signal.received'
  | 'approval.requested'
  | 'approval.decided'
  | 'approval.withdrawn'
  | 'child.started'
  | 'child.settled'
  // model calls: about to be sent, one try failed, answered, failed for good, an answer that was refused
  | 'model.call'
  | 'model.attempt'
  | 'model.result'
  | 'model.error'
  | 'model.rejected'
  // constructs whose continuation is data
  | 'item.pulled'
  | 'scope.snapshot'
  // history that nothing is delivered from: late results, drift, markers
  | 'note'
  // what operators did to the record itself: in the store's own history, not in a run's
  | 'operator.erased'
  | 'operator.held'
  | 'operator.released'
  | 'operator.read'
  | 'operator.confirmed'
  // a stream is whole: in the store's own history, with its digest
  | 'stream.closed'

/** Small, queryable facts. No personal data: people and user-made ids appear as tokens. */
export type Meta = Readonly<Record<string, string | number | boolean | null>>

/** An entry as its writer hands it over; the store adds commitments and leaf. */
export interface NewEntry {
  readonly index: number
  readonly after: number
  /** milliseconds since 1970, never less than that of the entry before it in the run */
  readonly at: number
  readonly kind: EntryKind
  /** the operation, with user-made parts replaced by tokens; '' for entries about the run itself */
  readonly key: string
  /** the same with its user-made parts readable, where it differs from `key`; committed to, kept only inside the payload */
  readonly clearKey?: string | undefined
  readonly attempt: number
  readonly meta?: Meta | undefined
  /** codec text */
  readonly payload?: string | undefined
  /** canonical codec text of the operation's input: committed to, not stored as such */
  readonly input?: string | undefined
  /** token of the subject whose secret covers the content; the run's own secret when absent */
  readonly subject?: string | undefined
}

/** An entry as it is read back. */
export interface Entry {
  readonly run: string
  readonly index: number
  readonly after: number
  readonly at: number
  readonly kind: EntryKind
  readonly key: string
  readonly attempt: number
  readonly meta: Meta
  /** codec text; undefined when there is none or when it was erased */
  readonly payload: string | undefined
  readonly erased: boolean
  /** it is in an archive: not in the store, and not erased */
  readonly archived?: true
  /** it is encrypted, and the store was opened without its key */
  readonly locked?: true
  readonly subject: string | undefined
  /** SHA-256 over the fixed layout of `leaf.ts`, 32 bytes */
  readonly leaf: Uint8Array
  /** 32 bytes each; `input` is undefined for entries without one */
  readonly commitments: Commitments
}

export interface Commitments {
  readonly key: Uint8Array
  readonly payload: Uint8Array
  readonly input: Uint8Array | undefined
}

/** What a run, or a generation of it, begins with. The latest one counts. */
export function isStart({ kind }: { readonly kind: EntryKind }): boolean {
  return kind === 'run.started' || kind === 'run.debounced' || kind === 'run.continued'
}

/** `queued` never ran, `running` is owned and moving, `waiting` costs a row until something arrives. */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'needs attention' | 'completed' | 'failed' | 'cancelled'

export function isTerminal(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}
