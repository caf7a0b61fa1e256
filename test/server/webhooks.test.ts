import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { signal, webhook, workflow } from '../../packages/spanwise/src/index.ts'
import { openMemoryStore } from '../../packages/spanwise/src/journal/index.ts'
import { TestClock, testApp } from '../../packages/spanwise/src/testing/index.ts'
import { type Api, api } from './support.ts'

const secret = 'a-secret-that-nobody-may-see'
const Order = z.object({ order: z.string(), amount: z.number() })
const ship = workflow('ship', { input: Order }, async ({ order }) => `shipped ${order}`)
const paid = signal('paid', z.object({ amount: z.number() }))
const waits = workflow('waits', { input: z.string() }, async () => (await paid.wait()).amount)
const index = workflow('index', { debounce: { period: '5s' } }, async (_: unknown) => 'indexed')

const webhooks = [
  webhook.in('orders', { secret: () => [secret, 'the-old-one'], schema: Order, start: ship }),
  webhook.in('payments', {
    secret: () => secret,
    schema: Order,
    signal: paid,
    to: ({ payload }) => ({ workflow: 'waits', id: payload.order }),
    value: ({ payload }) => ({ amount: payload.amount }),
    when: ({ payload }) => payload.amount > 0,
  }),
  webhook.in('pushes', { verify: 'github', secret: () => secret, start: index, bodyLimit: 1_000 }),
  webhook.in('unset', { secret: () => process.env['SPANWISE_TEST_NOT_SET'], start: ship }),
  webhook.in('own', {
    verify: ({ headers }) => (headers.get('x-token') === secret ? { id: headers.get('x-id') ?? '' } : undefined),
    start: ship,
    input: ({ payload, id }) => ({ order: String(payload), amount: id.length }),
    tenant: 'acme',
  }),
]

interface Message {
  readonly id?: string
  readonly at?: number
  readonly key?: string
  readonly type?: string
}

function signed(
  body: string,
  { id = 'msg_1', at = Date.now(), key = secret, type = 'application/json' }: Message = {},
) {
  const time = String(Math.floor(at / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')
  const headers = {
    'content-type': type,
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${signature}`,
  }
  return { method: 'POST', body, headers }
}

async function scene(): Promise<Api> {
  return api({ workflows: [ship, waits, index], webhooks, clock: new TestClock({ start: new Date() }) }, { auth: {} })
}

const order = (amount = 5): string => JSON.stringify({ order: 'o-7', amount })

describe('webhooks that come in', () => {
  it('start a run, once, however often they are sent; with either of two secrets', async () => {
    const { app, send } = await scene()
    const first = await send('/webhooks/orders', signed(order()))
    const { state, run } = (await first.json()) as { state: string; run: string }
    expect([first.status, state]).toEqual([200, 'started'])
    for (const key of [secret, 'the-old-one']) {
      const again = await send('/webhooks/orders', signed(order(), { key }))
      expect([again.status, await again.json()]).toEqual([200, { state: 'repeated', run }])
    }
    await app.idle()
    expect(await (await app.get(run))?.result()).toBe('shipped o-7')
    expect((await send('/webhooks/orders', signed(order(), { id: 'msg_2' }))).status).toBe(200)
    expect((await app.list()).items).toHaveLength(2)
    expect(await app.webhooks.list()).toContainEqual(
      expect.objectContaining({ name: 'orders', start: 'ship', accepted: 2, repeated: 2, refused: 0 }),
    )
  })

  it('are refused and counted where they are not signed, signed long ago, or not what they should be', async () => {
    const { app, send } = await scene()
    const refuse = async (name: string, init: RequestInit): Promise<unknown> => {
      const response = await send(`/webhooks/${name}`, init)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const text = await response.text()
      expect(text).not.toContain(secret)
      return [response.status, (JSON.parse(text) as { code: string }).code]
    }
    expect(await refuse('orders', { method: 'POST', body: order() })).toEqual([403, 'WEBHOOK_UNSIGNED'])
    expect(await refuse('orders', signed(order(), { key: 'wrong' }))).toEqual([403, 'WEBHOOK_UNSIGNED'])
    expect(await refuse('orders', { ...signed(order()), body: order(6) })).toEqual([403, 'WEBHOOK_UNSIGNED'])
    const ago = { at: Date.now() - 6 * 60_000 }
    expect(await refuse('orders', signed(order(), ago))).toEqual([403, 'WEBHOOK_STALE'])
    expect(await refuse('orders', signed(order(), { at: Date.now() + 6 * 60_000 }))).toEqual([403, 'WEBHOOK_STALE'])
    expect(await refuse('orders', signed('{"order":1}'))).toEqual([400, 'INVALID_INPUT'])
    expect(await refuse('orders', signed('{'))).toEqual([400, 'INVALID_INPUT'])
    expect(await refuse('unset', signed(order()))).toEqual([503, 'WEBHOOK_SECRET_MISSING'])
    expect(await refuse('nobody', signed(order()))).toEqual([404, 'WEBHOOK_UNKNOWN'])
    const large = `"${'x'.repeat(1_000)}"`
    const hub = { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(large).digest('hex')}` }
    expect(await refuse('pushes', { method: 'POST', body: large, headers: hub })).toEqual([413, 'BODY_TOO_LARGE'])
    expect((await app.list()).items).toEqual([])
    expect(await app.webhooks.list()).toContainEqual(
      expect.objectContaining({ name: 'orders', accepted: 0, refused: 7, refusal: 'INVALID_INPUT' }),
    )
  })

  it('tell a run once, also when it has ended meanwhile; one that is not there may come', async () => {
    const { app, send } = await scene()
    expect((await send('/webhooks/payments', signed(order(), { id: 'msg_0' }))).status).toBe(404)
    const run = await app.start(waits, 'o-7', { id: 'o-7' })
    expect(await (await send('/webhooks/payments', signed(order(0)))).json()).toEqual({ state: 'ignored' })
    const told = await send('/webhooks/payments', signed(order(5)))
    expect(await told.json()).toEqual({ state: 'signalled', run: run.id })
    expect(await run.result()).toBe(5)
    const again = await send('/webhooks/payments', signed(order(5)))
    expect([again.status, await again.json()]).toEqual([200, { state: 'repeated', run: run.id }])
    expect((await send('/webhooks/payments', signed(order(5), { id: 'msg_9' }))).status).toBe(409)
  })

  it('that become part of a debounced run are known when they are sent again after it has begun', async () => {
    const { app, send } = await scene()
    const push = (body: string) => ({
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
      },
    })
    const first = (await (await send('/webhooks/pushes', push('{"n":1}'))).json()) as { run: string }
    expect(await (await send('/webhooks/pushes', push('{"n":2}'))).json()).toEqual({ state: 'started', run: first.run })
    await app.advance('6s')
    for (const body of ['{"n":1}', '{"n":2}'])
      expect(await (await send('/webhooks/pushes', push(body))).json()).toEqual({ state: 'repeated', run: first.run })
    expect((await app.list()).items).toHaveLength(1)
  })

  it('may be verified by a function, and belong to a tenant', async () => {
    const { app, send } = await scene()
    const headers = { 'x-token': secret, 'x-id': 'one' }
    const response = await send('/webhooks/own', { method: 'POST', body: 'o-1', headers })
    const { run } = (await response.json()) as { run: string }
    await app.idle()
    expect(await (await app.get(run))?.status()).toMatchObject({ tenant: 'acme', status: 'completed' })
    expect((await send('/webhooks/own', { method: 'POST', body: 'o-1' })).status).toBe(403)
  })

  it('are turned off and on', async () => {
    const { app, send } = await scene()
    await app.webhooks.disable('orders', 'the shop is closed')
    const refused = await send('/webhooks/orders', signed(order()))
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'WEBHOOK_DISABLED' }])
    await app.webhooks.enable('orders')
    expect((await send('/webhooks/orders', signed(order()))).status).toBe(200)
    await expect(app.webhooks.disable('nobody', 'x')).rejects.toMatchObject({ code: 'WEBHOOK_UNKNOWN' })
  })

  it('start one run over a crash at any moment, when the sender repeats what was not answered', async () => {
    for (let n = 1; ; n++) {
      const store = openMemoryStore()
      const clock = new TestClock({ start: new Date() })
      await using app = await testApp({ workflows: [ship], webhooks, store, clock, faults: { crashAfter: n } })
      const { headers, body } = signed(order())
      const request = { headers: new Headers(headers), body: Buffer.from(body) }
      await app.webhooks.receive('orders', request)
      await app.webhooks.receive('orders', request)
      await app.idle()
      expect((await app.list()).items).toHaveLength(1)
      if (app.crashes === 0) break
    }
  })
})

it('a webhook that cannot work is refused where it is declared', () => {
  expect(() => webhook.in('Orders', { secret, start: ship })).toThrow(/cannot be named/)
  expect(() => webhook.in('orders', { start: ship } as never)).toThrow(/has no secret/)
  expect(() => webhook.in('orders', { secret, verify: 'gitlab' as never, start: ship })).toThrow(/gitlab/)
  expect(() => webhook.in('orders', { secret } as never)).toThrow(/one thing/)
  expect(() => webhook.out('ops', { url: 'ftp://x', secret, events: ['run.*'] })).toThrow(/no address/)
  expect(() => webhook.out('ops', { url: 'https://x.example', secret, events: ['run.ended' as never] })).toThrow(
    /run.ended/,
  )
})
