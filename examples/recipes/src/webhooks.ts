import { signal, webhook, workflow } from 'spanwise'

export const shipped = signal<{ parcel: string }>('shipped')

export const order = workflow('order', async (_: { id: string }) => (await shipped.wait({ timeout: '14d' })).parcel)

interface Event {
  readonly order: string
  readonly parcel: string
}

/** For `webhooks` of the config: the shop starts runs, the carrier tells them, and a chat is told what needs somebody. */
export const webhooks = [
  webhook.in<Event, { id: string }>('shop', {
    secret: () => process.env['SHOP_SECRET'],
    start: order,
    input: ({ payload }) => ({ id: payload.order }),
  }),
  webhook.in<{ run: string; parcel: string }, { parcel: string }>('carrier', {
    // two, while one takes the place of the other
    secret: () => [process.env['CARRIER_SECRET'] ?? '', process.env['CARRIER_SECRET_BEFORE'] ?? ''],
    signal: shipped,
    to: ({ payload }) => ({ run: payload.run }),
    value: ({ payload }) => ({ parcel: payload.parcel }),
  }),
  webhook.out('chat', {
    url: () => process.env['CHAT_URL'],
    secret: () => process.env['CHAT_SECRET'],
    events: ['run.needs_attention', 'approval.requested', 'budget.*'],
  }),
]
