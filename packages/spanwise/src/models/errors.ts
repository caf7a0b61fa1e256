import { SpanwiseError } from '../journal/index.ts'
import type { FailureClass } from '../workflow/index.ts'
import type { CallFailure } from './failure.ts'
import type { Said } from './route.ts'

/** No candidate answered. Says what each of them said. Not retried by the AI SDK: who asks again is the gateway, or the run. */
export class ModelError extends SpanwiseError {
  readonly alias: string
  /** what waiting or changing something could heal */
  readonly failureClass: FailureClass
  readonly isRetryable = false
  /** nobody could be reached: a step that fails with it is tried again, and that does not count as an attempt */
  declare readonly outage?: true
  /** ms */
  declare readonly retryAfter?: number

  constructor(alias: string, said: readonly Said[], outage: { readonly after: number } | undefined, run?: string) {
    super({
      code: outage === undefined ? 'MODEL_FAILED' : 'MODEL_UNAVAILABLE',
      message: `No candidate of model "${alias}" answered:\n${said.map(line).join('\n')}`,
      hint:
        outage === undefined
          ? hints[worst(said)]
          : 'Outside of a run nothing waits for it: ask again later, or put the call into a workflow, which waits.',
      cause: causeOf(said.find(({ error }) => error !== undefined)?.error),
      run,
    })
    this.alias = alias
    this.failureClass = outage === undefined ? classes[worst(said)] : 'transient'
    if (outage !== undefined) {
      this.outage = true
      this.retryAfter = outage.after
    }
  }
}

function line({ member, failure, error }: Said): string {
  const what =
    failure === 'left alone' ? 'left alone for a while after earlier failures' : `${failure}: ${messageOf(error)}`
  return `  ${member.provider} ${member.model}  ${what}`
}

/** What the first of them said. Not its error as it is: that holds the request, and an address that may have a key in it. */
function causeOf(error: unknown): Error | undefined {
  if (error === undefined) return undefined
  const { name, statusCode } = error as { name?: unknown; statusCode?: unknown }
  const cause = new Error(messageOf(error))
  if (typeof name === 'string') Object.defineProperty(cause, 'name', { value: name })
  return typeof statusCode === 'number' ? Object.assign(cause, { statusCode }) : cause
}

/** Without what could be a secret: providers repeat parts of keys in their messages. */
export function messageOf(error: unknown): string {
  if (error === undefined) return ''
  const text = String((error as { message?: unknown } | null)?.message ?? error)
  const cause = (error as { cause?: { message?: unknown; code?: unknown } } | null)?.cause
  const why = cause?.code ?? cause?.message
  return redact(
    `${text.split('\n')[0] ?? ''}${why === undefined || text.includes(String(why)) ? '' : ` (${String(why)})`}`.slice(
      0,
      300,
    ),
  )
}

export function redact(text: string): string {
  return text
    .replace(/\b(sk|pk|key|api|xai|gsk|AIza)[-_][\w*-]{6,}/gi, '[key]')
    .replace(/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 [key]')
}

const seriousness: readonly (CallFailure | 'left alone')[] = [
  'not wanted',
  'invalid request',
  'auth',
  'wrong model',
  'context too long',
  'content filter',
  'rate limit',
  'timeout',
  'overload',
  'unreachable',
  'bad response',
  'left alone',
]

function worst(said: readonly Said[]): CallFailure | 'left alone' {
  return seriousness.find((one) => said.some(({ failure }) => failure === one)) ?? 'left alone'
}

const classes: Readonly<Record<CallFailure | 'left alone', FailureClass>> = {
  'not wanted': 'cancelled',
  'invalid request': 'bug',
  auth: 'auth',
  'wrong model': 'auth',
  'context too long': 'bug',
  'content filter': 'decision',
  'rate limit': 'rate limit',
  timeout: 'timeout',
  overload: 'transient',
  unreachable: 'transient',
  'bad response': 'transient',
  'left alone': 'transient',
}

const hints: Readonly<Record<CallFailure | 'left alone', string>> = {
  'not wanted': 'It was called off.',
  'invalid request': 'The request itself is at fault: see what the provider says, and the settings of the call.',
  auth: 'Check the key, the account and the name of the model: spanwise models check asks each candidate once.',
  'wrong model': 'Change the pin, or the model that is asked for.',
  'context too long': 'Shorten the prompt, or add a candidate with a longer context.',
  'content filter': 'Change what is asked, or add a candidate of another provider.',
  'rate limit': 'Add a candidate, or lower rpm and tpm so that calls wait for their turn.',
  timeout: 'Raise the timeout of the alias, or add a candidate.',
  overload: 'Add a candidate of another provider.',
  unreachable: 'Check the address and the network.',
  'bad response': 'The provider answers what cannot be read. Add a candidate of another provider.',
  'left alone': 'Wait, or add a candidate of another provider.',
}
