import { z } from 'zod'
import type { DeliveryListOptions } from '../../app/index.ts'
import { route } from '../route.ts'
import { cursor, limit, none, pageOf, text } from '../schemas.ts'

const time = z.string().meta({ format: 'date-time' })

const webhook = z
  .object({
    name: z.string(),
    way: z.enum(['in', 'out']),
    verify: z.string().optional(),
    start: z.string().optional(),
    signal: z.string().optional(),
    to: z.string().optional().meta({ description: 'where it goes, without the path' }),
    events: z.array(z.string()).readonly().optional(),
    disabled: z.object({ at: time, reason: z.string() }).optional(),
    accepted: z.int(),
    repeated: z.int(),
    ignored: z.int(),
    refused: z.int(),
    lastAt: time.optional(),
    refusedAt: time.optional(),
    refusal: z.string().optional().meta({ description: 'code of the latest refusal' }),
    pending: z.int(),
    delivered: z.int(),
    dead: z.int(),
  })
  .meta({ id: 'Webhook' })

const deliveryState = z.enum(['pending', 'delivered', 'dead'])

const delivery = z
  .object({
    id: z.string(),
    webhook: z.string(),
    type: z.string(),
    run: z.string().optional(),
    workflow: z.string().optional(),
    tenant: z.string().optional(),
    index: z.int().optional().meta({ description: 'of the entry that it tells of' }),
    at: time,
    state: deliveryState,
    attempts: z.int(),
    nextAt: time.optional(),
    status: z.int().optional().meta({ description: 'of the latest answer' }),
    error: z.string().optional().meta({ description: 'why there was none' }),
    updatedAt: time,
  })
  .meta({ id: 'Delivery' })

const byName = z.strictObject({ webhook: text })
const byId = z.strictObject({ delivery: text })
const sent = z.object({ sent: z.int() })

/** What a config names belongs to no tenant, and what goes out may be of any: they are for who has all. */
export const webhookRoutes = {
  listWebhooks: route({
    summary: 'Webhooks, in and out, and what became of what they carried',
    group: 'webhooks',
    role: 'viewer',
    tenant: 'all',
    params: none,
    input: none,
    output: z.object({ items: z.array(webhook).readonly() }),
    handler: async ({ app }) => ({ items: await app.webhooks.list() }),
  }),
  testWebhook: route({
    summary: 'Send a webhook.test to one that goes out',
    group: 'webhooks',
    role: 'operator',
    tenant: 'all',
    params: byName,
    input: none,
    output: delivery,
    handler: ({ app, params }) => app.webhooks.test(params.webhook),
  }),
  disableWebhook: route({
    summary: 'Turn a webhook off: nothing is taken or told',
    group: 'webhooks',
    role: 'operator',
    tenant: 'all',
    params: byName,
    input: z.strictObject({ reason: z.string().max(1_000).optional() }),
    output: webhook,
    handler: ({ app, params, input: { reason }, caller }) =>
      app.webhooks.disable(params.webhook, reason ?? `turned off by ${caller.name}`),
  }),
  enableWebhook: route({
    summary: 'Turn a webhook on again, from now on',
    group: 'webhooks',
    role: 'operator',
    tenant: 'all',
    params: byName,
    input: none,
    output: webhook,
    handler: ({ app, params }) => app.webhooks.enable(params.webhook),
  }),
  resendDead: route({
    summary: 'Send again what could not be told',
    group: 'webhooks',
    role: 'operator',
    tenant: 'all',
    params: byName,
    input: none,
    output: sent,
    handler: async ({ app, params }) => ({ sent: await app.webhooks.resend({ webhook: params.webhook }) }),
  }),
  listDeliveries: route({
    summary: 'What was told, and what is to be; newest first',
    group: 'webhooks',
    role: 'viewer',
    tenant: 'all',
    params: none,
    input: z.strictObject({
      webhook: text.optional(),
      state: deliveryState.optional(),
      run: text.optional(),
      after: cursor,
      limit,
    }),
    output: pageOf(delivery),
    handler: ({ app, input }) => app.webhooks.deliveries(input as DeliveryListOptions),
  }),
  getDelivery: route({
    summary: 'One delivery',
    group: 'webhooks',
    role: 'viewer',
    tenant: 'all',
    params: byId,
    input: none,
    output: delivery,
    handler: ({ app, params }) => app.webhooks.delivery(params.delivery),
  }),
  resendDelivery: route({
    summary: 'Send one again, whatever came of it',
    group: 'webhooks',
    role: 'operator',
    tenant: 'all',
    params: byId,
    input: none,
    output: sent,
    handler: async ({ app, params }) => ({ sent: await app.webhooks.resend({ id: params.delivery }) }),
  }),
} as const
