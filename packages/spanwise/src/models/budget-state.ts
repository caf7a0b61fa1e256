import type { Store } from '../journal/index.ts'
import type { BudgetState } from '../workflow/index.ts'
import { type Budget, windowOf } from './budget.ts'

/** What a store keeps a budget under: no user's word in it. @param value whose calls it counts; '' where it counts all */
export function accountOf({ scope: { by }, unit, per }: Budget, value: string, store: Pick<Store, 'info'> | undefined) {
  const whose = value === '' ? '' : `:${store?.info.token('tag', `${by}\0${value}`) ?? value}`
  return `${by}${whose} ${unit} per ${per}`
}

/** How much of each budget is used now, as the store knows it. */
export async function budgetStates(
  budgets: readonly Budget[],
  store: Pick<Store, 'info' | 'used'>,
  now: number,
): Promise<readonly BudgetState[]> {
  const asked = budgets.map((budget) => {
    const { by, only } = budget.scope
    const isOne = by === 'all' || only !== undefined
    const window = windowOf(budget.per, now)
    return { budget, window, account: isOne ? accountOf(budget, only ?? '', store) : undefined }
  })
  const known = asked.flatMap(({ account, window }) =>
    account === undefined ? [] : [{ budget: account, window: window.from }],
  )
  const used = [...(await store.used(known))]
  return asked.map(({ budget: { name, scope, unit, limit, per, onExceed }, window, account }) => ({
    name,
    by: scope.by,
    only: scope.only,
    unit,
    limit,
    per,
    window: per === 'total' ? undefined : window,
    onExceed: typeof onExceed === 'string' ? onExceed : 'degrade' in onExceed ? 'degrade' : 'ask',
    used: account === undefined ? undefined : used.shift(),
  }))
}
