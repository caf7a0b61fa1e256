import { SpanwiseError } from '../../journal/index.ts'
import type { LimitClaim } from './port.ts'

export function cannotBegin(key: string, deadline: number): SpanwiseError {
  return new SpanwiseError({
    code: 'LIMIT_DEADLINE',
    message: `There is no room under the limit "${key}" before ${new Date(deadline).toISOString()}.`,
    hint: 'Give it a later deadline or a higher priority, or raise the limit.',
  })
}

export function tooLarge(key: string, amount: number, most: number): SpanwiseError {
  return new SpanwiseError({
    code: 'LIMIT_TOO_LARGE',
    message: `${amount} is asked of the limit "${key}", which is ${most}: there will never be room for it.`,
    hint: 'Ask for less at once, or raise the limit.',
  })
}

export function limiterClosed(): SpanwiseError {
  return new SpanwiseError({
    code: 'APP_CLOSED',
    message: 'The app is closing; what waits for a limit is not begun here any more.',
    hint: 'It goes on when the app is opened again.',
  })
}

/** @throws INVALID_OPTION, LIMIT_TOO_LARGE */
export function checkClaims(claims: readonly LimitClaim[]): void {
  const keys = new Set<string>()
  for (const claim of claims) {
    checkClaim(claim)
    if (keys.has(claim.key)) throw invalid(`"${claim.key}" is claimed twice at once.`, 'Claim it once, with an amount.')
    keys.add(claim.key)
  }
}

function checkClaim({ key, limit, rate, amount }: LimitClaim): void {
  if (limit !== undefined) checkNumber(`The limit of "${key}"`, limit)
  if (rate !== undefined) {
    checkNumber(`The rate of "${key}"`, rate.limit)
    checkNumber(`The span of the rate of "${key}"`, rate.per)
  }
  if (amount !== undefined && !(Number.isFinite(amount) && amount >= 0))
    throw invalid(`What is asked of "${key}" cannot be ${amount}.`, 'Ask for 0 or more.')
  const most = Math.min(limit ?? Number.POSITIVE_INFINITY, rate?.limit ?? Number.POSITIVE_INFINITY)
  if ((amount ?? 1) > most) throw tooLarge(key, amount ?? 1, most)
}

export function checkNumber(what: string, value: number): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw invalid(`${what} cannot be ${String(value)}.`, 'Use a number above 0.')
}

function invalid(message: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'INVALID_OPTION', message, hint })
}
