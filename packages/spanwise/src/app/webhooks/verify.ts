import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { keyOf } from './secret.ts'

/** A request as it came, before anything of it is believed. */
export interface WebhookRequest {
  readonly headers: Headers
  /** as it was sent: what is signed */
  readonly body: Uint8Array
}

/** What a signature vouches for. */
export interface Verified {
  /** tells one message from another, and a repeat from both; only from what is signed */
  readonly id: string
  /** when it was signed, ms; undefined where that is not said */
  readonly at?: number | undefined
  /** what is answered at once, and nothing is started: a handshake */
  readonly reply?: object | undefined
}

/** Undefined: not signed by any of the secrets. */
export type Verify = (
  request: WebhookRequest,
  secrets: readonly string[],
) => Verified | undefined | Promise<Verified | undefined>

export type Scheme = 'standard' | 'github' | 'stripe' | 'slack'

export const schemes: Readonly<Record<Scheme, Verify>> = {
  /** https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> …` */
  standard({ headers, body }, secrets) {
    const id = headers.get('webhook-id')
    const at = headers.get('webhook-timestamp')
    if (id === null || id === '' || at === null) return undefined
    const given = (headers.get('webhook-signature') ?? '')
      .split(' ')
      .filter((one) => one.startsWith('v1,'))
      .map((one) => Buffer.from(one.slice(3), 'base64'))
    const signed = secrets.map((secret) => hmac(keyOf(secret), `${id}.${at}.`, body))
    return matches(given, signed) ? { id, at: Number(at) * 1_000 } : undefined
  },
  /** `X-Hub-Signature-256: sha256=<hex>` over the body alone: neither the delivery's id nor its time is signed */
  github({ headers, body }, secrets) {
    const given = /^sha256=([0-9a-f]{64})$/i.exec(headers.get('x-hub-signature-256') ?? '')?.[1]
    const signed = secrets.map((secret) => hmac(Buffer.from(secret), '', body))
    return matches([fromHex(given)], signed) ? { id: digest(body) } : undefined
  },
  /** `Stripe-Signature: t=<s>,v1=<hex>,…`; a repeat has the event's id and another time */
  stripe({ headers, body }, secrets) {
    const parts = (headers.get('stripe-signature') ?? '').split(',').map((part) => part.trim().split('='))
    const at = parts.find(([name]) => name === 't')?.[1]
    if (at === undefined) return undefined
    const given = parts.filter(([name]) => name === 'v1').map(([, hex]) => fromHex(hex))
    const signed = secrets.map((secret) => hmac(Buffer.from(secret), `${at}.`, body))
    if (!matches(given, signed)) return undefined
    return { id: field(body, 'id') ?? digest(body), at: Number(at) * 1_000 }
  },
  /** `X-Slack-Signature: v0=<hex>`, `X-Slack-Request-Timestamp` */
  slack({ headers, body }, secrets) {
    const at = headers.get('x-slack-request-timestamp')
    const given = /^v0=([0-9a-f]{64})$/i.exec(headers.get('x-slack-signature') ?? '')?.[1]
    if (at === null) return undefined
    const signed = secrets.map((secret) => hmac(Buffer.from(secret), `v0:${at}:`, body))
    if (!matches([fromHex(given)], signed)) return undefined
    const challenge = field(body, 'type') === 'url_verification' ? field(body, 'challenge') : undefined
    return {
      id: field(body, 'event_id') ?? digest(Buffer.concat([Buffer.from(`${at}:`), body])),
      at: Number(at) * 1_000,
      ...(challenge === undefined ? {} : { reply: { challenge } }),
    }
  },
}

function hmac(key: Buffer, before: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(before).update(body).digest()
}

/** Whether any is any other; how long it takes says nothing of how much of one was right. */
function matches(given: readonly Buffer[], signed: readonly Buffer[]): boolean {
  let found = false
  for (const one of given)
    for (const other of signed) if (one.length === other.length && timingSafeEqual(one, other)) found = true
  return found
}

function fromHex(text: string | undefined): Buffer {
  return Buffer.from(text ?? '', 'hex')
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url')
}

/** A text at the top of a body that is verified already. */
function field(body: Uint8Array, name: string): string | undefined {
  try {
    const value = (JSON.parse(Buffer.from(body).toString()) as Readonly<Record<string, unknown>> | null)?.[name]
    return typeof value === 'string' ? value : undefined
  } catch {
    // a form, as of a slash command: it has no such field
    return undefined
  }
}
