import { spendingLimits } from '../workflow/index.ts'
import type { Budget } from './budget.ts'

/** What is going on may be limited too: as budgets of the gateway, outermost first. */
export function budgetsOfNow(): readonly Budget[] {
  return spendingLimits().map(({ name, key, unit, limit }) => ({
    name,
    scope: { by: 'scope', only: key },
    unit,
    limit,
    per: 'total',
    onExceed: 'fail',
    warnAt: [0.8],
  }))
}
