import type { BudgetState } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { type CostDimension, costs } from './costs.ts'

/** A budget, how much of it is used now, and of one that counts each by itself, who used the most. */
export interface BudgetUse extends BudgetState {
  /** the three that used the most of it in its window, by what is on record; empty where it counts one thing */
  readonly most: readonly { readonly of: string; readonly used: bigint }[]
}

/** What budgets count by, and what costs call it. */
const dimensions: Readonly<Record<string, CostDimension>> = {
  run: 'run',
  workflow: 'workflow',
  tenant: 'tenant',
  team: 'team',
  subject: 'subject',
  tag: 'tags',
  alias: 'alias',
  model: 'model',
}

/** undefined where nobody works, or with no gateway */
export async function budgetUse(backend: Backend, now: number): Promise<readonly BudgetUse[] | undefined> {
  const states = await backend.budgets()
  if (states === undefined) return undefined
  return Promise.all(states.map(async (state) => ({ ...state, most: await mostOf(backend, state, now) })))
}

async function mostOf(backend: Backend, state: BudgetState, now: number): Promise<BudgetUse['most']> {
  const { used, by, unit, window } = state
  const dimension = dimensions[by]
  if (used !== undefined || dimension === undefined) return []
  const since = window === undefined ? {} : { since: new Date(window.from) }
  const { rows } = await costs(backend, { by: [dimension], ...since }, now)
  return rows
    .flatMap(({ key, cost, wasted, inputTokens, outputTokens }) => {
      const of = key[dimension]
      const spent = unit === 'money' ? cost + wasted : BigInt(inputTokens + outputTokens)
      return of === undefined ? [] : [{ of, used: spent }]
    })
    .sort((a, b) => (a.used < b.used ? 1 : a.used > b.used ? -1 : 0))
    .slice(0, 3)
}
