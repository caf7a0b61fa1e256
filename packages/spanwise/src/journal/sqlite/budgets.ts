import type { BudgetChange } from '../budgets.ts'
import type { Context } from './context.ts'

export function changeBudgets(context: Context, changes: readonly BudgetChange[]): void {
  for (const { budget, window, amount } of changes) {
    context
      .sql(
        `INSERT INTO spanwise_budgets (budget, window, used) VALUES (?, ?, ?)
         ON CONFLICT (budget, window) DO UPDATE SET used = used + excluded.used`,
      )
      .run(budget, window, amount)
  }
}

export function usedOf(context: Context, of: readonly Pick<BudgetChange, 'budget' | 'window'>[]): readonly bigint[] {
  const read = context.sql('SELECT CAST(used AS TEXT) AS used FROM spanwise_budgets WHERE budget = ? AND window = ?')
  return of.map(({ budget, window }) => {
    const row = read.get(budget, window)
    return row === undefined ? 0n : BigInt(String(row['used']))
  })
}
