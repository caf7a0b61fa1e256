export const deliveryStates = ['pending', 'delivered', 'dead'] as const

export interface WebhooksSearch {
  /** whose deliveries are shown */
  readonly webhook?: string
  readonly state?: (typeof deliveryStates)[number]
}

export function readWebhooksSearch(search: Record<string, unknown>): WebhooksSearch {
  const webhook = search['webhook']
  const state = deliveryStates.find((one) => one === search['state'])
  return {
    ...(typeof webhook === 'string' && webhook !== '' ? { webhook } : {}),
    ...(state === undefined ? {} : { state }),
  }
}
