import { SpanwiseError } from '../journal/index.ts'
import { type Amount, readAmount } from '../workflow/index.ts'
import { type BudgetScope, readScope } from './budget-scope.ts'

export interface BudgetOptions {
  /** `'$50'`, `'2M tokens'` */
  readonly limit: string
  /** windows begin at full hours, days and months of UTC; `total` never begins anew */
  readonly per: 'hour' | 'day' | 'month' | 'total'
  /**
   * What happens to a call that may go over the limit: it fails (default); it is asked of another alias, which this budget does not
   * stop; it waits for the next window, in a run without costing memory; or a person is asked, in the body of a workflow
   */
  readonly onExceed?: 'fail' | 'wait' | { readonly degrade: string } | { readonly ask: { readonly role?: string } }
  /** shares of the limit at which a warning is given, once in each window; 0.8 */
  readonly warnAt?: readonly number[]
}

export interface Budget {
  /** in its events and errors */
  readonly name: string
  readonly scope: BudgetScope
  readonly unit: 'money' | 'tokens'
  /** nano-dollars or tokens */
  readonly limit: bigint
  readonly per: BudgetOptions['per']
  readonly onExceed: NonNullable<BudgetOptions['onExceed']>
  readonly warnAt: readonly number[]
}

/**
 * A limit to what model calls use: of everything (`all`), of one (`workflow:refund`, `tenant:acme`, `team:…`, `subject:…`, `tag:…`,
 * `alias:…`, `model:…`, `key:…`), or of each by itself (`run`, `step`, `workflow`, `tenant`, `team`, `subject`, …).
 * @example budget('workflow:refund', { limit: '$50', per: 'day', onExceed: { degrade: 'fast' } })
 */
export function budget(scope: string, options: BudgetOptions): Budget {
  const { per, onExceed = 'fail', warnAt = [0.8] } = options
  if (!['hour', 'day', 'month', 'total'].includes(per)) throw invalid(scope, `it cannot be counted per ${String(per)}`)
  if (onExceed === 'wait' && per === 'total') throw invalid(scope, 'it has no next window to wait for')
  if (warnAt.some((share) => !(share > 0 && share <= 1))) throw invalid(scope, 'warnAt holds shares between 0 and 1')
  const { unit, limit } = readLimit(scope, options.limit)
  const read = readScope(scope)
  if (read === undefined) throw invalid(scope, 'nothing is counted by that')
  return { name: `${scope} ${options.limit} per ${per}`, scope: read, unit, limit, per, onExceed, warnAt }
}

function readLimit(scope: string, text: string): Amount {
  const read = readAmount(text)
  if (read !== undefined) return read
  throw invalid(scope, `its limit ${JSON.stringify(text)} is neither money nor tokens`)
}

function invalid(scope: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'BUDGET_INVALID',
    message: `The budget for ${JSON.stringify(scope)} cannot be used: ${why}.`,
    hint: "Write budget('workflow:refund', { limit: '$50', per: 'day' }) or a limit like '2M tokens'; per hour, day, month or total.",
  })
}

/** When the window that a time is in began, and when the next one begins. */
export function windowOf(per: Budget['per'], at: number): { readonly from: number; readonly next: number } {
  if (per === 'total') return { from: 0, next: Number.POSITIVE_INFINITY }
  if (per === 'month') {
    const date = new Date(at)
    const from = Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
    return { from, next: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) }
  }
  const length = per === 'hour' ? 3_600_000 : 86_400_000
  const from = Math.floor(at / length) * length
  return { from, next: from + length }
}
