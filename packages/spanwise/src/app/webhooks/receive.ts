import { encode, SpanwiseError } from '../../journal/index.ts'
import { parse, type Startable } from '../../workflow/index.ts'
import type { Backend } from '../backend.ts'
import { requestMemory } from '../begin.ts'
import { beginRun } from '../start.ts'
import { unknownRun } from '../unknown-run.ts'
import type { IncomingWebhook, RunAddress, SignalsRuns, StartsRuns, WebhookEvent } from './incoming.ts'
import { secretsOf } from './secret.ts'
import type { WebhookRequest } from './verify.ts'

/** What came of a message. It is durable: the sender may forget it. */
export interface Received {
  /** `repeated`: it had come before, and nothing was done again. `ignored`: it is of no interest here */
  readonly state: 'started' | 'signalled' | 'repeated' | 'ignored'
  readonly run?: string | undefined
  /** what the other side waits for, in a handshake */
  readonly reply?: object | undefined
}

export interface Receiving {
  readonly backend: Backend
  readonly now: number
  readonly release: string
}

/** @throws WEBHOOK_UNSIGNED, WEBHOOK_STALE, WEBHOOK_SECRET_MISSING, INVALID_INPUT, BODY_TOO_LARGE, RUN_UNKNOWN, RUN_ENDED */
export async function receive(
  webhook: IncomingWebhook,
  request: WebhookRequest,
  receiving: Receiving,
): Promise<Received> {
  const { name, options, tolerance, bodyLimit, verify } = webhook
  if (request.body.length > bodyLimit) throw tooLarge(name, bodyLimit)
  const secrets =
    typeof options.verify === 'function' && options.secret === undefined ? [] : secretsOf(name, options.secret)
  const verified = await verify(request, secrets)
  if (verified === undefined) throw unsigned(name)
  const { id, at, reply } = verified
  // also from the future: what may be sent again later is not to be signed today
  if (at !== undefined && !(Math.abs(receiving.now - at) <= tolerance)) throw stale(name)
  if (reply !== undefined) return { state: 'ignored', reply }
  const payload = await parse(options.schema, readBody(request), 'INVALID_INPUT', `What webhook "${name}" was sent`)
  const event: WebhookEvent = { id, payload, headers: request.headers }
  if (options.when?.(event) === false) return { state: 'ignored' }
  const tenant = typeof options.tenant === 'function' ? options.tenant(event) : (options.tenant ?? 'default')
  return options.start === undefined
    ? tell(name, options, event, tenant, receiving)
    : begin(name, options, event, tenant, receiving)
}

async function begin(
  name: string,
  options: StartsRuns<unknown, unknown>,
  event: WebhookEvent,
  tenant: string,
  { backend, now, release }: Receiving,
): Promise<Received> {
  const input = options.input === undefined ? event.payload : options.input(event)
  const subject = options.subject?.(event)
  const { state, row } = await beginRun(backend, now, release, options.start as Startable<never, unknown>, input, {
    tenant,
    sendId: JSON.stringify(['webhook', name, event.id]),
    ...(subject === undefined ? {} : { subject }),
    ...(options.tags === undefined ? {} : { tags: options.tags }),
  })
  // a conflict is a repeat too: the message is the same, and what the code makes of it is not
  return { state: state === 'exists' || state === 'conflict' ? 'repeated' : 'started', run: row.run }
}

async function tell(
  name: string,
  options: SignalsRuns<unknown, unknown>,
  event: WebhookEvent,
  tenant: string,
  { backend, now }: Receiving,
): Promise<Received> {
  const { signal, to } = options
  const value = options.value === undefined ? event.payload : options.value(event)
  await parse(signal.schema, value, 'INVALID_INPUT', `Signal "${signal.signalName}"`)
  const address = to(event)
  const run = await runAt(backend, address, tenant)
  // a run of somebody else is not there
  if (run === undefined) throw unknownRun('run' in address ? address.run : address.id)
  const sent = await backend.send({
    run,
    kind: 'signal',
    name: signal.signalName,
    payload: value === undefined ? undefined : encode(value, `signal "${signal.signalName}"`),
    request: { key: JSON.stringify(['webhook', name, event.id, run]), until: now + requestMemory },
    at: now,
  })
  if (sent.state === 'unknown run') throw unknownRun(run)
  if (sent.state !== 'closed') return { state: sent.state === 'ok' ? 'signalled' : 'repeated', run }
  throw new SpanwiseError({
    code: 'RUN_ENDED',
    message: `Run ${run} is ${sent.status}: it takes no signal any more.`,
    hint: 'The message came too late, or names another run.',
    run,
  })
}

async function runAt(backend: Backend, address: RunAddress, tenant: string): Promise<string | undefined> {
  const row = 'run' in address ? await backend.run(address.run) : await backend.find({ ...address, tenant })
  return row?.tenant === tenant ? row.run : undefined
}

function readBody({ headers, body }: WebhookRequest): unknown {
  const text = Buffer.from(body).toString()
  const type = headers.get('content-type') ?? ''
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text))
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) return text
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SpanwiseError({
      code: 'INVALID_INPUT',
      message: `The body is not JSON: ${(error as Error).message}`,
      hint: 'Send JSON, or say in content-type what it is.',
    })
  }
}

/** The same for all that is wrong with a signature: nobody learns how near a guess was. */
function unsigned(name: string): SpanwiseError {
  return new SpanwiseError({
    code: 'WEBHOOK_UNSIGNED',
    message: `Webhook "${name}" was sent something that is not signed with its secret.`,
    hint: 'Compare the secret on both sides, and the way of signing (`verify`). Something in between may have changed the body.',
  })
}

function stale(name: string): SpanwiseError {
  return new SpanwiseError({
    code: 'WEBHOOK_STALE',
    message: `Webhook "${name}" was sent something that was not signed just now.`,
    hint: 'It is sent again with its old signature, or a clock is wrong. `tolerance` says how old it may be.',
  })
}

function tooLarge(name: string, limit: number): SpanwiseError {
  return new SpanwiseError({
    code: 'BODY_TOO_LARGE',
    message: `Webhook "${name}" takes no more than ${limit} bytes.`,
    hint: 'Raise its `bodyLimit`, or have less sent.',
  })
}
