import { randomUUID } from 'node:crypto'
import {
  type DeliveryRow,
  type DeliveryState,
  isSpanwiseError,
  type Page,
  SpanwiseError,
  type WebhookCount,
  type WebhookRow,
} from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import { aboutIncoming, type IncomingWebhook, invalid } from './incoming.ts'
import { aboutOutgoing, type OutgoingWebhook } from './outgoing.ts'
import { type Received, receive } from './receive.ts'
import type { WebhookRequest } from './verify.ts'

export type Webhook = IncomingWebhook | OutgoingWebhook

/** How a webhook stands. */
export interface WebhookState {
  readonly name: string
  readonly way: 'in' | 'out'
  /** of one that comes in: how it is verified, and what it starts or tells */
  readonly verify: string | undefined
  readonly start: string | undefined
  readonly signal: string | undefined
  /** of one that goes out: where to, without the path, and what it is told of */
  readonly to: string | undefined
  readonly events: readonly string[] | undefined
  readonly disabled: { readonly at: Date; readonly reason: string } | undefined
  /** what came in, since it was first named */
  readonly accepted: number
  readonly repeated: number
  readonly ignored: number
  readonly refused: number
  readonly lastAt: Date | undefined
  readonly refusedAt: Date | undefined
  /** code of the latest refusal */
  readonly refusal: string | undefined
  /** deliveries: those that went out within seven days, and those that did not within ninety */
  readonly pending: number
  readonly delivered: number
  readonly dead: number
}

/** Something that is told to one webhook. */
export interface Delivery {
  /** the same over all attempts, and what the other side gets as `webhook-id` */
  readonly id: string
  readonly webhook: string
  readonly type: string
  readonly run: string | undefined
  readonly workflow: string | undefined
  readonly tenant: string | undefined
  /** of the entry that it tells of */
  readonly index: number | undefined
  readonly at: Date
  readonly state: DeliveryState
  readonly attempts: number
  readonly nextAt: Date | undefined
  /** of the latest answer */
  readonly status: number | undefined
  /** why there was none */
  readonly error: string | undefined
  readonly updatedAt: Date
}

export interface DeliveryListOptions {
  readonly webhook?: string
  readonly state?: DeliveryState
  readonly run?: string
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

export interface Webhooks {
  /** By name. */
  list(): Promise<readonly WebhookState[]>
  /** What was told, and what is to be; newest first. */
  deliveries(options?: DeliveryListOptions): Promise<Page<Delivery>>
  /** @throws DELIVERY_UNKNOWN */
  delivery(id: string): Promise<Delivery>
  /** Sends it again, whatever came of it, or all of one webhook that are dead. Returns how many. @throws DELIVERY_UNKNOWN, WEBHOOK_UNKNOWN */
  resend(what: { readonly id: string } | { readonly webhook: string }): Promise<number>
  /** Sends a `webhook.test`; `delivery` tells what came of it. @throws WEBHOOK_UNKNOWN */
  test(name: string): Promise<Delivery>
  /** Nothing is taken or told any more; what is to be told still, waits. @throws WEBHOOK_UNKNOWN */
  disable(name: string, reason: string): Promise<WebhookState>
  /** From now on again. @throws WEBHOOK_UNKNOWN */
  enable(name: string): Promise<WebhookState>
  /**
   * Takes what came in: verified, and durable when this resolves. The server calls it at `POST /webhooks/<name>`.
   * @throws WEBHOOK_UNKNOWN, WEBHOOK_UNSIGNED, WEBHOOK_STALE, WEBHOOK_DISABLED, INVALID_INPUT
   */
  receive(name: string, request: WebhookRequest): Promise<Received>
}

/** how long it is believed who is turned off, and how long counts are gathered, ms */
const believed = 1_000

export function makeWebhooks(
  backend: Backend,
  declared: readonly Webhook[],
  { now, release }: { readonly now: () => number; readonly release: string },
): Webhooks & { close(): Promise<void> } {
  const incoming = new Map(declared.filter((one) => one.way === 'in').map((one) => [one.name, one]))
  const counts = new Map<string, { -readonly [K in keyof WebhookCount]: WebhookCount[K] }>()
  let timer: NodeJS.Timeout | undefined
  let off: { readonly names: ReadonlyMap<string, string>; readonly until: number } | undefined

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const taken = [...counts.values()]
    counts.clear()
    if (taken.length > 0) await backend.countWebhooks(taken)
  }
  const count = (name: string, what: 'accepted' | 'repeated' | 'ignored' | 'refused', refusal?: string): void => {
    const one = counts.get(name) ?? { name, accepted: 0, repeated: 0, ignored: 0, refused: 0, at: 0 }
    one[what]++
    one.at = now()
    if (refusal !== undefined) one.refusal = refusal
    counts.set(name, one)
    // counts are for people: what a crash loses of the last second is no record of anything
    timer ??= setTimeout(() => void flush().catch(() => {}), believed).unref()
  }
  const disabled = async (name: string): Promise<string | undefined> => {
    if (off === undefined || off.until < performance.now()) {
      const rows = (await backend.webhooks()).filter((row) => row.disabled !== undefined)
      const names = new Map(rows.map((row) => [row.name, row.disabled?.reason ?? '']))
      off = { names, until: performance.now() + believed }
    }
    return off.names.get(name)
  }
  const change = async (name: string, how: { readonly disable: string } | { readonly enable: true }) => {
    const row = await backend.changeWebhook({ name, at: now(), ...how })
    off = undefined
    if (row === undefined) throw unknownWebhook(name, await backend.webhooks())
    return toState(row)
  }
  const delivery = async (id: string): Promise<Delivery> => {
    const [row] = (await backend.deliveries({ id, limit: 1 })).items
    if (row !== undefined) return toDelivery(row)
    throw new SpanwiseError({
      code: 'DELIVERY_UNKNOWN',
      message: `There is no delivery ${id}.`,
      hint: 'See which there are: spanwise webhooks deliveries. Those that arrived are kept for seven days.',
    })
  }
  const outgoing = async (name: string): Promise<WebhookRow> => {
    const rows = await backend.webhooks()
    const row = rows.find((one) => one.name === name && one.way === 'out')
    if (row === undefined) throw unknownWebhook(name, rows)
    return row
  }
  return {
    async list() {
      await flush()
      return (await backend.webhooks()).map(toState)
    },
    async deliveries({ limit = 50, ...query } = {}) {
      const page = await backend.deliveries({ ...query, limit })
      return { items: page.items.map(toDelivery), after: page.after }
    },
    delivery,
    async resend(what) {
      if ('id' in what) await delivery(what.id)
      else await outgoing(what.webhook)
      return backend.resendDeliveries({ at: now(), ...what, ...('id' in what ? {} : { state: 'dead' }) })
    },
    async test(name) {
      await outgoing(name)
      const id = `msg_${randomUUID()}`
      const about = JSON.stringify({ webhook: name })
      await backend.addDelivery({ id, webhook: name, type: 'webhook.test', about, at: now() })
      return delivery(id)
    },
    disable: (name, reason) => change(name, { disable: reason }),
    enable: (name) => change(name, { enable: true }),
    async receive(name, request) {
      const webhook = incoming.get(name)
      if (webhook === undefined) throw unknownWebhook(name, [...incoming.values()])
      try {
        const reason = await disabled(name)
        if (reason !== undefined) throw turnedOff(name, reason)
        const received = await receive(webhook, request, { backend, now: now(), release })
        const { state } = received
        count(name, state === 'started' || state === 'signalled' ? 'accepted' : state)
        return received
      } catch (error) {
        count(name, 'refused', isSpanwiseError(error) ? error.code : 'INTERNAL')
        throw error
      }
    },
    close: () => flush().catch(() => {}),
  }
}

/** For the store: each under its name. @throws INVALID_OPTION */
export function aboutWebhooks(declared: readonly Webhook[]): readonly Pick<WebhookRow, 'name' | 'way' | 'about'>[] {
  const names = new Set<string>()
  return declared.map((one) => {
    if (names.has(one.name)) throw invalid(`Two webhooks are named "${one.name}".`, 'Give one of them another name.')
    names.add(one.name)
    const about = JSON.stringify(one.way === 'in' ? aboutIncoming(one) : aboutOutgoing(one))
    return { name: one.name, way: one.way, about }
  })
}

function toState({ about, createdAt: _, disabled, lastAt, refusedAt, ...row }: WebhookRow): WebhookState {
  const { verify, start, signal, to, events } = JSON.parse(about) as Partial<WebhookState>
  return {
    ...row,
    verify,
    start,
    signal,
    to,
    events,
    disabled: disabled && { at: new Date(disabled.at), reason: disabled.reason },
    lastAt: lastAt === undefined ? undefined : new Date(lastAt),
    refusedAt: refusedAt === undefined ? undefined : new Date(refusedAt),
  }
}

function toDelivery({ seq: _, about: __, approval: ___, at, nextAt, updatedAt, ...row }: DeliveryRow): Delivery {
  return {
    ...row,
    at: new Date(at),
    nextAt: nextAt === undefined ? undefined : new Date(nextAt),
    updatedAt: new Date(updatedAt),
  }
}

export function unknownWebhook(name: string, known: readonly { readonly name: string }[]): SpanwiseError {
  const names = known.map((one) => one.name).join(', ')
  return new SpanwiseError({
    code: 'WEBHOOK_UNKNOWN',
    message: `There is no such webhook as ${JSON.stringify(name)}.`,
    hint: names === '' ? 'Name it in `webhooks` of the config.' : `There are: ${names}.`,
  })
}

function turnedOff(name: string, reason: string): SpanwiseError {
  return new SpanwiseError({
    code: 'WEBHOOK_DISABLED',
    message: `Webhook "${name}" is turned off: ${reason}.`,
    hint: `Send it again later. It is turned on with: spanwise webhooks enable ${name}`,
  })
}
