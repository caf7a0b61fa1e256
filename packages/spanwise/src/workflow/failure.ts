import { createHash } from 'node:crypto'
import { isSpanwiseError } from '../journal/index.ts'

/** What kind of failure it is decides whether waiting can heal it. */
export type FailureClass =
  | 'transient'
  | 'rate limit'
  | 'timeout'
  | 'invalid input'
  | 'auth'
  | 'budget'
  | 'bad output'
  | 'decision'
  | 'unknown outcome'
  | 'bug'
  | 'cancelled'

const byCode: Readonly<Record<string, FailureClass>> = {
  FAILED_ON_PURPOSE: 'decision',
  APPROVAL_REJECTED: 'decision',
  APPROVAL_EXPIRED: 'decision',
  CANCELLED: 'cancelled',
  TIMEOUT: 'timeout',
  OUTCOME_UNKNOWN: 'unknown outcome',
  INVALID_INPUT: 'invalid input',
  INVALID_OUTPUT: 'bad output',
  BUDGET_EXCEEDED: 'budget',
  THREAD_LOST: 'transient',
  TRANSACTION_ENDED: 'transient',
}

/** Node and undici error codes that a moment may heal. */
const passing =
  /^(ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EBUSY|UND_ERR_(SOCKET|CLOSED|DESTROYED)|SQLITE_BUSY)/
const tooLate = /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_.*TIMEOUT)/

/**
 * An error may name its class itself (`failureClass`); else ours are known by code, HTTP errors by `status`/`statusCode`, network
 * errors by code. An unclassified `Error` is transient; `TypeError`, `ReferenceError`, `SyntaxError` are bugs, but undici's
 * `TypeError: fetch failed` is what its cause is.
 */
export function classify(error: unknown): FailureClass {
  if (typeof error !== 'object' || error === null) return 'transient'
  const e = error as {
    failureClass?: unknown
    code?: unknown
    status?: unknown
    statusCode?: unknown
    name?: unknown
    cause?: unknown
    message?: unknown
  }
  if (typeof e.failureClass === 'string') return e.failureClass as FailureClass
  if (isSpanwiseError(error)) return byCode[error.code] ?? 'bug'
  const byStatus = fromStatus(e.statusCode ?? e.status)
  if (byStatus !== undefined) return byStatus
  if (typeof e.code === 'string') {
    if (tooLate.test(e.code)) return 'timeout'
    if (passing.test(e.code)) return 'transient'
    if (/^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(e.code)) return 'auth'
  }
  if (e.name === 'AbortError' || e.name === 'TimeoutError') return 'timeout'
  if (e.name === 'TypeError' && e.message === 'fetch failed')
    return e.cause === undefined ? 'transient' : classify(e.cause)
  if (e.name === 'TypeError' || e.name === 'ReferenceError' || e.name === 'SyntaxError' || e.name === 'RangeError')
    return 'bug'
  return 'transient'
}

function fromStatus(status: unknown): FailureClass | undefined {
  if (typeof status !== 'number' || status < 400 || status > 599) return undefined
  if (status === 429) return 'rate limit'
  if (status === 401 || status === 403 || status === 407) return 'auth'
  if (status === 408 || status === 504) return 'timeout'
  if (status >= 500 || status === 409 || status === 423 || status === 425) return 'transient'
  return 'bug'
}

/** Only what waiting can heal is retried. */
export function isRetried(failure: FailureClass): boolean {
  return failure === 'transient' || failure === 'rate limit' || failure === 'timeout'
}

/** What the AI SDK throws when a model's answer is not what was asked for. */
const badAnswers =
  /^AI_(NoObjectGenerated|NoOutputGenerated|InvalidToolInput|NoSuchTool|TypeValidation|JSONParse|InvalidResponseData|ToolCallRepair)Error$/

/**
 * Whether an error is about what a model answered: then that answer is not used again. `id` is the provider's id of the answer,
 * where the error names it.
 */
export function refusesAnswer(error: unknown): { readonly answer: boolean; readonly id?: string | undefined } {
  for (let one = error, depth = 0; typeof one === 'object' && one !== null && depth < 5; depth++) {
    const { name, cause, response } = one as { name?: unknown; cause?: unknown; response?: { id?: unknown } }
    if (classify(one) === 'bad output' || (typeof name === 'string' && badAnswers.test(name)))
      return { answer: true, id: typeof response?.id === 'string' ? response.id : undefined }
    one = cause
  }
  return { answer: false }
}

/** Uncaught, these end the run (after compensation) instead of parking it: nobody can mend a decision. */
export function endsRun(error: unknown): boolean {
  return isSpanwiseError(error) && (error.code === 'FAILED_ON_PURPOSE' || error.code === 'INVALID_INPUT')
}

/**
 * The same failure in other runs, at other lines and with other ids, has the same fingerprint: workflow, operation without its
 * occurrences, error name and code, message without numbers, quoted parts, ids, addresses and paths of files, and the function that threw.
 */
export function fingerprint(workflow: string, operation: string | undefined, error: unknown): string {
  const e = error as { name?: unknown; code?: unknown; message?: unknown; stack?: unknown } | null
  const parts = [
    workflow,
    (operation ?? '').replace(/#\d+|\[[^\]]*\]|^@\d+\//g, ''),
    String(e?.name ?? typeof error),
    String(e?.code ?? ''),
    normalise(String(e?.message ?? error)),
    topFunction(e?.stack),
  ]
  return createHash('sha256').update(parts.join('\u0000')).digest('base64url').slice(0, 12)
}

/** What stands in an apostrophe's place inside a word quotes nothing. */
const quoted = /(?<!\w)(["'`]).*?\1(?!\w)/g
const uuid = /\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi
const address = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g
/** of files: what an URL asks for says which failure it is, where a file lies does not */
const filePath =
  /(?:file:\/\/)?(?<![\w.:/\\])(?:[A-Za-z]:[\\/]|~?\/)(?:(?:home|Users|tmp|var|usr|opt|srv|app|private|root|etc|mnt|data|work)[\\/][^\s"'`():,]*|[^\s"'`():,]*[\\/][^\s"'`():,]*\.[A-Za-z]\w{0,5}\b)/g
const identifier = /\b(?=\w*\d)\w{6,}\b/g
const number = /(?<![\w.])[-+]?\d+(?:[.,:]\d+)*|\d+(?:[.,:]\d+)*/g

function normalise(message: string): string {
  return message
    .slice(0, 2_000)
    .replace(quoted, '$1…$1')
    .replace(uuid, '…')
    .replace(address, '…')
    .replace(filePath, '…')
    .replace(identifier, '…')
    .replace(number, '0')
    .slice(0, 300)
}

function topFunction(stack: unknown): string {
  if (typeof stack !== 'string') return ''
  const frame = stack.split('\n').find((line) => /^\s+at /.test(line) && !line.includes('node:'))
  return frame === undefined ? '' : (/at (?:async )?([\w.$<>]+) \(/.exec(frame)?.[1] ?? '')
}
