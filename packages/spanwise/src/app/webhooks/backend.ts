import type { Store, WebhookStore } from '../../journal/index.ts'

/** What the app and the CLI need of whoever holds the store, as to webhooks. */
export type WebhookBackend = Pick<
  WebhookStore,
  'webhooks' | 'changeWebhook' | 'countWebhooks' | 'addDelivery' | 'deliveries' | 'resendDeliveries'
>

/** @param changed there may be something to send */
export function storeWebhooks(store: Store, changed: () => void): WebhookBackend {
  const changing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } finally {
      // also where only the answer was lost
      changed()
    }
  }
  return {
    webhooks: () => store.webhooks(),
    changeWebhook: (change) => changing(store.changeWebhook(change)),
    countWebhooks: (counts) => store.countWebhooks(counts),
    addDelivery: (delivery) => changing(store.addDelivery(delivery)),
    deliveries: (query) => store.deliveries(query),
    resendDeliveries: (order) => changing(store.resendDeliveries(order)),
  }
}
