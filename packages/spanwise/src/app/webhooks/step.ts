import { SpanwiseError } from '../../journal/index.ts'
import { type Duration, type Reminder, type Step, step } from '../../workflow/index.ts'
import { incoming } from './incoming.ts'
import { outgoing } from './outgoing.ts'
import { post } from './post.ts'
import { secretsOf, type WebhookSecret } from './secret.ts'
import { signedHeaders } from './sign.ts'

export interface WebhookOptions {
  readonly url: string
  /** signs what is sent; base64 behind `whsec_`, or any text. A function is asked at each sending, so that it stands in no journal */
  readonly secret: WebhookSecret
  /** all tries; 8, the last one after about two minutes */
  readonly attempts?: number
  /** time for one try; 10 s */
  readonly timeout?: Duration
  /** also to addresses of this machine and its network */
  readonly allowPrivate?: boolean
}

function webhookStep<I = Reminder>(name: string, options: WebhookOptions): Step<I, void> {
  const { url, secret, attempts = 8, timeout = '10s', allowPrivate = false } = options
  return step(name, { attempts, timeout }, async (message: I, { idempotencyKey, abortSignal }): Promise<void> => {
    const body = JSON.stringify(message)
    const headers = signedHeaders(idempotencyKey, body, secretsOf(name, secret), Date.now())
    const { status } = await post({ url, body, headers, signal: abortSignal, allowPrivate })
    if (status >= 200 && status < 300) return
    const error = new SpanwiseError({
      code: 'WEBHOOK_REFUSED',
      message: `Webhook "${name}" was answered with ${status}.`,
      hint: 'See what the other side says; it is tried again where waiting may help.',
    })
    throw Object.assign(error, {
      status,
      failureClass: status >= 500 || status === 429 ? 'transient' : 'bug',
    })
  }) as Step<I, void>
}

/**
 * A step that posts what it is given as JSON, signed as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`,
 * `webhook-signature`), and tried again until the other side answers with 2xx. The id is the same for all tries of one message.
 * `webhook.in` takes what others send, `webhook.out` tells others what happens in runs: both are for `webhooks` of the app.
 * @example approval('refund?', { role: 'finance', remind: { every: '4h', by: webhook('remind-finance', { url, secret: () => process.env.HOOK }) } })
 */
export const webhook: typeof webhookStep & { readonly in: typeof incoming; readonly out: typeof outgoing } =
  Object.assign(webhookStep.bind(undefined) as typeof webhookStep, { in: incoming, out: outgoing })
