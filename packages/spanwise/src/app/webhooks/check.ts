import { secretsOf } from './secret.ts'
import type { Webhook } from './webhooks.ts'

/** What a webhook lacks in this process; undefined when it has what it needs. */
export function checkWebhook(webhook: Webhook): string | undefined {
  try {
    if (webhook.way === 'out') {
      webhook.url()
      secretsOf(webhook.name, webhook.secret)
    } else if (typeof webhook.options.verify !== 'function') secretsOf(webhook.name, webhook.options.secret)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
