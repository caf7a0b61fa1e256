import type { Page } from './page.ts'

/**
 * What operators did to the record itself, as entries of the same log: erasures, legal holds, who read what, and who said what a lost
 * call did cost. They belong to no run: the store writes them, under a name of its own.
 */
export interface LedgerStore {
  /** One act, and the entry that says so, in one commit. */
  act(act: Act): Promise<Acted>
  /** Newest first. */
  acts(query: ActQuery): Promise<Page<ActRow>>
  /** All erasures that there were, oldest first, without who and why. */
  erasures(): Promise<readonly ActRow[]>
}

export type ActKind = 'erased' | 'held' | 'released' | 'read' | 'confirmed'

/** `subject` is the readable one; `token` is what the store knows it by. */
export type ActTarget = { readonly run: string } | { readonly subject: string } | { readonly token: string }

/** `confirmed` comes with `confirmCall`: what it is about is one call, and budgets follow. */
export interface Act {
  readonly kind: Exclude<ActKind, 'confirmed'>
  readonly target: ActTarget
  readonly reason: string
  readonly by: string
  /** who agreed, where two have to */
  readonly second?: string | undefined
  readonly at: number
  /** of an erasure that is done again, in a store that was put back */
  readonly id?: string | undefined
}

export type Acted =
  | { readonly state: 'ok'; readonly act: ActRow }
  /** no such run, or nothing was held */
  | { readonly state: 'unknown' }
  /** a legal hold forbids it */
  | { readonly state: 'held'; readonly hold: ActRow }

export interface ActQuery {
  readonly kinds?: readonly ActKind[] | undefined
  /** only holds that were not released */
  readonly open?: boolean | undefined
  readonly after?: string | undefined
  readonly limit: number
}

export interface ActRow {
  /** of its entry in the store's own history */
  readonly index: number
  readonly id: string
  readonly kind: ActKind
  readonly at: number
  /** the run, or the token of the subject */
  readonly run: string | undefined
  readonly subject: string | undefined
  readonly reason: string
  readonly by: string
  readonly second: string | undefined
  /** of a call of the run that was lost: which entry says so, and the nano-dollars that it is said to have cost */
  readonly call?: { readonly index: number; readonly cost: bigint } | undefined
}
