import { type Duration, milliseconds, type Startable, workflowDefinition } from '../../workflow/index.ts'
import { checkName, invalid } from './incoming.ts'
import type { WebhookSecret } from './secret.ts'

/** What can be told. */
export const eventTypes = [
  'run.completed',
  'run.failed',
  'run.cancelled',
  'run.needs_attention',
  'run.resumed',
  'approval.requested',
  'approval.escalated',
  'approval.reminded',
  'approval.decided',
  'approval.expired',
  'approval.withdrawn',
  'budget.warning',
  'budget.exceeded',
  'model.unavailable',
  'model.changed',
] as const

export type WebhookEventType = (typeof eventTypes)[number]

export interface OutgoingOptions {
  /** where it goes; a function is asked at each sending, for addresses that are secrets themselves */
  readonly url: string | (() => string | undefined)
  readonly secret: WebhookSecret
  /** what it is told of; `run.*` stands for all that begin so */
  readonly events: readonly (WebhookEventType | 'run.*' | 'approval.*' | 'budget.*' | 'model.*')[]
  /** only of runs of this workflow, and of this tenant; what belongs to no run is told all the same */
  readonly workflow?: string | Startable<never, unknown>
  readonly tenant?: string
  /** also what runs hold: results, errors, questions and answers. Without it only names, ids and times leave the house */
  readonly content?: boolean
  /** also to addresses of this machine and its network */
  readonly allowPrivate?: boolean
  /** all tries; 11, over two days */
  readonly attempts?: number
  /** time for one try; 15 s */
  readonly timeout?: Duration
}

/** Somebody who is told: part of `webhooks` of the app. */
export interface OutgoingWebhook {
  readonly name: string
  readonly way: 'out'
  readonly url: () => string
  readonly secret: WebhookSecret
  readonly types: readonly WebhookEventType[]
  readonly workflow: string | undefined
  readonly tenant: string | undefined
  readonly content: boolean
  readonly allowPrivate: boolean
  readonly attempts: number
  readonly timeout: number
}

/**
 * Tells another system what happens in runs: signed as Standard Webhooks has it, at least once, with a stable id, in order for each run.
 * @throws INVALID_OPTION
 * @example webhook.out('ops', { url: 'https://ops.example.org/hooks', secret: () => process.env.OPS_SECRET, events: ['run.needs_attention'] })
 */
export function outgoing(name: string, options: OutgoingOptions): OutgoingWebhook {
  checkName(name)
  const { url, secret, events, workflow, attempts = 11, timeout = '15s' } = options
  const address = (): string => {
    const text = typeof url === 'function' ? url() : url
    const to = text === undefined || !URL.canParse(text) ? undefined : new URL(text)
    if (to?.protocol === 'https:' || to?.protocol === 'http:') return to.href
    throw invalid(`Webhook "${name}" has no address to go to.`, 'Give it a url that begins with https://.')
  }
  if (typeof url === 'string') address()
  if (!(Number.isSafeInteger(attempts) && attempts > 0))
    throw invalid(`Webhook "${name}" cannot be tried ${attempts} times.`, 'Give it a whole number, 1 or more.')
  return {
    name,
    way: 'out',
    url: address,
    secret,
    types: typesOf(name, events),
    workflow: workflow === undefined || typeof workflow === 'string' ? workflow : workflowDefinition(workflow).name,
    tenant: options.tenant,
    content: options.content ?? false,
    allowPrivate: options.allowPrivate ?? false,
    attempts,
    timeout: milliseconds(timeout, 'timeout'),
  }
}

function typesOf(name: string, events: readonly string[]): readonly WebhookEventType[] {
  const found = new Set<WebhookEventType>()
  for (const event of events) {
    const meant = event.endsWith('.*')
      ? eventTypes.filter((type) => type.startsWith(event.slice(0, -1)))
      : eventTypes.filter((type) => type === event)
    if (meant.length === 0)
      throw invalid(`Webhook "${name}" asks for ${JSON.stringify(event)}.`, `There are: ${eventTypes.join(', ')}.`)
    for (const type of meant) found.add(type)
  }
  if (found.size === 0) throw invalid(`Webhook "${name}" is told of nothing.`, 'Say what of: events.')
  return [...found]
}

/** For people: where it goes, without the path, which is often a secret, and what it is told of. */
export function aboutOutgoing({ url, types, workflow, tenant, content }: OutgoingWebhook): object {
  let to: string | undefined
  try {
    to = new URL(url()).origin
  } catch {
    // it is said when something is to be sent; the config may be read where its variables are not set
  }
  return { to, events: types, workflow, tenant, content }
}
