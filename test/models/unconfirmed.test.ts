import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

const ann = { by: 'ann', reason: 'invoice of November' }

test('a lost call is charged in full until somebody says what it did cost; then its budget has the rest again', async () => {
  const provider = await startProvider({ respond: () => ({ text: 'yes' }) })
  onTestFinished(() => provider.close())
  const models = gateway({
    models: {
      fast: {
        candidates: [createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m')],
        maxOutputTokens: 100,
      },
    },
    prices: { overrides: [{ model: 'm', input: 0, output: 10_000 }] },
    // one call may cost a dollar: there is room for two
    budgets: [
      budget('all', { limit: '$2', per: 'total' }),
      budget('workflow:asking', { limit: '1M tokens', per: 'total' }),
    ],
  })
  const flow = workflow('asking', async (n: number) => {
    try {
      return (await generateText({ model: models('fast'), prompt: `${n}` })).text
    } catch (error) {
      return (error as { code?: string }).code
    }
  })
  // dies when the announcement of the first call is on disk
  await using app = await testApp({ workflows: [flow], faults: { crashAfter: [1] } })
  const lost = await app.start(flow, 1)
  expect(await lost.result()).toBe('yes')
  const [one, ...others] = await app.unconfirmed()
  expect(others).toEqual([])
  expect(one).toMatchObject({ run: lost.id, workflow: 'asking', alias: 'fast', model: 'm', atMost: 1_000_000_000n })
  const answer = (await journal(lost)).find(({ kind }) => kind === 'model.result')?.meta['cost'] as number
  expect((await app.costs()).total).toMatchObject({
    cost: BigInt(answer),
    unconfirmed: 1,
    unconfirmedAtMost: 1_000_000_000n,
  })
  // a dollar for the lost one, a little for the answer: a third one has no room
  expect(await app.run(flow, 2)).toBe('BUDGET_EXCEEDED')
  expect(await app.confirmCall(one as { run: string; index: number }, 30_000_000n, ann)).toBe(true)
  expect(await app.run(flow, 3)).toBe('yes')
  expect(await app.confirmCall(one as { run: string; index: number }, 0n, { by: 'bob' })).toBe(false)
  expect(await app.unconfirmed()).toEqual([])
  expect((await app.costs({ workflow: 'asking' })).total).toMatchObject({
    cost: BigInt(2 * answer) + 30_000_000n,
    unconfirmed: 0,
    unconfirmedAtMost: 0n,
  })
  await expect(app.confirmCall({ run: lost.id, index: 0 }, 0n, ann)).rejects.toMatchObject({ code: 'CALL_UNKNOWN' })
  await expect(app.confirmCall({ run: lost.id, index: 0 }, -1n, ann)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await expect(app.confirmCall({ run: lost.id, index: 0 }, 0n, { by: ' ' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
  // what bob said came too late, and what nobody could say is on record neither
  expect((await app.acts({ kind: 'confirmed' })).items).toMatchObject([
    { ...ann, run: lost.id, call: { index: one?.index, cost: 30_000_000n } },
  ])
})
