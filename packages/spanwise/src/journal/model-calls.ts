import type { BudgetChange } from './budgets.ts'
import type { EntryKind, Meta } from './entry.ts'

/** The part of the store's port that reads what model calls left in all runs. */
export interface ModelCallStore {
  /** Entries about model calls, in commit order. A page may hold fewer than `limit` and still not be the last. */
  modelCalls(
    query: ModelCallQuery,
  ): Promise<{ readonly items: readonly ModelCallRow[]; readonly after: string | undefined }>
  /** Says once what a lost call did cost. Budgets that it was kept back of follow in the same commit. */
  confirmCall(call: ConfirmCall): Promise<Confirmed>
}

/** A call that was lost with its process, and what it did cost. */
export interface ConfirmCall {
  readonly run: string
  /** of the entry that says that it was lost */
  readonly index: number
  /** nano-dollars; 0: it was not charged */
  readonly cost: bigint
  /** who says so, and how they know: an act of theirs, in the store's own history */
  readonly by: string
  readonly reason: string
  readonly at: number
}

export type Confirmed =
  | { readonly state: 'ok'; readonly budgets: readonly BudgetChange[] }
  /** it was said before: that stands */
  | { readonly state: 'again' }
  /** no call that was lost */
  | { readonly state: 'unknown' }

export interface ModelCallQuery {
  /** ms since 1970: entries from `since` on, before `until` */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  /** entries of these kinds instead, whatever they are about: what is counted over all runs in one walk */
  readonly kinds?: readonly EntryKind[] | undefined
  /** cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

/** One entry about a model call, and whose run it stands in. What a fork has copied is not among them: it was paid once. */
export interface ModelCallRow {
  readonly run: string
  readonly index: number
  readonly at: number
  readonly kind: EntryKind
  readonly key: string
  readonly meta: Meta
  readonly workflow: string
  readonly tenant: string
  readonly release: string
  /** of a call that was lost: what it did cost, where somebody has said it */
  readonly confirmed?: bigint | undefined
}
