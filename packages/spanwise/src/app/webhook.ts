import { createHmac } from 'node:crypto'
import { SpanwiseError } from '../journal/index.ts'
import { type Duration, type Reminder, type Step, step } from '../workflow/index.ts'

export interface WebhookOptions {
  readonly url: string
  /** signs what is sent; base64 behind `whsec_`, or any text. A function is asked at each sending, so that it stands in no journal */
  readonly secret: string | (() => string)
  /** all tries; 8, the last one after about two minutes */
  readonly attempts?: number
  /** time for one try; 10 s */
  readonly timeout?: Duration
}

/**
 * A step that posts what it is given as JSON, signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`,
 * `webhook-signature`), and tried again until the other side answers with 2xx. The id is the same for all tries of one message.
 * @example approval('refund?', { role: 'finance', remind: { every: '4h', by: webhook('remind-finance', { url, secret: () => process.env.HOOK }) } })
 */
export function webhook<I = Reminder>(name: string, options: WebhookOptions): Step<I, void> {
  const { url, secret, attempts = 8, timeout = '10s' } = options
  return step(name, { attempts, timeout }, async (message: I, { idempotencyKey, abortSignal }): Promise<void> => {
    const body = JSON.stringify(message)
    const at = String(Math.floor(Date.now() / 1000))
    const key = keyOf(typeof secret === 'function' ? secret() : secret)
    const signature = createHmac('sha256', key).update(`${idempotencyKey}.${at}.${body}`).digest('base64')
    const answer = await fetch(url, {
      method: 'POST',
      body,
      signal: abortSignal,
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        'webhook-id': idempotencyKey,
        'webhook-timestamp': at,
        'webhook-signature': `v1,${signature}`,
      },
    })
    await answer.body?.cancel()
    if (answer.ok) return
    const error = new SpanwiseError({
      code: 'WEBHOOK_REFUSED',
      message: `Webhook "${name}" was answered with ${answer.status}.`,
      hint: 'See what the other side says; it is tried again where waiting may help.',
    })
    throw Object.assign(error, {
      status: answer.status,
      failureClass: answer.status >= 500 || answer.status === 429 ? 'transient' : 'bug',
    })
  }) as Step<I, void>
}

function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret)
}
