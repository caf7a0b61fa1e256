import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { approval, FailError, step, webhook, workflow } from '../../packages/spanwise/src/index.ts'
import { openMemoryStore } from '../../packages/spanwise/src/journal/index.ts'
import { TestClock, testApp } from '../../packages/spanwise/src/testing/index.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')

interface Got {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Somebody who is told. @param answer a status, or nothing at all */
async function receiver(answer: (nth: number, got: Got) => number | 'nothing' = () => 204) {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts)
      const [id, at] = [request.headers['webhook-id'], request.headers['webhook-timestamp']]
      const signature = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64')
      const isSigned = request.headers['webhook-signature'] === `v1,${signature}`
      const { type, data } = JSON.parse(body.toString()) as Got
      const one = { id: isSigned ? String(id) : 'not signed', type, data }
      got.push(one)
      const status = answer(got.length, one)
      if (status === 'nothing') request.socket.destroy()
      else response.writeHead(status).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got }
}

const common = { secret, allowPrivate: true } as const
const fine = workflow('fine', async (text: string) => text)
const refuses = workflow('refuses', async () => {
  throw new FailError('the secret reason')
})
const breaks = step('breaks', { attempts: 1 }, async () => {
  throw new Error('the secret reason')
})
const parks = workflow('parks', async () => breaks())
const asks = workflow('asks', async () => {
  const options = { role: 'clerk', timeout: '10h', remind: { every: '1h' } } as const
  return (await approval.ask('pay the secret?', { ...options, escalate: [{ after: '90m', role: 'boss' }] })).status
})
const workflows = [fine, refuses, parks, asks]

describe('webhooks that go out', () => {
  it('tell how runs end, signed, once, without what they hold', async () => {
    const { url, got } = await receiver()
    const webhooks = [webhook.out('ops', { ...common, url, events: ['run.*'], tenant: 'acme' })]
    await using app = await testApp({ workflows, webhooks })
    const run = await app.start(fine, 'a secret', { tenant: 'acme' })
    const failed = await app.start(refuses, undefined, { tenant: 'acme' })
    const parked = await app.start(parks, undefined, { tenant: 'acme' })
    await app.start(fine, 'of others')
    await app.idle()
    const told = new Map(got.map((one) => [one.data['run'], one]))
    expect(got).toHaveLength(3)
    expect(told.get(run.id)).toMatchObject({ type: 'run.completed', data: { workflow: 'fine', tenant: 'acme' } })
    expect(told.get(failed.id)).toMatchObject({ type: 'run.failed' })
    expect(told.get(parked.id)).toMatchObject({
      type: 'run.needs_attention',
      data: { fingerprint: (await parked.status()).fingerprint },
    })
    expect(JSON.stringify(got)).not.toContain('secret')
    expect(new Set(got.map(({ id }) => id)).size).toBe(3)
    expect(got.map(({ id }) => id)).not.toContain('not signed')
    expect(await app.webhooks.list()).toMatchObject([
      { name: 'ops', to: new URL(url).origin, delivered: 3, pending: 0 },
    ])
  })

  it('tell what runs hold where it is asked for, and not once it is erased', async () => {
    let isDown = true
    const { url, got } = await receiver(() => (isDown ? 503 : 200))
    const webhooks = [webhook.out('ops', { ...common, url, events: ['run.completed'], content: true })]
    await using app = await testApp({ workflows, webhooks })
    const kept = await app.start(fine, 'kept')
    const erased = await app.start(fine, 'erased')
    await app.idle()
    expect(got.map(({ data }) => data['content']).sort()).toEqual(['erased', 'kept'])
    await app.erase({ run: erased.id }, { reason: 'asked for', by: 'ann' })
    isDown = false
    got.length = 0
    await app.advance('1m')
    const told = new Map(got.map(({ data }) => [data['run'], data['content']]))
    expect(told).toEqual(
      new Map([
        [kept.id, 'kept'],
        [erased.id, undefined],
      ]),
    )
  })

  it('tell of approvals: asked, reminded, escalated, decided', async () => {
    const { url, got } = await receiver()
    const webhooks = [webhook.out('ops', { ...common, url, events: ['approval.*'], workflow: asks })]
    await using app = await testApp({ workflows, webhooks })
    const run = await app.start(asks)
    await app.advance('2h')
    await app.idle()
    const [question] = (await app.approvals()).items
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    await app.idle()
    expect(await run.result()).toBe('approved')
    const told = got.map(({ type, data }) => [type, data['role']])
    expect(told.filter(([type]) => type === 'approval.requested')).toEqual([['approval.requested', 'clerk']])
    expect(told.filter(([type]) => type === 'approval.escalated')).toEqual([['approval.escalated', 'boss']])
    expect(told.filter(([type]) => type === 'approval.reminded').length).toBe(2)
    expect(told.at(-1)).toEqual(['approval.decided', 'boss'])
    expect(got.at(-1)?.data['approval']).toBe(question?.id)
    expect(JSON.stringify(got)).not.toContain('secret')
  })

  it('are tried again with the same id, later each time, over crashes, and in the order of each run', async () => {
    let isDown = true
    const { url, got } = await receiver((nth) => (isDown ? (nth % 2 === 0 ? 'nothing' : 500) : 200))
    const webhooks = [webhook.out('ops', { ...common, url, events: ['approval.requested', 'run.*'] })]
    await using app = await testApp({ workflows, webhooks })
    const run = await app.start(asks)
    await app.idle()
    const [question] = (await app.approvals()).items
    await app.decide(question?.id as string, { approve: false, by: 'ann' })
    await app.advance('20s')
    await app.crash()
    await app.advance('5m')
    // what comes later of the same run waits
    expect(new Set(got.map(({ type }) => type))).toEqual(new Set(['approval.requested']))
    expect(new Set(got.map(({ id }) => id)).size).toBe(1)
    expect(got.length).toBeGreaterThan(2)
    isDown = false
    const before = got.length
    await app.advance('3h')
    expect(got.slice(before).map(({ type }) => type)).toEqual(['approval.requested', 'run.completed'])
    const { items } = await app.webhooks.deliveries({ run: run.id })
    expect(items).toMatchObject([
      { type: 'run.completed', state: 'delivered', attempts: 1, status: 200 },
      { type: 'approval.requested', state: 'delivered', status: 200 },
    ])
  })

  it('that cannot be told are dead letters, and are sent again when somebody says so', async () => {
    let status = 500
    const { url, got } = await receiver(() => status)
    const webhooks = [webhook.out('ops', { ...common, url, events: ['run.completed'], attempts: 3 })]
    await using app = await testApp({ workflows, webhooks })
    await app.start(fine, 'x')
    await app.advance('1h')
    expect(got).toHaveLength(3)
    const [dead] = (await app.webhooks.deliveries({ state: 'dead' })).items
    expect(dead).toMatchObject({ webhook: 'ops', state: 'dead', attempts: 3, status: 500 })
    expect(app.logged).toContainEqual(
      expect.objectContaining({ level: 'warn', facts: expect.objectContaining({ delivery: dead?.id }) }),
    )
    status = 204
    expect(await app.webhooks.resend({ webhook: 'ops' })).toBe(1)
    await app.idle()
    expect(await app.webhooks.delivery(dead?.id as string)).toMatchObject({ state: 'delivered', attempts: 1 })
    expect(got.at(-1)?.id).toBe(dead?.id)
    await app.webhooks.resend({ id: dead?.id as string })
    await app.idle()
    expect(got).toHaveLength(5)
    await expect(app.webhooks.resend({ id: 'msg_none' })).rejects.toMatchObject({ code: 'DELIVERY_UNKNOWN' })
    const test = await app.webhooks.test('ops')
    await app.idle()
    expect(got.at(-1)).toMatchObject({ id: test.id, type: 'webhook.test', data: { webhook: 'ops' } })
  })

  it('go to no address of this machine or its network unless that is said', async () => {
    const { url, got } = await receiver()
    const port = new URL(url).port
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '169.254.169.254']
    const webhooks = hosts.map((host, n) =>
      webhook.out(`ops-${n}`, { secret, url: `http://${host}:${port}/`, events: ['run.completed'] }),
    )
    await using app = await testApp({ workflows, webhooks })
    await app.start(fine, 'x')
    await app.idle()
    const { items } = await app.webhooks.deliveries()
    expect(items.map(({ state, error }) => `${state} ${error}`)).toEqual(hosts.map(() => 'dead WEBHOOK_ADDRESS'))
    expect(got).toEqual([])
    const reminds = webhook('reminds', { url, secret })
    await expect(reminds.direct({} as never)).rejects.toMatchObject({ code: 'WEBHOOK_ADDRESS' })
  })

  it('are told from when they are there, not while they are off, and never again after 410', async () => {
    const store = openMemoryStore()
    const clock = new TestClock()
    {
      await using before = await testApp({ workflows, store, clock })
      await before.run(fine, 'before')
    }
    let status = 200
    const { url, got } = await receiver(() => status)
    const webhooks = [webhook.out('ops', { ...common, url, events: ['run.completed'], content: true })]
    await using app = await testApp({ workflows, webhooks, store, clock })
    await app.run(fine, 'first')
    await app.idle()
    await app.webhooks.disable('ops', 'moving house')
    await app.run(fine, 'while off')
    await app.idle()
    await app.webhooks.enable('ops')
    await app.run(fine, 'second')
    await app.idle()
    expect(got.map(({ data }) => data['content'])).toEqual(['first', 'second'])
    status = 410
    await app.run(fine, 'third')
    await app.idle()
    expect(await app.webhooks.list()).toMatchObject([{ dead: 1, disabled: { reason: expect.stringContaining('410') } }])
  })
})
