import type { Page } from './page.ts'

/**
 * The part of a store that keeps webhooks: which there are, and what has to be told to whom. What is told is read from the history when it
 * is sent: no content of a run stands here.
 */
export interface WebhookStore {
  /** Inserts, or brings what is known of them to this. One that goes out gets what happens from then on. */
  putWebhooks(put: { readonly webhooks: readonly PutWebhook[]; readonly at: number }): Promise<void>
  /** By name. */
  webhooks(): Promise<readonly WebhookRow[]>
  /** Turns one off, for a reason, or on again. Undefined when there is none. */
  changeWebhook(change: WebhookChange): Promise<WebhookRow | undefined>
  /** Adds to what came in. */
  countWebhooks(counts: readonly WebhookCount[]): Promise<void>
  /** Takes in the next part of the log: what endpoints are to be told of. True when nothing is left. */
  deriveDeliveries(order: DeriveDeliveries): Promise<boolean>
  /** Something that is in no run's history; nothing when its id is there already. */
  addDelivery(delivery: NewDelivery): Promise<void>
  /** Those to be sent now; of one run to one endpoint only the earliest. */
  dueDeliveries(query: DueQuery): Promise<readonly DeliveryRow[]>
  /** When the next one is due, ms. */
  nextDelivery(webhooks: readonly string[]): Promise<number | undefined>
  /** What came of an attempt. */
  settleDelivery(settled: SettledDelivery): Promise<void>
  /** Newest first. */
  deliveries(query: DeliveryQuery): Promise<Page<DeliveryRow>>
  /** Sends them again from the first attempt on, whatever came of them. Returns how many. */
  resendDeliveries(order: ResendOrder): Promise<number>
}

export type WebhookWay = 'in' | 'out'

export interface PutWebhook {
  readonly name: string
  readonly way: WebhookWay
  /** JSON, for people: what it starts, or where it goes and what it is told of; no secret, no path */
  readonly about: string
}

export interface WebhookRow extends PutWebhook {
  readonly disabled: { readonly at: number; readonly reason: string } | undefined
  readonly createdAt: number
  /** of one that comes in: what was taken, what had come before, what is of no interest here, what was refused */
  readonly accepted: number
  readonly repeated: number
  readonly ignored: number
  readonly refused: number
  readonly lastAt: number | undefined
  readonly refusedAt: number | undefined
  /** code of the latest refusal */
  readonly refusal: string | undefined
  /** of one that goes out: how many deliveries stand how */
  readonly pending: number
  readonly delivered: number
  readonly dead: number
}

export type WebhookChange = {
  readonly name: string
  readonly at: number
} & ({ readonly disable: string } | { readonly enable: true })

export interface WebhookCount {
  readonly name: string
  readonly accepted: number
  readonly repeated: number
  readonly ignored: number
  readonly refused: number
  readonly at: number
  readonly refusal?: string | undefined
}

export interface DeriveDeliveries {
  readonly endpoints: readonly {
    readonly name: string
    readonly types: readonly string[]
    readonly workflow?: string | undefined
    readonly tenant?: string | undefined
  }[]
  readonly at: number
}

export type DeliveryState = 'pending' | 'delivered' | 'dead'

export interface NewDelivery {
  /** stable over attempts: what the other side may tell repeats by */
  readonly id: string
  readonly webhook: string
  readonly type: string
  /** JSON of what is told, where it is in no run's history: names and numbers */
  readonly about?: string | undefined
  readonly at: number
}

export interface DeliveryRow extends NewDelivery {
  readonly seq: number
  readonly run: string | undefined
  readonly workflow: string | undefined
  readonly tenant: string | undefined
  /** of the entry that it tells of */
  readonly index: number | undefined
  readonly approval: string | undefined
  readonly state: DeliveryState
  readonly attempts: number
  /** of the next attempt; undefined when there is none */
  readonly nextAt: number | undefined
  /** of the latest answer */
  readonly status: number | undefined
  /** why there was none */
  readonly error: string | undefined
  readonly updatedAt: number
}

export interface DueQuery {
  readonly webhooks: readonly string[]
  readonly now: number
  readonly limit: number
}

export interface SettledDelivery {
  readonly seq: number
  readonly state: DeliveryState
  readonly attempts: number
  readonly nextAt?: number | undefined
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly at: number
}

export interface DeliveryQuery {
  readonly webhook?: string | undefined
  readonly state?: DeliveryState | undefined
  readonly run?: string | undefined
  readonly id?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

export interface ResendOrder {
  readonly at: number
  readonly id?: string | undefined
  /** all of it that stand so */
  readonly webhook?: string | undefined
  readonly state?: DeliveryState | undefined
}
