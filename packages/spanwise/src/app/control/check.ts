import { SpanwiseError } from '../../journal/index.ts'

/** Says whether a value is what a method takes. Input of the socket is checked before anything else sees it. */
export type Check = (value: unknown) => boolean

export const text: Check = (value) => typeof value === 'string'
export const anything: Check = () => true
export const bytes: Check = (value) => value instanceof Uint8Array
/** money */
export const big: Check = (value) => typeof value === 'bigint'
export const flag: Check = (value) => typeof value === 'boolean'
/** a time, a count: what SQLite takes for an integer */
export const whole: Check = (value) => Number.isSafeInteger(value)
/** not bound as it is: fractions are allowed where times are computed */
export const finite: Check = (value) => typeof value === 'number' && Number.isFinite(value)

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value)
}

export function list(check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= 10_000 && value.every(check)
}

export function oneOf(...names: readonly string[]): Check {
  return (value) => names.includes(value as string)
}

export function record(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields)
  return (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    checks.every(([name, check]) => check((value as Record<string, unknown>)[name]))
}

export function tuple(...checks: readonly Check[]): Check {
  return (value) => Array.isArray(value) && checks.every((check, at) => check(value[at]))
}

export function refuseArguments(method: string): SpanwiseError {
  return new SpanwiseError({
    code: 'CONTROL_ARGUMENTS',
    message: `The arguments of ${method} on the control socket are not what it takes.`,
    hint: 'Use the same version of spanwise in both processes.',
  })
}
