import axe from 'axe-core'
import { describe, expect, it } from 'vitest'
import { counted, useStage } from './browser.ts'
import { order, refund, support, world } from './world.ts'

const stage = useStage()

async function stuck(): Promise<string> {
  const { items } = await stage.site.app.list({ workflow: 'order' })
  return items[0]?.id ?? ''
}

describe('tasks of every day', () => {
  it('why a run failed is on its page, and it is resumed from there: 4 clicks', async () => {
    const { site, page } = stage
    const { click, done } = counted(page)
    await page.goto(site.url)
    await click('link', /needs attention/)
    await click('link', /order/)
    // the code is on the run's own page only: the message is in the list, too
    await page.getByText('CARD_MISSING').waitFor()
    await page.getByText('no card on file for').waitFor()
    await click('button', /at charge#0, after 2 attempts/)
    await page.getByRole('heading', { name: /step\.error/ }).waitFor()
    world.isMended = true
    await click('button', 'Resume')
    await page.getByText('completed').first().waitFor()
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    done(4)
  })

  it('all runs of a failure are resumed, after being told what that reaches: 3 clicks', async () => {
    const { site, page } = stage
    const { click, done } = counted(page)
    await page.goto(site.url)
    await click('link', /^Failures/)
    world.isMended = true
    await click('button', 'Resume all')
    await page.getByText('It would reach 5 runs').waitFor()
    await click('button', 'Resume 5 runs')
    await page.getByText('5 of 5 told so').waitFor()
    await expect
      .poll(async () => (await site.app.list({ workflow: 'order', status: 'completed' })).items.length)
      .toBe(5)
    done(3)
  })

  it('an approval is answered on a phone, with what one must know: 2 clicks', async () => {
    const { site } = stage
    const page = await stage.visit({ width: 390, height: 780 })
    const { click, done } = counted(page)
    await page.goto(site.url)
    await click('link', /^Inbox/)
    await page.getByText('900').waitFor()
    await click('button', 'Approve')
    await page.getByText('Nobody waits for an answer.').waitFor()
    const run = await site.app.get(refund, 'big-refund')
    expect(await run?.result()).toMatchObject({ approvedBy: expect.any(String) })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    done(2)
  })

  it('what made the last day dear is told apart by workflow, and the sums are those of the app: 4 clicks', async () => {
    const { site, page } = stage
    const { click, choose, done } = counted(page)
    await page.goto(site.url)
    await click('link', /^Costs/)
    await choose('Since', '24h')
    await choose('Told apart by', 'workflow')
    await page.getByRole('link', { name: 'refund' }).waitFor()
    const { total } = await site.app.costs({ since: '7d' })
    expect(total.calls).toBe(8)
    await page
      .getByText(`$${Number(total.cost) / 1e9}`)
      .first()
      .waitFor()
    expect(page.url()).toContain('by=workflow')
    await click('link', 'refund')
    await page.waitForURL('**/runs?workflow=refund')
    done(4)
  })
})

describe('the audit', () => {
  it('leads from the list of decisions to what decided, on what, and what came of it', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/audit`)
    await page.getByLabel('model').fill('gpt-5-mini')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.waitForURL('**/audit?model=gpt-5-mini')
    await page.getByRole('link', { name: 'model#0' }).first().click()
    await page.getByRole('heading', { name: 'What had a part in it' }).waitFor()
    await page.getByText('fetch-order#0').first().waitFor()
    await page.getByText(/audit bundle/).waitFor()
    await page.getByText('This store is not sealed').waitFor()
  })

  it('a run is told in words, and each sentence leads to its entries', async () => {
    const { site, page } = stage
    const run = await site.app.get(refund, 'big-refund')
    await page.goto(`${site.url}/runs/${run?.id}?tab=words`)
    await page
      .getByText(/Refund over \$500\?/)
      .first()
      .waitFor()
    const { sentences } = await site.app.explain(run?.id ?? '')
    for (const { text } of sentences) await page.getByText(text.slice(0, 60)).first().waitFor()
    await page.getByRole('button', { name: '[1]' }).first().click()
    await page.getByRole('heading', { name: /entry 1/ }).waitFor()
  })
})

describe('a run', () => {
  it('is started from a form that its schema makes, and what is wrong is said beside it', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/catalogue`)
    await page.getByRole('button', { name: 'Start…' }).first().click()
    await page.getByLabel('orderId').fill('o-7')
    await page.getByLabel(/reason/).selectOption('late')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByRole('heading', { name: 'refund' }).waitFor()
    await page.getByText('Result').first().waitFor()
    await page.goto(`${site.url}/catalogue`)
    await page.getByRole('button', { name: 'Start…' }).first().click()
    await page.getByRole('button', { name: 'Write JSON instead' }).click()
    await page.getByLabel('Input, as JSON').fill('{"orderId": 7}')
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await page.getByText('INVALID_INPUT').waitFor()
    expect(stage.said.splice(0)).toEqual([expect.stringContaining('400')])
  })

  it('shows what happens as it happens, over a restart of the server', async () => {
    const { site, page } = stage
    const run = await site.app.get(refund, 'big-refund')
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByText('● live').waitFor()
    await site.restart()
    const [question] = (await site.app.approvals()).items
    await site.app.decide(question?.id ?? '', { approve: true, by: 'ada' })
    await page.getByText('✓completed').first().waitFor()
    await page.getByText('approval#0').waitFor()
  })

  it('is forked from an entry with another input; the two are compared', async () => {
    const { site, page } = stage
    const [first] = (await site.app.list({ workflow: 'refund', status: 'completed' })).items
    await page.goto(`${site.url}/runs/${first?.id}?entry=0`)
    await page.getByRole('button', { name: 'Fork from here…' }).click()
    await page.getByText(/Keeps/).waitFor()
    await page.getByLabel('Change').selectOption('input')
    await page.getByLabel('Value, as JSON').fill('{"orderId":"o-55","reason":"broken"}')
    await page.getByRole('button', { name: 'Fork', exact: true }).click()
    await page.getByText('fork of').waitFor()
    await page.getByRole('link', { name: 'compare' }).click()
    await page.getByText(/operations are not the same/).waitFor()
    await page.getByText('other input').first().waitFor()
  })

  it('is signalled and cancelled, with a reason that is kept', async () => {
    const { site, page } = stage
    const [patient] = (await site.app.list({ workflow: 'patient' })).items
    await page.goto(`${site.url}/runs/${patient?.id}`)
    await page.getByRole('button', { name: 'Cancel…' }).click()
    await page.getByLabel('Reason').fill('not needed any more')
    await page.getByRole('button', { name: 'Cancel the run' }).click()
    await page.getByText('–cancelled').first().waitFor()
    const second = await site.app.start(order, { id: 'x' })
    await page.goto(`${site.url}/runs/${second.id}`)
    await page.getByRole('button', { name: 'Signal…' }).click()
    await page.getByLabel('Signal', { exact: true }).fill('go')
    await page.getByLabel('Value, as JSON').fill('{"n": ')
    await page.getByText('This is not JSON').waitFor()
    await page.getByLabel('Value, as JSON').fill('7')
    await page.getByRole('button', { name: 'Send' }).click()
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })

  it('says that there is none where the address names none', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/runs/nobody-knows-it`)
    await page.getByText('RUN_UNKNOWN').waitFor()
    expect(stage.said.splice(0).length).toBeGreaterThan(0)
  })
})

describe('the list of runs', () => {
  it('keeps its filters in the address, and finds by text', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/runs`)
    await page.getByLabel('Status').selectOption('needs attention')
    await expect.poll(() => page.locator('a[data-row]').count()).toBe(5)
    await page.reload()
    await expect.poll(() => page.locator('a[data-row]').count()).toBe(5)
    await page.goto(`${site.url}/runs`)
    await page.locator('a[data-row]').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('o-19')
    await expect.poll(() => page.locator('a[data-row]').count()).toBe(1)
    expect(page.url()).toContain('text=o-19')
  })

  it('is walked with the keyboard, and the palette goes everywhere', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/runs`)
    await page.locator('a[data-row]').first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    const second = await page.locator('a[data-row]').nth(1).getAttribute('href')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${second}*`)
    await page.keyboard.press('Control+k')
    await page.keyboard.type('failu')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/failures')
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.waitForURL('**/inbox')
  })
})

describe('every page', () => {
  const runTabs = ['timeline', 'graph', 'states', 'words', 'data']
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
    '/catalogue/clerk',
    '/schedules',
    '/limits',
    '/webhooks',
    '/named-streams',
    '/settings',
    '/about',
  ]
  it.each(['light', 'dark'])('can be used by everybody (axe), in %s', async (theme) => {
    const { site, page } = stage
    await page.addInitScript((value) => localStorage.setItem('spanwise.theme', value), theme)
    const asks = await site.app.get(support, 'asks-for-money')
    const runs = [`/runs/${await stuck()}?entry=1`, ...runTabs.map((tab) => `/runs/${asks?.id}?tab=${tab}`)]
    for (const path of [...paths, ...runs, `/runs/${await stuck()}?tab=events`]) {
      await page.goto(site.url + path)
      await page.getByRole('heading').first().waitFor()
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0)
      await page.evaluate(axe.source)
      const { violations } = (await page.evaluate('axe.run()')) as {
        violations: { id: string; nodes: { html: string }[] }[]
      }
      expect.soft(violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0]?.html}`)).toEqual([])
    }
  })
})
