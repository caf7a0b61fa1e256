import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { workflow } from 'spanwise'
import { testApp } from 'spanwise/testing'
import { describe, expect, it } from 'vitest'
import { publish } from './escalate.ts'
import { charge } from './key.ts'
import { batch } from './many.ts'
import { digest, nightly } from './nightly.ts'
import { poll } from './poll.ts'
import { pay } from './reconcile.ts'
import { collect, paid } from './remind.ts'
import { buy } from './saga.ts'
import { visit } from './table.ts'
import { pages } from './tenants.ts'
import { order, webhooks } from './webhooks.ts'
import { world } from './world.ts'

const page = readFileSync(new URL('../../../docs/recipes.md', import.meta.url), 'utf8')

describe('docs/recipes.md', () => {
  const files = readdirSync(import.meta.dirname).filter((one) => !['world.ts', 'recipes.test.ts'].includes(one))

  it.each(files)('shows %s as it is', (file) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    const shown = text.replace("import { world } from './world.ts'\n", '')
    expect(page).toContain(`\`\`\`ts\n${shown}\`\`\``)
  })
})

describe('the recipes', () => {
  it('charge and pay once, also when the process dies after the effect', async () => {
    const shop = workflow('shop', async () => [await charge(5), await pay(7)])
    world.charges.clear()
    await using app = await testApp({ workflows: [shop] })
    const run = await app.start(shop)
    await app.crash()
    const [first, second] = await run.result()
    expect([...world.charges]).toEqual([
      [first, 5],
      [second, 7],
    ])
  })

  it('process many and tell what failed', async () => {
    await using app = await testApp({ workflows: [batch] })
    expect(await app.run(batch)).toEqual({ done: 3, failed: ['broken: broken cannot be processed'] })
  })

  it('put back what was taken', async () => {
    await using app = await testApp({ workflows: [buy] })
    await expect(app.run(buy, { item: 'lamp', card: 'refused' })).rejects.toThrow('the card was refused')
    expect(world.stock.get('lamp')).toBe(1)
    expect(await app.run(buy, { item: 'lamp', card: 'good' })).toBe('lamp sold')
    expect(world.stock.get('lamp')).toBe(0)
  })

  it('escalate, and take silence for no', async () => {
    await using app = await testApp({ workflows: [publish] })
    const asked = await app.start(publish, 'A')
    await app.advance('1d')
    const [question] = (await app.approvals()).items
    expect(question?.role).toBe('lead')
    await app.decide(question?.id ?? '', { approve: true, by: 'lea' })
    expect(await asked.result()).toBe(true)
    expect(await app.run(publish, 'B')).toBe(false)
  })

  it('remind until it is paid', async () => {
    world.mails.length = 0
    await using app = await testApp({ workflows: [collect] })
    const run = await app.start(collect, 'i-1')
    await app.advance('8d')
    await run.signal(paid, { amount: 12 })
    expect(await run.result()).toBe(12)
    expect(world.mails).toEqual(['i-1 is not paid'])
  })

  it('poll for long', async () => {
    await using app = await testApp({ workflows: [poll] })
    expect(await app.run(poll, 0)).toBe('ready after 3')
  })

  it('work for customers side by side', async () => {
    await using app = await testApp({ workflows: [pages] })
    expect(await Promise.all([app.run(pages, 'a'), app.run(pages, 'b')])).toEqual([
      ['a 1', 'a 2', 'a 3', 'a 4'],
      ['b 1', 'b 2', 'b 3', 'b 4'],
    ])
  })

  it('count in a table of their own', async () => {
    await using app = await testApp({ workflows: [visit] })
    expect([await app.run(visit, 'ann'), await app.run(visit, 'ann')]).toEqual([1, 2])
  })

  it('run by night', async () => {
    await using app = await testApp({ workflows: [digest] })
    await nightly(app)
    await app.advance('2d')
    const { items } = await app.list({ workflow: 'digest' })
    expect(items.map(({ status }) => status)).toEqual(['completed', 'completed'])
  })

  it('take webhooks: one run, told once', async () => {
    Object.assign(process.env, { SHOP_SECRET: 'shop', CARRIER_SECRET: 'carrier' })
    const send = (name: string, secret: string, id: string, payload: object) => {
      const body = Buffer.from(JSON.stringify(payload))
      const at = '1767225600'
      const signature = createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')
      const headers = new Headers({ 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': at })
      headers.set('webhook-signature', `v1,${signature}`)
      return app.webhooks.receive(name, { headers, body })
    }
    await using app = await testApp({ workflows: [order], webhooks: webhooks.filter(({ way }) => way === 'in') })
    const { run } = await send('shop', 'shop', 'm1', { order: 'o-1' })
    expect(await send('shop', 'shop', 'm1', { order: 'o-1' })).toMatchObject({ state: 'repeated', run })
    await send('carrier', 'carrier', 'm2', { run, parcel: 'p-9' })
    expect(await (await app.get(run as string))?.result()).toBe('p-9')
  })
})
