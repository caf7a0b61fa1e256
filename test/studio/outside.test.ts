import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { webhook } from 'spanwise'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useStage } from './browser.ts'
import { echo, hearing } from './world.ts'

const stage = useStage()

/** somebody who is told, and says no until asked to be kind */
let desk: Server
let answer = 500
const heard: string[] = []
beforeAll(async () => {
  desk = createServer((request, response) => {
    heard.push(String(request.headers['webhook-id']))
    response.writeHead(answer).end()
  })
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void desk.close())
beforeEach(() => {
  answer = 500
  heard.length = 0
})

const secret = `whsec_${Buffer.from('a secret of the tests').toString('base64')}`

async function withWebhooks(): Promise<void> {
  const { port } = desk.address() as AddressInfo
  await stage.reopen({
    app: {
      webhooks: [
        webhook.in('shop', { secret, start: echo }),
        webhook.out('desk', {
          url: `http://127.0.0.1:${port}/told`,
          secret,
          events: ['run.completed'],
          workflow: 'echo',
          allowPrivate: true,
          attempts: 1,
        }),
      ],
    },
    isFilled: false,
  })
}

describe('webhooks', () => {
  it('that nobody has heard are dead, are seen, and are sent again under the same id', async () => {
    await withWebhooks()
    const { site, page } = stage
    const run = await site.app.start(echo, { text: 'tell it' })
    await run.result()
    await page.goto(`${site.url}/webhooks`)
    await page.getByText('✕ dead').waitFor()
    const row = page.getByRole('row', { name: /^run\.completed/ })
    expect(await row.getByRole('cell').nth(4).textContent()).toBe('500')
    await page.getByRole('row', { name: /^desk/ }).getByRole('link').nth(2).click()
    await page.waitForURL('**/webhooks?webhook=desk&state=dead')
    answer = 204
    await row.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('Nothing of this kind has been told.').waitFor()
    await page.getByLabel('State').selectOption('delivered')
    await page.getByText('✓ delivered').waitFor()
    expect(heard.length).toBe(2)
    expect(new Set(heard).size).toBe(1)
  })

  it('say who was refused and why, and are turned off and on', async () => {
    await withWebhooks()
    const { site, page } = stage
    const response = await fetch(`${site.url}/webhooks/shop`, { method: 'POST', body: '{"text":"let me in"}' })
    expect(response.status).toBe(403)
    await page.goto(`${site.url}/webhooks`)
    await page.getByText('WEBHOOK_UNSIGNED').waitFor()
    await page.getByRole('button', { name: 'Turn desk off' }).click()
    await page.getByText('▲ off since').waitFor()
    expect((await site.app.webhooks.list()).find(({ name }) => name === 'desk')?.disabled).toBeDefined()
    await page.getByRole('button', { name: 'Turn desk on' }).click()
    await expect.poll(() => page.getByText('▲ off since').count()).toBe(0)
  })
})

describe('named streams', () => {
  it('are read from the beginning, followed over a restart, and tell their digest when closed', async () => {
    const { site, page } = stage
    const { streams } = site.app
    await streams.create('imports/march', { type: 'application/json' })
    await streams.append('imports/march', { row: 'the first' })
    await page.goto(`${site.url}/named-streams`)
    await page.getByRole('link', { name: 'imports/march' }).click()
    await page.waitForURL('**/named-streams?stream=imports*')
    const log = page.getByRole('log')
    await log.getByText('"the first"').waitFor()
    await page.getByText('● live').waitFor()
    await site.restart()
    await streams.append('imports/march', { row: 'the second' })
    await log.getByText('"the second"').waitFor()
    expect(await log.getByText('"the first"').count()).toBe(1)
    await streams.close('imports/march')
    await page.getByText('✓ all of it').waitFor()
    const { digest } = (await streams.get('imports/march')) ?? {}
    await page.getByText(`sha256 ${digest}`).waitFor()
  })

  it('say that there is none where the address names none', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/named-streams?stream=nobody`)
    await page
      .getByRole('alert')
      .getByText(/STREAM/)
      .waitFor()
    expect(stage.said.splice(0).length).toBeGreaterThan(0)
  })
})

describe('a form of an approval', () => {
  it('is filled in on a phone: texts, numbers, days, choices, lists and what is inside', async () => {
    const { site } = stage
    const run = await site.app.start(hearing)
    const page = await stage.visit({ width: 390, height: 780 })
    await page.goto(`${site.url}/inbox`)
    const card = page.getByRole('article').filter({ hasText: 'Which parcel' })
    await card.getByLabel(/^parcel/).fill('p-77')
    await card.getByLabel('times').fill('3')
    await card.getByLabel(/^until/).fill('2026-12-24')
    await card.getByLabel('insured').selectOption('no')
    await card.getByLabel('speed').selectOption('fast')
    await card.getByRole('button', { name: 'Add to notes' }).click()
    await card.getByRole('textbox', { name: 'notes 1' }).fill('ring twice')
    // what is needed is asked for before anything is sent
    await card.getByRole('button', { name: 'Approve' }).click()
    expect((await site.app.approvals({ run: run.id })).items.length).toBe(1)
    await card.getByLabel('street').fill('Long Road 1')
    for (const name of ['Approve', 'Reject', 'Add to notes', 'Remove notes 1', 'Write JSON instead'])
      expect((await card.getByRole('button', { name }).boundingBox())?.height ?? 0).toBeGreaterThanOrEqual(44)
    await card.getByRole('button', { name: 'Approve' }).click()
    expect(await run.result()).toMatchObject({
      form: {
        parcel: 'p-77',
        times: 3,
        until: '2026-12-24',
        insured: false,
        speed: 'fast',
        notes: ['ring twice'],
        address: { street: 'Long Road 1' },
      },
    })
  })

  it('is written as JSON one key away, with what was filled in so far', async () => {
    const { site, page } = stage
    const run = await site.app.start(hearing)
    await page.goto(`${site.url}/inbox`)
    const card = page.getByRole('article').filter({ hasText: 'Which parcel' })
    await card.getByLabel(/^parcel/).fill('p-8')
    await card.getByRole('button', { name: 'Write JSON instead' }).click()
    const text = card.getByLabel('Answer, as JSON')
    expect(JSON.parse(await text.inputValue())).toEqual({ parcel: 'p-8', address: {} })
    await text.fill('{"parcel":"p-8","times":12,"insured":true,"speed":"slow","address":{"street":"x"}}')
    await card.getByRole('button', { name: 'Approve' }).click()
    await card.getByRole('alert').waitFor()
    expect(stage.said.splice(0)).toEqual([expect.stringContaining('400')])
    await text.fill('{"parcel":"p-8","times":2,"insured":true,"speed":"slow","address":{"street":"x"}}')
    await card.getByRole('button', { name: 'Approve' }).click()
    expect(await run.result()).toMatchObject({ form: { times: 2 } })
  })
})

describe('on a phone', () => {
  it('no page is wider than the screen', async () => {
    const { site } = stage
    const page = await stage.visit({ width: 390, height: 780 })
    const [stuck] = (await site.app.list({ workflow: 'order' })).items
    await site.app.streams.create('imports/march', { type: 'application/json' })
    const paths = [
      '/',
      '/runs',
      '/inbox',
      '/failures',
      '/costs',
      '/models',
      '/audit',
      '/catalogue',
      '/catalogue/support',
    ]
    const more = ['/schedules', '/limits', '/webhooks', '/named-streams?stream=imports%2Fmarch', '/settings', '/about']
    const tabs = ['timeline', 'events', 'words', 'data'].map((tab) => `/runs/${stuck?.id}?tab=${tab}`)
    for (const path of [...paths, ...more, ...tabs]) {
      await page.goto(site.url + path)
      await page.getByRole('heading').first().waitFor()
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0)
      expect.soft(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
    }
  })

  it('the list of runs says how each stands without being moved sideways', async () => {
    const { site } = stage
    const page = await stage.visit({ width: 390, height: 780 })
    await page.goto(`${site.url}/runs?status=needs+attention`)
    const row = page.locator('a[data-row]').first()
    await row.waitFor()
    for (const part of [row.getByText('needs attention'), row.getByText(/no card on file/), row.locator('time')]) {
      const box = await part.last().boundingBox()
      expect(box?.x ?? -1).toBeGreaterThanOrEqual(0)
      expect((box?.x ?? 0) + (box?.width ?? 999)).toBeLessThanOrEqual(390)
    }
  })
})
