import { jsonable } from '../app/index.ts'
import { isSpanwiseError, type SpanwiseError } from '../journal/index.ts'
import type { Log } from '../workflow/index.ts'

/** Status of each code that has one of its own; what ends in `_UNKNOWN` is not there, what begins with `INVALID_` is wrong input. */
const statuses: Readonly<Record<string, number>> = {
  NOT_FOUND: 404,
  STORE_MISSING: 404,
  BAD_ID: 404,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ORIGIN_REFUSED: 403,
  HOST_REFUSED: 421,
  TENANT_MISSING: 400,
  FORK_POINT: 400,
  FORK_EDIT: 400,
  COST_DIMENSION: 400,
  NOT_STARTABLE: 400,
  BODY_TOO_LARGE: 413,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_BODY: 415,
  RATE_LIMITED: 429,
  PROVIDER_FAILED: 503,
  ID_CONFLICT: 409,
  RUN_ENDED: 409,
  CLAIM_LOST: 409,
  EXTERNAL_NEEDS_WORKER: 409,
  APPROVAL_CLOSED: 409,
  NOT_PARKED: 409,
  NOTHING_TO_EDIT: 409,
  RESUME_DISCARDS: 409,
  SCHEDULE_BUSY: 409,
  NOT_SEALED: 409,
  AUDIT_KEY_MISSING: 409,
  LEGAL_HOLD: 409,
  NOT_HELD: 409,
  SECOND_PERSON_NEEDED: 403,
  REASON_NEEDED: 400,
  ERASED: 410,
  STREAM_GONE: 410,
  STREAM_CLOSED: 409,
  STREAM_CONFLICT: 409,
  STREAM_TYPE: 409,
  STREAM_SEQUENCE: 409,
  STREAM_FENCED: 403,
  WEBHOOK_UNSIGNED: 403,
  WEBHOOK_STALE: 403,
  WEBHOOK_DISABLED: 503,
  WEBHOOK_SECRET_MISSING: 503,
  APP_CLOSED: 503,
  STORE_LOST: 503,
  STORE_CLOSED: 503,
  STORE_FULL: 507,
  OWNER_UNREACHABLE: 503,
  OWNER_LOST: 503,
  OWNER_SILENT: 503,
}

export function statusOf(code: string): number {
  const own = statuses[code]
  if (own !== undefined) return own
  if (code.endsWith('_UNKNOWN')) return 404
  return code.startsWith('INVALID_') ? 400 : 500
}

/** An error as RFC 9457 has it. What is not ours is told to the log and not to the caller. */
export function problemResponse(error: unknown, log: Log, headers: Readonly<Record<string, string>> = {}): Response {
  if (isSpanwiseError(error)) {
    const status = statusOf(error.code)
    if (status >= 500) log.error('a request failed', { error })
    const more = status === 401 ? { 'www-authenticate': 'Bearer' } : status === 429 ? { 'retry-after': '1' } : {}
    return answer(error, status, { ...headers, ...more })
  }
  log.error('a request failed', { error })
  const body = {
    type: 'about:blank',
    title: 'Internal Server Error',
    status: 500,
    detail: 'The server failed at this request; its log says why.',
    code: 'INTERNAL',
  }
  return json(body, 500, headers)
}

function answer(error: SpanwiseError, status: number, headers: Readonly<Record<string, string>>): Response {
  const { code, message, hint, run, step } = error
  const title = code.toLowerCase().replaceAll('_', ' ')
  const body = {
    type: `urn:spanwise:error:${code.toLowerCase()}`,
    title,
    status,
    detail: message,
    code,
    hint,
    run,
    step,
  }
  return json(body, status, headers)
}

function json(body: object, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(jsonable(body)), {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  })
}
