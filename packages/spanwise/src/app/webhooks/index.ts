export { checkWebhook } from './check.ts'
export { told } from './gateway-events.ts'
export type { IncomingWebhook, RunAddress, SignalsRuns, StartsRuns, WebhookEvent } from './incoming.ts'
export type { OutgoingOptions, OutgoingWebhook, WebhookEventType } from './outgoing.ts'
export type { Received } from './receive.ts'
export type { WebhookSecret } from './secret.ts'
export { createSender } from './sender.ts'
export { type WebhookOptions, webhook } from './step.ts'
export type { Verified, Verify, WebhookRequest } from './verify.ts'
export {
  aboutWebhooks,
  type Delivery,
  type DeliveryListOptions,
  makeWebhooks,
  type Webhook,
  type WebhookState,
  type Webhooks,
} from './webhooks.ts'
