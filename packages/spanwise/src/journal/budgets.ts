/** So much more, or less, is used of a budget in one of its windows. */
export interface BudgetChange {
  /** which budget: no user's word in it */
  readonly budget: string
  /** when its window began, ms; 0 where it has none */
  readonly window: number
  /** nano-dollars or tokens */
  readonly amount: bigint
}

/**
 * What is used of budgets. Changes travel with the entries that cause them, in one commit: what a call may cost at most is used from
 * the moment that it is on record as about to be sent, and what it did cost takes its place with its answer. A call that is lost in a
 * crash stays charged.
 */
export interface Budgets {
  /** Used so far, in this order; 0 where nothing was. */
  used(of: readonly Pick<BudgetChange, 'budget' | 'window'>[]): Promise<readonly bigint[]>
  /** For calls that belong to no run. */
  use(changes: readonly BudgetChange[]): Promise<void>
}
