import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../packages/spanwise/src/engine/index.ts'
import { members } from '../support/zip.ts'
import { counted, useStage } from './browser.ts'
import { echo, patient, provider, refund, reply, support, world } from './world.ts'

const stage = useStage()

describe('erasing', () => {
  it('a subject is erased after being told what that reaches, and the act is on record: 5 clicks', async () => {
    const { site, page } = stage
    const [about] = (await site.app.list({ workflow: 'refund', text: 'o-28' })).items
    const { click, done } = counted(page)
    await page.goto(site.url)
    await click('link', /^Audit/)
    await click('button', 'Erase a subject…')
    await page.getByRole('dialog').getByLabel('Subject').fill('customer-7')
    await click('button', 'What would it reach?')
    await page.getByText('It reaches 2 runs. 1 of them has not ended').waitFor()
    await page.getByLabel('Reason').fill('request of 3 March')
    await click('button', 'Erase for good')
    await page.getByText(/^Erased by/).waitFor()
    await click('button', 'Close')
    await page.getByRole('cell', { name: 'request of 3 March' }).waitFor()
    done(5)
    expect((await site.app.acts({ kind: 'erased' })).items.length).toBe(1)
    const run = await site.app.get(about?.id ?? '')
    for await (const { payload } of run?.events() ?? []) expect(payload).toBeUndefined()
    await page.goto(`${site.url}/runs/${about?.id}?entry=0`)
    await page.getByText('None, or erased.').waitFor()
  })

  it('what a legal hold is on cannot be erased: it is said who holds it, and the button does nothing', async () => {
    const { site, page } = stage
    await site.app.hold({ subject: 'customer-7' }, { reason: 'claim of March', by: 'ann' })
    await page.goto(`${site.url}/audit`)
    await page.getByRole('button', { name: 'Erase a subject…' }).click()
    await page.getByRole('dialog').getByLabel('Subject').fill('customer-7')
    await page.keyboard.press('Enter')
    await page.getByText('A legal hold forbids it: claim of March (ann').waitFor()
    expect(await page.getByRole('button', { name: 'Erase for good' }).isDisabled()).toBe(true)
  })

  it('where two have to agree, the other one types a key of theirs', async () => {
    await stage.reopen({ app: { oversight: { secondPerson: true } }, server: { auth: {} } })
    const { site, page } = stage
    const key = (name: string) => site.app.createApiKey({ name, grants: [{ tenant: '*', roles: ['admin'] }] })
    const [ann, bob] = [await key('ann'), await key('bob')]
    const run = await site.app.get(support, 'asks-for-money')
    await page.goto(`${site.url}/settings`)
    await page.getByLabel(/^API key/).fill(ann.secret)
    await page.getByRole('button', { name: 'Use it' }).click()
    await page.getByText('ann', { exact: true }).first().waitFor()
    // it was refused what it asked before it had a key
    stage.said.splice(0)
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('button', { name: 'Erase…' }).click()
    await page.getByRole('button', { name: 'What would it reach?' }).click()
    await page.getByLabel('Reason').fill('test data')
    await page.getByLabel('Key of the one who agrees').fill(ann.secret)
    await page.getByRole('button', { name: 'Erase for good' }).click()
    await page.getByText('SECOND_PERSON_NEEDED').waitFor()
    expect(stage.said.splice(0)).toEqual([expect.stringContaining('403')])
    await page.getByLabel('Key of the one who agrees').fill(bob.secret)
    await page.getByRole('button', { name: 'Erase for good' }).click()
    await page.getByText('Erased by ann, with bob').waitFor()
    expect((await site.app.acts({ kind: 'erased' })).items).toMatchObject([{ by: 'ann', second: 'bob', run: run?.id }])
  })
})

describe('evidence', () => {
  it('of a run is downloaded when all of it is sealed', async () => {
    await stage.reopen({ app: { audit: { every: '50ms' } } })
    const { site, page } = stage
    const [decision] = (await site.app.decisions()).items
    const [run, index] = (decision?.id ?? '').split('/')
    await page.goto(`${site.url}/audit/${run}/${index}`)
    await page.getByText(/✓ All \d+ entries are sealed/).waitFor()
    await page.goto(`${site.url}/runs/${run}`)
    await page.getByRole('button', { name: 'Evidence…' }).click()
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download evidence' }).click()
    const file = await coming
    expect(file.suggestedFilename()).toBe(`run-${run}.zip`)
    const found = members(readFileSync(await file.path()))
    expect([...found.keys()]).toContain('verify.mjs')
    expect(found.get('evidence.json')).toContain(`"run": "${run}"`)
  })

  it('is not there where the store is not sealed, and the page says so', async () => {
    const { site, page } = stage
    const [run] = (await site.app.list({ workflow: 'echo' })).items
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('button', { name: 'Evidence…' }).click()
    await page.getByText('This store is not sealed').waitFor()
    expect(await page.getByRole('button', { name: 'Download evidence' }).isDisabled()).toBe(true)
  })

  it('where reading is on record the reason is said under the settings', async () => {
    await stage.reopen({ app: { oversight: { access: 'reason' } } })
    const { site, page } = stage
    const [run] = (await site.app.list({ workflow: 'echo' })).items
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByText('REASON_NEEDED').first().waitFor()
    await page.goto(`${site.url}/settings`)
    await page.getByLabel(/^Why you look/).fill('complaint of müller')
    await page.getByRole('button', { name: 'Say it' }).click()
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('heading', { name: 'Result' }).waitFor()
    expect((await site.app.acts({ kind: 'read' })).items).toContainEqual(
      expect.objectContaining({ run: run?.id, reason: 'complaint of müller' }),
    )
    // what it was refused before
    expect(stage.said.splice(0).every((one) => one.includes('400'))).toBe(true)
  })
})

describe('models and money', () => {
  it('shows candidates as they stand, their share and times, and who came behind a name without a word', async () => {
    const { site, page } = stage
    provider.fail({ kind: 'model', model: 'gpt-5-mini-by-night' })
    await site.app.run(refund, { orderId: 'o-31' })
    await page.goto(`${site.url}/models`)
    const row = page.getByRole('row', { name: /^gpt-5-mini/ })
    await row.getByText('✓ closed, ok').waitFor()
    await row.getByText('100 %').waitFor()
    expect(await row.getByRole('cell').nth(3).textContent()).toBe('9')
    expect(await row.getByRole('cell').nth(5).textContent()).toMatch(/\d ms$/)
    expect(await row.getByRole('cell').nth(8).textContent()).toBe('0.25 / 2')
    await page
      .getByRole('row', { name: /^gpt-4.1-mini/ })
      .getByText('not asked')
      .waitFor()
    await page.getByText('▲ gpt-5-mini-by-night').waitFor()
    await page.getByLabel('Period').selectOption('24h')
    await page.waitForURL('**/models?period=24h')
  })

  it('tells budgets with what is used of them, on the costs page and on the overview', async () => {
    const { site, page } = stage
    const budgets = (await site.app.budgets()) ?? []
    const refunds = budgets.find(({ only }) => only === 'refund')
    expect(refunds?.used).toBeGreaterThan(0n)
    for (const path of ['/costs', '/']) {
      await page.goto(site.url + path)
      const line = page.getByRole('listitem').filter({ hasText: 'workflow refund' })
      const percent = (Number(refunds?.used) / Number(refunds?.limit)) * 100
      await line.getByText(`$${Number(refunds?.used) / 1e9} · ${percent.toFixed(1)} %`).waitFor()
      await page.getByText('Each workflow').waitFor()
    }
  })

  it('has the retry debt on the overview, and the time to recovery as soon as something was mended', async () => {
    const { site, page } = stage
    await page.goto(site.url)
    await page.getByText('5 retries').waitFor()
    expect(await page.getByText('Time to recovery').count()).toBe(0)
    world.isMended = true
    const { fingerprint } = (await site.app.failures()).items[0] ?? { fingerprint: '' }
    await site.app.resume({ fingerprint })
    await expect.poll(async () => (await site.app.overview()).recovered).toBe(5)
    await page.reload()
    await page.getByText('5 of 5 that needed attention are mended').waitFor()
  })
})

describe('graphs', () => {
  it('are drawn in the catalogue, and an agent says what it may do', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/catalogue`)
    await page.getByRole('link', { name: 'support' }).click()
    const graph = page.getByRole('region', { name: 'Graph support' })
    for (const name of ['start', 'classify', 'answer', 'review', 'human', 'end'])
      await graph.locator('text').getByText(name, { exact: true }).waitFor()
    await graph.getByText('again').waitFor()
    await page.goto(`${site.url}/catalogue/clerk`)
    await page.getByText('an order by its id').waitFor()
    await page.getByText('6 turns, $0.05').waitFor()
  })

  it('say live where a run stands, over a restart of the server', async () => {
    const { site, page } = stage
    const run = await site.app.get(support, 'asks-for-money')
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('link', { name: 'Graph' }).click()
    await page.getByText('◐ human').waitFor()
    await page.getByText('✓ classify').waitFor()
    await page.getByText('● live').waitFor()
    await site.restart()
    await run?.signal(reply, 'it is on its way')
    await page.getByText('✓ human').waitFor()
    await page.getByText('✓completed').first().waitFor()
    await page.getByRole('button', { name: /classify/ }).click()
    await page.getByRole('region', { name: /^Entry/ }).waitFor()
  })

  it('count rounds, and each superstep says what it changed', async () => {
    const { site, page } = stage
    const [done] = (await site.app.list({ workflow: 'support', status: 'completed' })).items
    await page.goto(`${site.url}/runs/${done?.id}?tab=graph`)
    await page.getByText('✓ answer').waitFor()
    await page
      .getByText(/^×3 · /)
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'States' }).click()
    await page.getByRole('button', { name: /after superstep 4/ }).click()
    await page.getByText('answers[1]').waitFor()
    await page.getByText('+ "draft 2"').waitFor()
  })
})

describe('settings', () => {
  it('a key is made, shown once, and revoked', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/settings`)
    await page.getByRole('button', { name: 'New key…' }).click()
    await page.getByRole('textbox', { name: /^Name/ }).fill('ci')
    await page.getByLabel('operator').check()
    await page.getByRole('button', { name: 'Make the key' }).click()
    const secret = (await page.getByText(/^sw_/).textContent()) ?? ''
    expect(await site.app.findApiKey(secret)).toMatchObject({
      name: 'ci',
      grants: [{ tenant: '*', roles: ['viewer', 'operator'] }],
    })
    await page.getByRole('button', { name: 'I have it' }).click()
    await page.getByRole('cell', { name: 'ci', exact: true }).waitFor()
    expect(await page.getByText(secret).count()).toBe(0)
    await page.getByRole('button', { name: 'Revoke ci…' }).click()
    await page.getByRole('button', { name: 'Revoke ci', exact: true }).click()
    await page.getByText(/^revoked/).waitFor()
    expect(await site.app.findApiKey(secret)).toBeUndefined()
  })

  it('rules of retention that the config names are told in words, and so is that there are none', async () => {
    await stage.page.goto(`${stage.site.url}/settings`)
    await stage.page.getByText('None: no run is let go by itself.').waitFor()
    await stage.reopen({
      app: {
        retention: [
          { status: ['completed', 'failed'], workflow: 'echo', keep: '30d', action: 'archive' },
          { tag: 'keep-me', keep: 'forever', action: 'delete' },
        ],
        oversight: { keepDecisions: '400d' },
      },
      isFilled: false,
    })
    const { site, page } = stage
    await page.goto(`${site.url}/settings`)
    await page.getByText('Runs that are completed or failed of echo are archived after 30 d.').waitFor()
    await page.getByText('Runs that ended with tag keep-me are never deleted.').waitFor()
    await page.getByText('Runs with decisions stay for 400 d after their end').waitFor()
  })

  it('a rule of retention says what it would reach before it is applied', async () => {
    let ahead = 0
    const clock = { ...systemClock, now: () => Date.now() + ahead }
    await stage.reopen({ app: { clock } })
    const { site, page } = stage
    ahead = 8 * 86_400_000
    await page.goto(`${site.url}/settings`)
    await page.getByLabel(/^Of/).selectOption('echo')
    await page.getByLabel('Longer ago than').selectOption('7d')
    await page.getByRole('button', { name: 'What would it reach?' }).click()
    await page.getByText('It would reach 1 run.').waitFor()
    expect((await site.app.archives()).length).toBe(0)
    await page.getByRole('button', { name: 'Archive 1 run' }).click()
    await page.getByText('1 archived, 0 deleted.').waitFor()
    expect(await site.app.archives()).toMatchObject([{ runs: 1 }])
    await page.getByRole('heading', { name: 'Archives' }).waitFor()
  })
})

describe('the rest of what can be done', () => {
  it('a run is copied as curl, which starts one like it, and as code', async () => {
    const { site, page } = stage
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const [run] = (await site.app.list({ workflow: 'echo' })).items
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('button', { name: 'Copy as curl' }).click()
    await page.getByText('Copied').waitFor()
    const command = String(await page.evaluate('navigator.clipboard.readText()'))
    const answered = JSON.parse((await promisify(execFile)('sh', ['-c', `${command} -s`])).stdout) as { id: string }
    const like = await site.app.get(answered.id)
    expect(await like?.result()).toEqual({ text: 'done' })
    await page.getByRole('button', { name: 'Copy as code' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('await app.run(echo, {\n  "text": "done"\n})')
  })

  it('a search is kept under a name', async () => {
    const { site, page } = stage
    page.on('dialog', (dialog) => void dialog.accept('stuck orders'))
    await page.goto(`${site.url}/runs?status=needs+attention&workflow=order`)
    await page.getByRole('button', { name: 'Save search' }).click()
    await page.goto(`${site.url}/runs`)
    await page.getByLabel('Saved searches').selectOption('stuck orders')
    await expect.poll(() => page.locator('a[data-row]').count()).toBe(5)
    await page.getByRole('button', { name: 'Forget search' }).click()
    await expect.poll(() => page.getByLabel('Saved searches').count()).toBe(0)
  })

  it('runs of a filter are cancelled together, after a look', async () => {
    const { site, page } = stage
    await page.goto(`${site.url}/runs?workflow=patient`)
    await page.getByRole('button', { name: 'Do with all…' }).click()
    await page.getByRole('dialog').getByRole('combobox').selectOption({ label: 'Cancel them' })
    await page.getByText('It would reach 1 run').waitFor()
    await page.getByRole('button', { name: /^Cancel 1 run/ }).click()
    await page.getByText('1 of 1 told so').waitFor()
    await expect
      .poll(async () => (await site.app.list({ workflow: 'patient', status: 'cancelled' })).items.length)
      .toBe(1)
  })

  it('a run that cannot be mended is given up', async () => {
    const { site, page } = stage
    const [run] = (await site.app.list({ workflow: 'order' })).items
    await page.goto(`${site.url}/runs/${run?.id}`)
    await page.getByRole('button', { name: 'Give up…' }).click()
    await page.getByLabel('Reason').fill('the shop is gone')
    await page.getByRole('button', { name: 'Give it up' }).click()
    await page.getByText('✕failed').first().waitFor()
    await page.getByText('It failed for good.').waitFor()
  })

  it('a schedule is started by hand, paused and continued', async () => {
    const { site, page } = stage
    await site.app.schedule(echo, { text: 'tick' }, { id: 'nightly', cron: '0 3 * * *', zone: 'Europe/Berlin' })
    await page.goto(`${site.url}/schedules`)
    await page.getByRole('button', { name: 'Run now' }).click()
    await expect.poll(async () => (await site.app.list({ workflow: 'echo' })).items.length).toBe(2)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused').waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await expect.poll(() => page.getByText('paused').count()).toBe(0)
  })

  it('an empty store teaches what to do', async () => {
    await stage.reopen({ isFilled: false })
    const { site, page } = stage
    await page.goto(site.url)
    await page.getByText('Nothing has run yet.').waitFor()
    for (const [path, text] of [
      ['/runs', /./],
      ['/inbox', 'Nobody waits for an answer.'],
      ['/costs', 'No model has been called in this time.'],
      ['/audit', 'Nothing has been decided yet.'],
    ] as const) {
      await page.goto(site.url + path)
      await page.getByText(text).first().waitFor()
    }
    const run = await site.app.start(patient)
    await page.goto(`${site.url}/runs`)
    await page.getByRole('link', { name: /patient/ }).waitFor()
    await run.cancel('over')
  })
})

// the last one: the gateway is one for all, and remembers a while who did not answer
describe('a bad day of a provider', () => {
  it('shows an open circuit', async () => {
    const { site, page } = stage
    await provider.down()
    for (let i = 0; i < 6; i++) await site.app.start(refund, { orderId: `o-4${i}` })
    await expect.poll(async () => (await site.app.models())?.some(({ breaker }) => breaker !== 'closed')).toBe(true)
    await page.goto(`${site.url}/models`)
    await page.getByText('✕ open: failing').first().waitFor()
    await provider.up()
  })
})
