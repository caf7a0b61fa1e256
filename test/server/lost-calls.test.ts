import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { expect, it, onTestFinished } from 'vitest'
import { gateway } from '../../packages/spanwise/src/models/index.ts'
import { workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { api } from './support.ts'

it('shows calls that were lost, lets somebody say what they did cost, and tells who did', async () => {
  const provider = await startProvider({ respond: () => ({ text: 'yes' }) })
  onTestFinished(() => provider.close())
  const models = gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini') } })
  const asks = workflow('asks', async () => (await generateText({ model: models('fast'), prompt: 'now?' })).text)
  const { app, client } = await api({ workflows: [asks], faults: { crashAfter: [1] } })
  const run = await app.start(asks, undefined)
  await run.result()

  const { items } = await client.listUnconfirmed({ run: run.id })
  expect(items).toMatchObject([{ run: run.id, workflow: 'asks', model: 'gpt-5-mini' }])
  const { index = 0, atMost = '' } = items[0] ?? {}
  expect(BigInt(atMost)).toBeGreaterThan(0n)
  const said = { run: run.id, index, cost: '12300000', reason: 'invoice' }
  expect(await client.confirmCall(said)).toEqual({ confirmed: true })
  expect(await client.confirmCall({ ...said, cost: '0' })).toEqual({ confirmed: false })
  expect((await client.listUnconfirmed({})).items).toEqual([])
  const told = await client.listActs({ kind: 'confirmed' })
  expect(told.items).toMatchObject([{ run: run.id, call: { index, cost: '12300000' }, reason: 'invoice' }])
  expect(told.items[0]?.by).not.toBe('')
  await expect(client.confirmCall({ ...said, index: 0 })).rejects.toMatchObject({ code: 'CALL_UNKNOWN' })
})
