import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { budget, gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

test('what is used of a budget is what its calls did cost, and of one that counts each, who used the most', async () => {
  const provider = await startProvider({ keep: false, respond: () => ({ text: 'word '.repeat(20) }) })
  onTestFinished(() => provider.close())
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  const models = gateway({
    models: { fast: { candidates: [openai('small')], maxOutputTokens: 100 } },
    prices: { overrides: [{ model: 'small', input: 1, output: 10 }] },
    budgets: [
      budget('all', { limit: '$1', per: 'day' }),
      budget('workflow:asking', { limit: '1M tokens', per: 'total', onExceed: 'fail' }),
      budget('workflow:nobody', { limit: '$1', per: 'month', onExceed: { degrade: 'fast' } }),
      budget('workflow', { limit: '$5', per: 'day', onExceed: 'wait' }),
    ],
  })
  const asking = workflow('asking', async (n: number) => {
    await generateText({ model: models('fast'), prompt: `say ${n}` })
  })
  await using app = await testApp({ workflows: [asking], models })
  for (let n = 0; n < 3; n++) await app.run(asking, n)
  const { total } = await app.costs()
  expect(total.cost).toBeGreaterThan(0n)
  const [all, one, none, each] = (await app.budgets()) ?? []
  expect(all).toMatchObject({ by: 'all', unit: 'money', limit: 1_000_000_000n, used: total.cost, most: [] })
  expect(all?.window?.next).toBe((all?.window?.from ?? 0) + 86_400_000)
  expect(one).toMatchObject({ only: 'asking', unit: 'tokens', window: undefined })
  expect(one?.used).toBe(BigInt(total.inputTokens + total.outputTokens))
  expect(none).toMatchObject({ used: 0n, onExceed: 'degrade' })
  expect(each).toMatchObject({ by: 'workflow', only: undefined, used: undefined, onExceed: 'wait' })
  expect(each?.most).toEqual([{ of: 'asking', used: total.cost }])
})

test('an app without a gateway has no budgets to tell of', async () => {
  await using app = await testApp({ workflows: [workflow('none', async () => {})] })
  expect(await app.budgets()).toBeUndefined()
})
