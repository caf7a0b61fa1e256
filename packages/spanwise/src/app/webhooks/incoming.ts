import { SpanwiseError } from '../../journal/index.ts'
import {
  bytes,
  type Duration,
  milliseconds,
  type Signal,
  type Size,
  type StandardSchemaV1,
  type Startable,
  workflowDefinition,
} from '../../workflow/index.ts'
import type { WebhookSecret } from './secret.ts'
import { type Scheme, schemes, type Verify } from './verify.ts'

/** A message that was verified, as functions of a config get it. */
export interface WebhookEvent<P = unknown> {
  /** tells it from others and is the same when it is repeated */
  readonly id: string
  /** JSON as what it says, a form as its fields, anything else as text; what the schema made of it */
  readonly payload: P
  readonly headers: Headers
}

interface Common<P> {
  /** what the other side signs with; needed unless `verify` is a function */
  readonly secret?: WebhookSecret
  /** how the other side signs, or your own way to tell; `standard`: https://www.standardwebhooks.com */
  readonly verify?: Scheme | Verify
  /** how old a signature may be, where it has a time; 5 min */
  readonly tolerance?: Duration
  /** what does not fit is refused */
  readonly schema?: StandardSchemaV1<unknown, P>
  /** 256 KiB */
  readonly bodyLimit?: Size
  /** what is not of interest is answered and let go; all is by default */
  readonly when?: (event: WebhookEvent<P>) => boolean
  /** `default` */
  readonly tenant?: string | ((event: WebhookEvent<P>) => string)
}

export type StartsRuns<P, I> = Common<P> & {
  readonly start: Startable<I, unknown>
  /** what the run gets; the payload */
  readonly input?: (event: WebhookEvent<P>) => I
  /** whom the run is about */
  readonly subject?: (event: WebhookEvent<P>) => string | undefined
  readonly tags?: readonly string[]
  readonly signal?: undefined
}

/** A run: by its id, or by the one that it was started with. */
export type RunAddress = { readonly run: string } | { readonly workflow: string; readonly id: string }

export type SignalsRuns<P, I> = Common<P> & {
  readonly signal: Signal<I, unknown>
  readonly to: (event: WebhookEvent<P>) => RunAddress
  /** what the run is told; the payload */
  readonly value?: (event: WebhookEvent<P>) => I
  readonly start?: undefined
}

// biome-ignore lint/suspicious/noExplicitAny: what the functions get is checked by the overloads
type AnyOptions = StartsRuns<any, any> | SignalsRuns<any, any>

/** Something that others call: part of `webhooks` of the app. */
export interface IncomingWebhook {
  readonly name: string
  readonly way: 'in'
  readonly options: StartsRuns<unknown, unknown> | SignalsRuns<unknown, unknown>
  readonly verify: Verify
  readonly tolerance: number
  readonly bodyLimit: number
}

/**
 * Takes what others send to `POST /webhooks/<name>`, verifies it, and starts or tells a run; once, however often it is sent.
 * @throws INVALID_OPTION
 * @example webhook.in('github', { verify: 'github', secret: () => process.env.GITHUB_SECRET, schema: Push, start: build })
 */
export function incoming<P = unknown, I = P>(name: string, options: StartsRuns<P, I>): IncomingWebhook
export function incoming<P = unknown, I = P>(name: string, options: SignalsRuns<P, I>): IncomingWebhook
export function incoming(name: string, options: AnyOptions): IncomingWebhook {
  checkName(name)
  const { verify = 'standard', secret, tolerance = '5m', bodyLimit = 256 * 1024 } = options
  if (typeof verify === 'string' && secret === undefined)
    throw invalid(`Webhook "${name}" has no secret.`, 'Say what the other side signs with: secret: () => process.env.…')
  if (typeof verify === 'string' && !Object.hasOwn(schemes, verify))
    throw invalid(
      `Webhook "${name}" cannot be verified as ${JSON.stringify(verify)}.`,
      `There are: ${Object.keys(schemes).join(', ')}; or give a function.`,
    )
  if ((options.start === undefined) === (options.signal === undefined))
    throw invalid(`Webhook "${name}" has to do one thing.`, 'Give it start: a workflow, or signal and to.')
  return {
    name,
    way: 'in',
    options,
    verify: typeof verify === 'string' ? schemes[verify] : verify,
    tolerance: milliseconds(tolerance, 'tolerance'),
    bodyLimit: bytes(bodyLimit, 'bodyLimit'),
  }
}

/** For people: what it does. */
export function aboutIncoming({ options }: IncomingWebhook): object {
  const verify = options.verify ?? 'standard'
  return {
    verify: typeof verify === 'string' ? verify : 'own',
    ...(options.start === undefined
      ? { signal: options.signal.signalName }
      : { start: workflowDefinition(options.start as Startable<never, unknown>).name }),
  }
}

export function checkName(name: string): void {
  if (typeof name === 'string' && /^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return
  throw invalid(
    `A webhook cannot be named ${JSON.stringify(name)}.`,
    'It is part of an address: use a-z, 0-9 and -, like "github".',
  )
}

export function invalid(message: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'INVALID_OPTION', message, hint })
}
