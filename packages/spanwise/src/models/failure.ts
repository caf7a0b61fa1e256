import { APICallError } from '@ai-sdk/provider'
import { classify } from '../workflow/index.ts'

/** Why a candidate did not answer. It decides who is asked next, and when this one is asked again. */
export type CallFailure =
  | 'rate limit'
  | 'overload'
  | 'timeout'
  | 'unreachable'
  | 'bad response'
  | 'auth'
  | 'content filter'
  | 'context too long'
  | 'wrong model'
  | 'invalid request'
  | 'not wanted'

export interface Failed {
  readonly failure: CallFailure
  /** when the provider says to come back, ms from now */
  readonly retryAfter: number | undefined
  readonly error: unknown
}

/** Waiting may heal it. */
export function isPassing(failure: CallFailure): boolean {
  return (
    failure === 'rate limit' ||
    failure === 'overload' ||
    failure === 'timeout' ||
    failure === 'unreachable' ||
    failure === 'bad response'
  )
}

/** Another candidate may do better. What nobody wants any more, or is asked wrongly, is not tried elsewhere. */
export function isTriedElsewhere(failure: CallFailure): boolean {
  return failure !== 'not wanted' && failure !== 'invalid request'
}

/** An error that says itself what it is. */
export class CandidateError extends Error {
  readonly failure: CallFailure

  constructor(failure: CallFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CandidateError'
    this.failure = failure
  }
}

export function failureOf(error: unknown, now: number): Failed {
  const failure = kindOf(error)
  return { failure, retryAfter: retryAfterOf(error, now), error }
}

function kindOf(error: unknown): CallFailure {
  if (error instanceof CandidateError) return error.failure
  const e = (error ?? {}) as {
    name?: unknown
    statusCode?: unknown
    responseBody?: unknown
    message?: unknown
    cause?: unknown
  }
  const said = `${String(e.message ?? '')} ${typeof e.responseBody === 'string' ? e.responseBody.slice(0, 4_096) : ''}`
  if (e.name === 'AI_LoadAPIKeyError') return 'auth'
  if (APICallError.isInstance(error)) return ofResponse(error, said)
  if (e.name === 'AbortError' || e.name === 'TimeoutError') return 'timeout'
  if (
    typeof e.name === 'string' &&
    /^AI_(JSONParse|TypeValidation|EmptyResponseBody|InvalidResponseData|NoContentGenerated)Error$/.test(e.name)
  )
    return 'bad response'
  if (typeof e.name === 'string' && e.name.startsWith('AI_')) return 'invalid request'
  if (/overloaded|server_error|unavailable|capacity/i.test(said)) return 'overload'
  if (/rate.?limit/i.test(said)) return 'rate limit'
  switch (classify(error)) {
    case 'rate limit':
      return 'rate limit'
    case 'timeout':
      return 'timeout'
    case 'auth':
      return 'auth'
    case 'bug':
      return 'invalid request'
    default:
      return 'unreachable'
  }
}

function ofResponse(error: APICallError, said: string): CallFailure {
  const { statusCode: status } = error
  if (status === undefined) return error.isRetryable ? 'unreachable' : 'bad response'
  if (/context_length|context window|prompt is too long|maximum context|too many tokens/i.test(said))
    return 'context too long'
  if (/content_filter|content_policy|responsible_ai/i.test(said)) return 'content filter'
  // no waiting fills an account up
  if (/insufficient_quota|credit balance|billing/i.test(said) && status !== 500) return 'auth'
  if (status === 429) return 'rate limit'
  if (status === 401 || status === 403 || status === 404 || status === 407) return 'auth'
  if (status === 408 || status === 504) return 'timeout'
  if (status === 413) return 'context too long'
  if (status >= 500 || status === 409 || status === 425) return 'overload'
  // an answer that came and could not be read
  return status < 400 ? 'bad response' : 'invalid request'
}

function retryAfterOf(error: unknown, now: number): number | undefined {
  const headers = (error as { responseHeaders?: Record<string, string> } | null)?.responseHeaders
  if (headers === undefined) return undefined
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (ms >= 0) return Math.ceil(ms)
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const seconds = Number(text)
  const after = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - now
  return Number.isFinite(after) && after >= 0 ? Math.ceil(after) : undefined
}
