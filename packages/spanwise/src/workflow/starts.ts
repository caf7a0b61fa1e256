import { SpanwiseError } from '../journal/index.ts'
import { type Duration, milliseconds } from './duration.ts'
import type { StepClaim } from './limits.ts'

/** Many starts become one run. I: what the workflow's function sees. */
export interface Debounce<I> {
  /** starts with the same key belong together; all of the workflow's when absent */
  readonly key?: string | ((input: I) => string)
  /** the run begins when as long has passed without a start */
  readonly period: Duration
  /** and at the latest as long after the first one */
  readonly timeout?: Duration
}

/** How many runs begin within any span of time; the others wait for their turn. */
export interface Throttle<I> {
  /** runs with the same key share the limit; all of the workflow's when absent */
  readonly key?: string | ((input: I) => string)
  readonly limit: number
  readonly period: Duration
}

/** What one start asks for in place of what its workflow says. */
export interface StartLimits {
  /** `false` starts it by itself */
  readonly debounce?: false | (Omit<Debounce<never>, 'key'> & { readonly key?: string })
  /** `false` lets it begin at once */
  readonly throttle?: false | (Omit<Throttle<never>, 'key'> & { readonly key?: string })
}

export interface DebounceTerms {
  readonly key: string | undefined
  /** ms */
  readonly period: number
  /** ms */
  readonly timeout: number | undefined
}

/** @throws what a `key` function throws, INVALID_KEY */
export function debounceTerms(workflow: string, debounce: Debounce<never>, input: unknown): DebounceTerms {
  const { period, timeout } = debounce
  return {
    key: keyOf(workflow, 'debounce', debounce.key, input),
    period: milliseconds(period, `debounce.period of workflow "${workflow}"`),
    timeout: timeout === undefined ? undefined : milliseconds(timeout, `debounce.timeout of workflow "${workflow}"`),
  }
}

/** What the engine asks of the limiter before a run begins. @throws what a `key` function throws, INVALID_KEY */
export function throttleClaim(workflow: string, throttle: Throttle<never>, input: unknown): StepClaim {
  const key = keyOf(workflow, 'throttle', throttle.key, input)
  const per = milliseconds(throttle.period, `throttle.period of workflow "${workflow}"`)
  return {
    key: key === undefined ? `workflow:${workflow}` : `workflow:${workflow}/${key}`,
    rate: { limit: throttle.limit, per },
  }
}

function keyOf(
  workflow: string,
  option: string,
  key: string | ((input: never) => string) | undefined,
  input: unknown,
): string | undefined {
  if (key === undefined) return undefined
  const said = typeof key === 'function' ? (key as (input: unknown) => unknown)(input) : key
  if (typeof said === 'string') return said
  throw new SpanwiseError({
    code: 'INVALID_KEY',
    message: `The key of ${option} of workflow "${workflow}" is ${said === undefined ? 'undefined' : `a ${typeof said}`}, not a text.`,
    hint: 'Return a string from its key function.',
  })
}

/** Told where the workflow or the start is written. @throws INVALID_OPTION, INVALID_DURATION */
export function checkStarts(
  workflow: string,
  { debounce, throttle, ...others }: { readonly debounce?: unknown; readonly throttle?: unknown },
): void {
  for (const option of ['concurrency', 'rate', 'rateLimit']) {
    if (!Object.hasOwn(others, option)) continue
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `Workflow "${workflow}" cannot have a ${option}.`,
      hint: 'throttle says how often its runs begin; concurrency and rate belong to its steps.',
    })
  }
  if (debounce !== undefined && debounce !== false) checkDebounce(workflow, debounce as Debounce<never>)
  if (throttle !== undefined && throttle !== false) checkThrottle(workflow, throttle as Throttle<never>)
}

function checkDebounce(workflow: string, { period, timeout }: Debounce<never>): void {
  const quiet = milliseconds(period, `debounce.period of workflow "${workflow}"`)
  if (quiet === 0) throw invalid(workflow, 'A debounce of no time')
  const most = timeout === undefined ? quiet : milliseconds(timeout, `debounce.timeout of workflow "${workflow}"`)
  if (most < quiet) throw invalid(workflow, 'A debounce whose timeout is shorter than its period')
}

function checkThrottle(workflow: string, { limit, period }: Throttle<never>): void {
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(workflow, `A throttle of ${limit}`)
  if (milliseconds(period, `throttle.period of workflow "${workflow}"`) === 0)
    throw invalid(workflow, 'A throttle per no time')
}

function invalid(workflow: string, what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `${what} is none (workflow "${workflow}").`,
    hint: "Like this: debounce: { period: '5s', timeout: '1m' }, throttle: { limit: 10, period: '1m' }.",
  })
}
