import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { type Run, spanwise, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { beforeEach, expect, test } from 'vitest'
import { silent } from './support.ts'

type Provider = Awaited<ReturnType<typeof startProvider>>
let provider: Provider

beforeEach(async () => {
  provider = await startProvider()
  return () => provider.close()
})

const asked = () => provider.ledger.served.length

const twice = () => {
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })
  const models = gateway({ models: { fast: openai('gpt-5-mini'), smart: openai('gpt-5') } })
  return workflow('twice', async (of: string) => {
    const first = await generateText({ model: models('fast'), prompt: `What of ${of}?` })
    const second = await generateText({ model: models('smart'), prompt: `Shorter: ${first.text}` })
    return second.text
  })
}

const indexOf = async (run: Run<unknown>, kind: string, nth = 0): Promise<number> =>
  (await journal(run)).filter((one) => one.kind === kind)[nth]?.index as number

const parked = async (run: Run<unknown>) => {
  await run.result().catch(() => {})
  const { status, code, error } = await run.status()
  return {
    status,
    code,
    message: String((error as Error | undefined)?.message),
    hint: (error as { hint?: string }).hint,
  }
}

test('a fork asks no model that it was not allowed to, and keeps the answers that it has', async () => {
  const flow = twice()
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'x')
  const text = await run.result()
  expect(asked()).toBe(2)
  const fork = await run.fork({ from: await indexOf(run, 'model.call', 1) })
  expect(await parked(fork)).toMatchObject({
    status: 'needs attention',
    code: 'FORK_DRY',
    message: expect.stringContaining('model:smart, which would be paid for'),
    hint: expect.stringContaining(`spanwise resume ${fork.id} --allow model:smart`),
  })
  expect(asked()).toBe(2)
  await fork.resume({ allow: ['model:smart'] })
  expect(await fork.result()).toBe(text)
  expect(asked()).toBe(3)
  const all = await run.fork({ from: 0, allow: ['model'] })
  expect(await all.result()).toBe(text)
  expect(asked()).toBe(5)
  const one = await run.fork({ from: 0, allow: ['model:fast'] })
  expect(await parked(one)).toMatchObject({ code: 'FORK_DRY' })
  expect(asked()).toBe(6)
})

test('a call that is under way in the source is none of the fork: it is not lost there, and not paid for twice', async () => {
  const flow = twice()
  provider.fail(undefined, { kind: 'slow', ms: 60_000 })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent, grace: 0 })
  const run = await app.start(flow, 'x')
  await expect.poll(asked).toBe(2)
  const last = (await journal(run)).at(-1)
  expect(last?.kind).toBe('model.call')
  const fork = await run.fork({ from: (last?.index ?? 0) + 1 })
  expect(await parked(fork)).toMatchObject({ code: 'FORK_DRY' })
  expect((await journal(fork)).filter(({ meta }) => meta['unconfirmed'] === true)).toEqual([])
  expect((await app.costs()).total).toMatchObject({ unconfirmed: 0, calls: 1 })
  await run.cancel('enough')
})
