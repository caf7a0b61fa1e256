import { AsyncLocalStorage } from 'node:async_hooks'
import { type Budget, readLimit } from './budget.ts'

const slot = Symbol.for('spanwise.spending')
const home = globalThis as { [slot]?: AsyncLocalStorage<readonly Budget[]> }
home[slot] ??= new AsyncLocalStorage<readonly Budget[]>()
/** Shared by all copies of the package in the process. */
const spending: AsyncLocalStorage<readonly Budget[]> = home[slot]

/** Budgets of what is going on, outermost first: model calls that are made now count in each of them. */
export function spendingLimits(): readonly Budget[] {
  return spending.getStore() ?? []
}

/** Model calls that `work` makes count in these budgets too, whatever is started in between. */
export function spend<T>(budgets: readonly Budget[], work: () => T): T {
  return budgets.length === 0 ? work() : spending.run([...spendingLimits(), ...budgets], work)
}

/**
 * A budget for one thing that goes on, not for a dimension of calls.
 * @param key unique to it for ever: what it has used is kept under that
 */
export function spendingBudget(
  name: string,
  key: string,
  limit: Pick<Budget, 'unit' | 'limit'>,
  warnAt: readonly number[] = [0.8],
): Budget {
  return { name, scope: { by: 'scope', only: key }, ...limit, per: 'total', onExceed: 'fail', warnAt }
}

/** `'$0.50'`, `'200k tokens'`, or a share of the nearest budget around it that counts money: `'25%'`. Undefined where there is none. */
export function readSpending(what: string, text: string): Pick<Budget, 'unit' | 'limit'> | undefined {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)
  if (percent === null) return readLimit(what, text)
  const around = spendingLimits().findLast(({ unit }) => unit === 'money')
  if (around === undefined) return undefined
  return { unit: 'money', limit: (around.limit * BigInt(Math.round(Number(percent[1]) * 100))) / 10_000n }
}
