import { SpanwiseError } from '../journal/index.ts'
import { readSpending, spend, spendingBudget } from '../models/index.ts'
import { currentScope, occurrence } from '../workflow/index.ts'

/**
 * One budget for all model calls that `work` makes, whoever makes them: agents in it may take shares of it (`budget: '25%'`).
 * @throws BUDGET_EXCEEDED from the call that may go over it
 * @example const votes = await spending('$2', () => parallel({ a: () => judge(text), b: () => judge(text), c: () => judge(text) }))
 */
export function spending<T>(limit: string, work: () => Promise<T>): Promise<T> {
  const scope = currentScope('spending()')
  const read = readSpending('spending()', limit)
  if (read === undefined)
    throw new SpanwiseError({
      code: 'BUDGET_INVALID',
      message: `spending() was given ${limit} of the budget around it, and there is none around it.`,
      hint: "Name an amount: '$2', or '500k tokens'.",
    })
  const key = `${scope.execution.run.id} ${scope.prefix}${occurrence(scope, 'spending')}`
  return spend([spendingBudget(`spending ${limit} ${key}`, key, read)], work)
}
