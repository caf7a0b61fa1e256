import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { approval, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { expect, test, vi } from 'vitest'

test('a run that asked a model and waits for a person leaves memory', async () => {
  await using provider = await startProvider()
  const models = gateway({
    models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'any' })('gpt-5-mini') },
  })
  const flow = workflow('asks-both', async () => {
    await generateText({ model: models('fast'), prompt: 'hello' })
    await approval('fine?')
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow)
  await vi.waitFor(async () => expect((await app.approvals()).items).toHaveLength(1), { timeout: 20_000 })
  await app.advance('1s')
  expect((await run.status()).status).toBe('waiting')
})
