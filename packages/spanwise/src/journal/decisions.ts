import type { Entry } from './entry.ts'

/**
 * The part of the store's port that finds decisions: steps and model calls that came to an outcome under the influence of a model,
 * and steps that are decisions by their own word. It is an index over the log: it holds positions, names and tokens, and all of it
 * can be made again from the entries.
 */
export interface DecisionStore {
  /** Takes in a part of what was appended since the last time. True when nothing is left. */
  indexDecisions(): Promise<boolean>
  /** Latest first, in the order of the log. A page may hold fewer than `limit` and still not be the last. */
  decisions(
    query: DecisionQuery,
  ): Promise<{ readonly items: readonly DecisionRow[]; readonly after: string | undefined }>
}

/** What may have influenced a decision. Readable: the store makes tokens where it keeps tokens. */
export type Influence =
  /** alias, model or answered model */
  | { readonly model: string }
  /** `triage`, or one version of it: `triage@3` */
  | { readonly prompt: string }
  /** `policy`, or one version of it: `policy@2026-01` */
  | { readonly document: string }
  | { readonly approver: string }

export interface DecisionQuery {
  /** ms since 1970: decided from `since` on, before `until` */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  readonly run?: string | undefined
  /** the readable one */
  readonly subject?: string | undefined
  /** that answered in it */
  readonly model?: string | undefined
  /** that was asked in it */
  readonly prompt?: string | undefined
  /** who decided an approval that was asked for after it */
  readonly approver?: string | undefined
  readonly outcome?: DecisionOutcome | undefined
  /** nano-dollars that it cost at least */
  readonly cost?: number | undefined
  /** in it, or in something whose result was there before it was begun */
  readonly influence?: Influence | undefined
  /** cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

/** `approved` and `rejected`: by an approval that was asked for after it. */
export type DecisionOutcome = 'done' | 'failed' | 'approved' | 'rejected'

/** One decision: the entry that has its outcome, and those that led to it inside the same operation; all without payloads. */
export interface DecisionRow {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly release: string
  /** token of whom it is about: its own, else the run's */
  readonly subject: string | undefined
  readonly entry: Entry
  /** of its model calls and documents, in the order of the run */
  readonly parts: readonly Entry[]
  /** with `influence`: key and index of the entry that carried it, the decision's own where it was in it */
  readonly via?: { readonly key: string; readonly index: number } | undefined
}

/** Between the key of a step and what is recorded about it beside its attempts: a model call, a document. */
export const insideStep = '~'
/** Key of the notes in which a step says what it was given to read. */
export const citeName = 'cite'
