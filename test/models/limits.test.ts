import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'

async function asking(candidate: object, alias: object = {}) {
  let open = 0
  let most = 0
  const provider = await startProvider({
    respond: async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5))
      open--
      return { text: 'yes' }
    },
  })
  onTestFinished(() => provider.close())
  const model = createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('m')
  const models = gateway({ models: { fast: { candidates: [{ model, ...candidate }], maxOutputTokens: 20, ...alias } } })
  const flow = workflow(
    'limited',
    async (n: number) => (await generateText({ model: models('fast'), prompt: `${n}` })).text,
  )
  const app = await testApp({ workflows: [flow] })
  onTestFinished(() => app.close())
  return { provider, app, flow, most: () => most }
}

test('no more calls are under way at once than a candidate may have', async () => {
  const { app, flow, most, provider } = await asking({ concurrency: 3 })
  const runs = await Promise.all(Array.from({ length: 20 }, (_, i) => app.start(flow, i)))
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(20)
  expect(most()).toBe(3)
})

test('no more calls begin in a minute than a candidate may have', async () => {
  const { app, flow, provider } = await asking({ rpm: 5 })
  app.clock.automatic = false
  const runs = await Promise.all(Array.from({ length: 12 }, (_, i) => app.start(flow, i)))
  await app.advance('1s')
  // answers are on their way over a real wire; the clock stands still meanwhile
  await expect.poll(() => provider.ledger.served.length).toBeGreaterThanOrEqual(5)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(provider.ledger.served.length).toBeLessThan(12)
  app.clock.automatic = true
  for (let i = 0; i < 5; i++) await app.advance('1m')
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(12)
})

test('calls under way reserve the tokens that they may use, and give back what they did not', async () => {
  const { app, flow, provider, most } = await asking({ tpm: 400 })
  const runs = await Promise.all(Array.from({ length: 12 }, (_, i) => app.start(flow, i)))
  await Promise.all(runs.map((run) => run.result()))
  expect(provider.ledger.served).toHaveLength(12)
  expect(most()).toBeLessThan(12)
})

test('what cannot begin before the deadline of its run is refused', async () => {
  const { app, flow } = await asking({ rpm: 1 })
  await app.run(flow, 1)
  const late = await app.start(flow, 2, { deadline: '30s' })
  await expect(late.result()).rejects.toThrow()
})

test.each([{ rpm: 0 }, { concurrency: Number.NaN }])('a limit that is none says so: %o', async (limit) => {
  await expect(asking(limit)).rejects.toMatchObject({ code: 'GATEWAY_INVALID' })
})
