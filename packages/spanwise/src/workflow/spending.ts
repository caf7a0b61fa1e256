import { AsyncLocalStorage } from 'node:async_hooks'
import { SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { occurrence } from './runtime/scope.ts'

/** An amount that model calls may use: nano-dollars or tokens. */
export interface Amount {
  readonly unit: 'money' | 'tokens'
  readonly limit: bigint
}

/** A budget for one thing that goes on, not for a dimension of calls. */
export interface SpendingLimit extends Amount {
  /** in its events and errors */
  readonly name: string
  /** unique to it for ever: what it has used is kept under that */
  readonly key: string
}

interface Home {
  readonly limits: AsyncLocalStorage<readonly SpendingLimit[]>
  /** somebody in this process has set a limit: until then steps need not be told that there is none */
  isUsed: boolean
}

const slot = Symbol.for('spanwise.spending')
const global = globalThis as { [slot]?: Home }
/** Shared by all copies of the package in the process. */
const home: Home = global[slot] ?? { limits: new AsyncLocalStorage(), isUsed: false }
global[slot] = home

/** Limits of what is going on, outermost first: model calls that are made now count in each of them. */
export function spendingLimits(): readonly SpendingLimit[] {
  return home.limits.getStore() ?? []
}

/** Model calls that `work` makes count in these limits too, whatever is started in between. */
export function spend<T>(limits: readonly SpendingLimit[], work: () => T): T {
  if (limits.length === 0) return work()
  home.isUsed = true
  return home.limits.run([...spendingLimits(), ...limits], work)
}

/**
 * A function that is called elsewhere, as attempts are, under the limits of now: not under none, and not under those of whoever happens
 * to call it.
 */
export function underLimits<A extends readonly unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  if (!home.isUsed) return fn
  const limits = spendingLimits()
  return (...args) => home.limits.run(limits, () => fn(...args))
}

/** `'$0.50'`, `'200k tokens'`; undefined where it is neither. */
export function readAmount(text: string): Amount | undefined {
  const money = /^\$\s*(\d+)(?:\.(\d{1,9}))?$/.exec(text)
  if (money !== null) {
    const [, whole = '0', part = ''] = money
    return { unit: 'money', limit: BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0')) }
  }
  const tokens = /^(\d+(?:\.\d+)?)\s*([kKmM]?)\s*tokens?$/.exec(text)
  if (tokens === null) return undefined
  const factor = { '': 1, k: 1_000, m: 1_000_000 }[(tokens[2] ?? '').toLowerCase()] ?? 1
  return { unit: 'tokens', limit: BigInt(Math.round(Number(tokens[1]) * factor)) }
}

const share = /^(\d+(?:\.\d+)?)\s*%$/

/** Whether it can be read at all, wherever it stands. @throws BUDGET_INVALID */
export function checkSpending(what: string, text: string): void {
  if (typeof text === 'string' && (share.test(text) || readAmount(text) !== undefined)) return
  throw invalid(what, `its limit ${JSON.stringify(text)} is neither money, tokens nor a share`)
}

/**
 * An amount, or a share of the nearest limit around it that counts money: `'25%'`. Undefined where there is none.
 * @throws BUDGET_INVALID
 */
export function readSpending(what: string, text: string): Amount | undefined {
  checkSpending(what, text)
  const percent = share.exec(text)
  if (percent === null) return readAmount(text)
  const around = spendingLimits().findLast(({ unit }) => unit === 'money')
  if (around === undefined) return undefined
  return { unit: 'money', limit: (around.limit * BigInt(Math.round(Number(percent[1]) * 100))) / 10_000n }
}

/** Of each its own name: two of a scope that are alike are two. */
export function spendingLimit(name: string, key: string, { unit, limit }: Amount): SpendingLimit {
  return { name, key, unit, limit }
}

/**
 * One budget for all model calls that `work` makes, whoever makes them: agents in it may take shares of it (`budget: '25%'`).
 * @throws BUDGET_EXCEEDED from the call that may go over it
 * @example const votes = await spending('$2', () => parallel({ a: () => judge(text), b: () => judge(text), c: () => judge(text) }))
 */
export function spending<T>(limit: string, work: () => Promise<T>): Promise<T> {
  return spendAtMost('spending', 'spending()', [limit], work)
}

/** The same for what a construct does, which has a name. */
export function spendAtMost<T>(
  kind: string,
  what: string,
  limits: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const scope = currentScope(what)
  const own = limits.map((limit) => {
    const read = readSpending(what, limit)
    if (read === undefined)
      throw invalid(what, `it may use ${limit} of the budget around it, and there is none around it`)
    // the same for the same scope of the same run, also after a crash, and never another's
    const key = `${scope.execution.run.id} ${scope.prefix}${occurrence(scope, kind)}`
    return spendingLimit(`${kind} ${limit} ${key}`, key, read)
  })
  return spend(own, work)
}

function invalid(what: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'BUDGET_INVALID',
    message: `The budget of ${what} cannot be used: ${why}.`,
    hint: "Name an amount: '$2', or '500k tokens'; a share like '25%' where a budget of money is around it.",
  })
}
