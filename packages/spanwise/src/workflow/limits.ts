import { SpanwiseError } from '../journal/index.ts'
import { type Duration, milliseconds } from './duration.ts'

interface Shared<I> {
  /** who has the same key shares the limit; one for all when absent */
  readonly key?: string | ((input: I) => string)
  /** `'step'` (default): this step alone counts; `'app'`: every step of the app with the same key */
  readonly scope?: 'step' | 'app'
}

/** How many attempts may be under way at once: a number for all of the step, or a limit for each key. */
export type Concurrency<I> = number | (Shared<I> & { readonly limit: number })

/** How many attempts may begin within any span of time, over restarts too. */
export interface RateLimit<I> extends Shared<I> {
  readonly limit: number
  readonly per: Duration
}

/** I: what callers pass. */
export interface Limits<I> {
  readonly concurrency?: Concurrency<I>
  readonly rate?: RateLimit<I>
}

/** What the engine asks of the limiter for one attempt. */
export interface StepClaim {
  readonly key: string
  readonly limit?: number
  readonly rate?: { readonly limit: number; readonly per: number }
}

/** Throws what a `key` function throws. */
export function stepClaims(step: string, { concurrency, rate }: Limits<never>, input: unknown): readonly StepClaim[] {
  const claims: StepClaim[] = []
  if (concurrency !== undefined) {
    const shared = typeof concurrency === 'number' ? { limit: concurrency } : concurrency
    claims.push({ key: keyOf(step, shared, input), limit: shared.limit })
  }
  if (rate !== undefined) {
    const key = keyOf(step, rate, input)
    const per = milliseconds(rate.per, `rate.per of step "${step}"`)
    const beside = claims.findIndex((claim) => claim.key === key)
    const claim = { ...claims[beside], key, rate: { limit: rate.limit, per } }
    if (beside < 0) claims.push(claim)
    else claims[beside] = claim
  }
  return claims
}

function keyOf(step: string, { key, scope }: Shared<never>, input: unknown): string {
  const said = typeof key === 'function' ? (key as (input: unknown) => unknown)(input) : key
  if (said === undefined && typeof key !== 'function') return `step:${step}`
  if (typeof said !== 'string') {
    throw new SpanwiseError({
      code: 'INVALID_KEY',
      message: `The key of a limit of step "${step}" is ${said === undefined ? 'undefined' : `a ${typeof said}`}, not a text.`,
      hint: 'Return a string from its key function.',
      step,
    })
  }
  return scope === 'app' ? said : `step:${step}/${said}`
}

/** Told where the step is written. @throws INVALID_OPTION, INVALID_DURATION */
export function checkLimits(step: string, { concurrency, rate }: Limits<never>): void {
  const limits = typeof concurrency === 'number' ? { limit: concurrency } : concurrency
  if (limits !== undefined) check(step, 'concurrency', limits, Number.isSafeInteger(limits.limit))
  if (rate === undefined) return
  check(step, 'rate', rate, Number.isFinite(rate.limit))
  if (milliseconds(rate.per, `rate.per of step "${step}"`) === 0) throw invalid(step, 'A rate per no time')
}

function check(step: string, name: string, limits: Shared<never> & { readonly limit: number }, fine: boolean): void {
  if (!fine || limits.limit < 1) throw invalid(step, `A ${name} of ${limits.limit}`)
  if (limits.scope === 'app' && limits.key === undefined) throw invalid(step, `A ${name} for the app without a key`)
}

function invalid(step: string, what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `${what} is none (step "${step}").`,
    hint: 'Limits are 1 or more: concurrency: 3, rate: { limit: 10, per: "1m" }; scope "app" needs a key.',
    step,
  })
}
