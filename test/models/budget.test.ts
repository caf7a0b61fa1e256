import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { type ProviderServer, startProvider } from 'loopback-provider'
import { step, workflow } from 'spanwise'
import { type Budget, budget, type GatewayEvent, gateway } from 'spanwise/models'
import { journal, openMemoryStore, testApp } from 'spanwise/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { crowd, faultsOf } from './crowd.ts'

let provider: ProviderServer
let events: GatewayEvent[]
let tokens: number

beforeEach(async () => {
  events = []
  tokens = 0
  provider = await startProvider({
    keep: false,
    respond: () => ({ text: 'word '.repeat(1 + (tokens++ % 40)) }),
  })
  return () => provider.close()
})

const priced = (budgets: readonly Budget[]) => {
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  return gateway({
    models: {
      smart: { candidates: [openai('big')], maxOutputTokens: 100 },
      fast: { candidates: [openai('small')], maxOutputTokens: 100 },
    },
    prices: {
      overrides: [
        { model: 'big', input: 10, output: 100 },
        { model: 'small', input: 1, output: 10 },
      ],
    },
    budgets,
    onEvent: (event) => events.push(event),
  })
}

const prompt = 'say something'
const asking = (models: ReturnType<typeof priced>) =>
  workflow('asking', async (n: number) => {
    try {
      const { response } = await generateText({ model: models('smart'), prompt: `${prompt} ${n}` })
      return response.modelId
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  })

/** What the entries of a run say that it cost, lost calls in full. */
async function spent(runs: readonly Parameters<typeof journal>[0][]): Promise<number> {
  let sum = 0
  for (const run of runs)
    for (const { kind, meta } of await journal(run))
      if (kind === 'model.result' || kind === 'model.error' || kind === 'model.attempt')
        sum += Number(meta['cost'] ?? 0) + Number(meta['wasted'] ?? 0)
  return sum
}

test.each([1, 2, 3])('a thousand calls at once stay within the limit, over crashes (seed %i)', async (seed) => {
  expect(faultsOf(await crowd(seed))).toEqual([])
})

test('the store knows what the entries add up to', async () => {
  const models = priced([budget('all', { limit: '$100', per: 'total' })])
  const flow = asking(models)
  const store = openMemoryStore()
  await using app = await testApp({ workflows: [flow], store })
  const runs = await Promise.all(Array.from({ length: 20 }, (_, i) => app.start(flow, i)))
  await Promise.all(runs.map((run) => run.result()))
  expect(await store.used([{ budget: 'all money per total', window: 0 }])).toEqual([BigInt(await spent(runs))])
})

test('where the store cannot say how much is used, the call is made a moment later, and counted', async () => {
  const models = priced([budget('all', { limit: '$100', per: 'total' })])
  const flow = asking(models)
  const store = openMemoryStore()
  let isBroken = true
  const flaky = new Proxy(store, {
    get(target, name, receiver) {
      if (name !== 'used' || !isBroken) return Reflect.get(target, name, receiver)
      return () => {
        isBroken = false
        return Promise.reject(new Error('the disk is away'))
      }
    },
  })
  await using app = await testApp({ workflows: [flow], store: flaky })
  const run = await app.start(flow, 1)
  expect(await run.result()).toBe('big')
  expect((await journal(run)).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['model.attempt', 'model.call', 'model.result']),
  )
  expect(await store.used([{ budget: 'all money per total', window: 0 }])).toEqual([BigInt(await spent([run]))])
})

describe('over its limit', () => {
  test('a budget degrades to another alias', async () => {
    const models = priced([budget('tenant:acme', { limit: '$0.02', per: 'day', onExceed: { degrade: 'fast' } })])
    const flow = asking(models)
    await using app = await testApp({ workflows: [flow] })
    const answered: string[] = []
    for (let i = 0; i < 12; i++) answered.push(await app.run(flow, i, { tenant: 'acme' }))
    expect(answered.slice(0, 1)).toEqual(['big'])
    expect(answered.at(-1)).toBe('small')
    expect(await app.run(flow, 99, { tenant: 'other' })).toBe('big')
    expect(events).toContainEqual(expect.objectContaining({ type: 'budget', state: 'threshold' }))
  })

  test('it waits for the next window, in the body of a workflow and in a step', async () => {
    const models = priced([budget('all', { limit: '$0.0125', per: 'hour', onExceed: 'wait' })])
    const inStep = step(
      'wait-step',
      { attempts: 1 },
      async () => (await generateText({ model: models('smart'), prompt })).response.modelId,
    )
    const flow = workflow('wait-flow', async () => inStep())
    const body = asking(models)
    await using app = await testApp({ workflows: [flow, body] })
    app.clock.automatic = false
    const runs = [await app.start(flow, undefined), await app.start(body, 1), await app.start(body, 2)]
    await app.advance('59m')
    const statuses = async () => Promise.all(runs.map(async (run) => (await run.status()).status))
    expect((await statuses()).filter((status) => status === 'completed')).toHaveLength(1)
    await app.advance('4h')
    expect(await statuses()).toEqual(['completed', 'completed', 'completed'])
  })

  test('a person is asked, and the call is made when they allow it', async () => {
    const models = priced([budget('run', { limit: '$0.000001', per: 'total', onExceed: { ask: { role: 'finance' } } })])
    const flow = asking(models)
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow, 1)
    await app.idle()
    const [question] = (await app.approvals({ role: 'finance' })).items
    expect(question?.question).toContain('goes over budget "run $0.000001 per total"')
    await app.decide(question?.id as string, { approve: true, by: 'ann' })
    expect(await run.result()).toBe('big')
  })

  test('tokens are counted where money is not known', async () => {
    const models = gateway({
      models: {
        smart: {
          candidates: [createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' }).chat('x')],
          maxOutputTokens: 50,
        },
      },
      budgets: [budget('all', { limit: '1k tokens', per: 'day' }), budget('all', { limit: '$1', per: 'day' })],
    })
    const flow = asking(models as never)
    await using app = await testApp({ workflows: [flow] })
    const outcomes: string[] = []
    for (let i = 0; i < 60; i++) outcomes.push(await app.run(flow, i))
    expect(outcomes[0]).toBe('x')
    expect(outcomes.at(-1)).toBe('BUDGET_EXCEEDED')
  })
})

test.each([
  ['workflow:refund', { limit: '50 euros', per: 'day' }],
  ['nobody', { limit: '$5', per: 'day' }],
  ['all', { limit: '$5', per: 'week' }],
  ['all', { limit: '$5', per: 'total', onExceed: 'wait' }],
])('a budget that makes no sense says so: %s %o', (scope, options) => {
  expect(() => budget(scope, options as never)).toThrow(expect.objectContaining({ code: 'BUDGET_INVALID' }))
})
