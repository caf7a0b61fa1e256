import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery, DeliveryListOptions, WebhookState } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { type Common, client, ownerOf } from '../open.ts'
import { advice, facts, heading, listing, section } from '../output/blocks.ts'
import type { Column } from '../output/table.ts'
import { table } from '../output/table.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'

export interface DeliveriesOptions extends Common {
  readonly webhook?: string
  readonly state?: string
  readonly run?: string
  readonly limit?: number
  readonly after?: string
}

export async function listWebhooks(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const items = await app.webhooks.list()
    if (terminal.json) {
      terminal.data({ webhooks: jsonable(items) })
      return exitCode.ok
    }
    const columns: readonly Column<WebhookState>[] = [
      { title: 'WEBHOOK', cell: ({ name }) => name },
      { title: 'WAY', cell: ({ way }) => way },
      { title: 'DOES', cell: does, flexible: true },
      { title: 'WELL', cell: ({ way, accepted, delivered }) => String(way === 'in' ? accepted : delivered) },
      { title: 'NOT', cell: ({ way, refused, dead }) => String(way === 'in' ? refused : dead) },
      { title: 'STANDS', cell: stands },
    ]
    listing(terminal, { items }, columns, 'no webhooks yet: name them in `webhooks` of the config and start the worker')
    return exitCode.ok
  })
}

export async function showWebhook(terminal: Terminal, name: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const webhook = (await app.webhooks.list()).find((one) => one.name === name)
    if (webhook === undefined) throw unknown(name)
    const deliveries = webhook.way === 'out' ? await app.webhooks.deliveries({ webhook: name, limit: 10 }) : undefined
    if (terminal.json) {
      terminal.data(jsonable({ ...webhook, ...(deliveries === undefined ? {} : { deliveries: deliveries.items }) }))
      return exitCode.ok
    }
    heading(terminal, name, webhook.way === 'in' ? `POST /webhooks/${name}` : (webhook.to ?? ''))
    const { disabled, lastAt, refusedAt, refusal } = webhook
    facts(terminal, [
      ['does', does(webhook)],
      ['verified', webhook.verify],
      ['off', disabled && `since ${ago(disabled.at)}: ${disabled.reason}`],
      ...(webhook.way === 'in' ? cameIn(webhook) : wentOut(webhook)),
      ['latest', lastAt && ago(lastAt)],
      ['refused', refusedAt && `${ago(refusedAt)}: ${refusal}`],
    ])
    if (deliveries !== undefined && deliveries.items.length > 0)
      section(terminal, 'latest deliveries', [...table(terminal, deliveries.items, deliveryColumns)])
    return exitCode.ok
  })
}

export async function listDeliveries(terminal: Terminal, options: DeliveriesOptions): Promise<number> {
  const states = ['pending', 'delivered', 'dead']
  if (options.state !== undefined && !states.includes(options.state))
    throw usage(`No delivery is "${options.state}".`, `There are: ${states.join(', ')}.`)
  return client(options, async (app) => {
    const { webhook, state, run, limit, after } = options
    const query = { webhook, state, run, limit, after } as DeliveryListOptions
    const page = await app.webhooks.deliveries(query)
    if (terminal.json) terminal.data(jsonable(page))
    else listing(terminal, page, deliveryColumns, 'nothing was told, and nothing is to be')
    return exitCode.ok
  })
}

export async function resendDeliveries(
  terminal: Terminal,
  id: string | undefined,
  options: DeliveriesOptions,
): Promise<number> {
  const { webhook } = options
  if ((id === undefined) === (webhook === undefined))
    throw usage('Say what is to be sent again.', 'One: webhooks resend msg_…  All that are dead: --webhook ops')
  return client(options, async (app, store) => {
    const sent = await app.webhooks.resend(id === undefined ? { webhook: webhook as string } : { id })
    if (terminal.json) terminal.data({ sent })
    else {
      terminal.out(sent === 0 ? 'there is nothing to send again' : `${sent} to be sent again`)
      if (sent > 0 && ownerOf(store) === undefined) advice(terminal, noWorker)
    }
    return exitCode.ok
  })
}

/** how long an answer is waited for, ms */
const patience = 20_000
const noWorker = 'nobody works on the store: it is sent by the next worker'

export async function testWebhook(terminal: Terminal, name: string, options: Common): Promise<number> {
  return client(options, async (app, store) => {
    let delivery = await app.webhooks.test(name)
    const isWorked = ownerOf(store) !== undefined
    const end = Date.now() + patience
    while (isWorked && delivery.attempts === 0 && Date.now() < end) {
      await pause(100)
      delivery = await app.webhooks.delivery(delivery.id)
    }
    const isFine = delivery.state === 'delivered'
    if (terminal.json) terminal.data(jsonable(delivery))
    else {
      terminal.out(`${delivery.id}  ${outcome(delivery)}`)
      if (!isWorked) advice(terminal, noWorker)
      else if (!isFine) advice(terminal, `see: spanwise webhooks show ${name}; the worker's log says more`)
    }
    return isFine || !isWorked ? exitCode.ok : exitCode.failed
  })
}

export async function disableWebhook(
  terminal: Terminal,
  name: string,
  options: Common & { readonly reason?: string },
): Promise<number> {
  return client(options, async (app) => {
    const webhook = await app.webhooks.disable(name, options.reason ?? `turned off by ${whoami()}`)
    if (terminal.json) terminal.data(jsonable(webhook))
    else terminal.out(`${name} is off; on again with: spanwise webhooks enable ${name}`)
    return exitCode.ok
  })
}

export async function enableWebhook(terminal: Terminal, name: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const webhook = await app.webhooks.enable(name)
    if (terminal.json) terminal.data(jsonable(webhook))
    else terminal.out(`${name} is on`)
    return exitCode.ok
  })
}

const deliveryColumns: readonly Column<Delivery>[] = [
  { title: 'DELIVERY', cell: ({ id }) => id, flexible: true },
  { title: 'TO', cell: ({ webhook }) => webhook },
  { title: 'TELLS', cell: ({ type }) => type },
  { title: 'RUN', cell: ({ run }) => run?.slice(0, 8) ?? '', spare: true },
  { title: 'WHEN', cell: ({ at }) => ago(at), spare: true },
  { title: 'CAME TO', cell: outcome },
]

function outcome({ state, attempts, status, error, nextAt }: Delivery): string {
  const answer = status === undefined ? error : `answered ${status}`
  if (state === 'delivered') return `delivered${attempts > 1 ? `, attempt ${attempts}` : ''}`
  if (state === 'dead') return `dead: ${answer}`
  if (attempts === 0) return 'pending'
  return `${answer}; again ${nextAt === undefined ? 'soon' : until(nextAt)}`
}

function does({ way, start, signal, to, events }: WebhookState): string {
  if (way === 'in') return start === undefined ? `signals ${signal}` : `starts ${start}`
  return `tells ${to ?? 'nobody yet'} of ${(events ?? []).join(', ')}`
}

function stands({ disabled, pending, refusedAt, lastAt }: WebhookState): string {
  if (disabled !== undefined) return 'off'
  if (pending > 0) return `${pending} pending`
  return refusedAt !== undefined && (lastAt === undefined || refusedAt > lastAt) ? 'refuses' : 'on'
}

type Facts = readonly (readonly [string, string | undefined])[]

function cameIn({ accepted, repeated, ignored, refused }: WebhookState): Facts {
  return [['came in', `${accepted} taken, ${repeated} repeated, ${ignored} of no interest, ${refused} refused`]]
}

function wentOut({ pending, delivered, dead }: WebhookState): Facts {
  return [['went out', `${delivered} delivered, ${pending} pending, ${dead} dead`]]
}

function unknown(name: string): SpanwiseError {
  return new SpanwiseError({
    code: 'WEBHOOK_UNKNOWN',
    message: `There is no webhook "${name}" in this store.`,
    hint: 'See which there are: spanwise webhooks. The worker makes those of the config known.',
  })
}
