import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { type ProviderServer, startProvider } from 'loopback-provider'
import { step, workflow } from 'spanwise'
import { type GatewayEvent, type GatewayOptions, gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { beforeEach, describe, expect, test } from 'vitest'

let first: ProviderServer
let second: ProviderServer
let events: GatewayEvent[]

beforeEach(async () => {
  events = []
  first = await startProvider({ pace: { perChunk: 2 } })
  second = await startProvider()
  return async () => {
    await first.close()
    await second.close()
  }
})

const two = (more: Partial<GatewayOptions> = {}, alias: object = {}) =>
  gateway({
    models: {
      fast: {
        candidates: [
          createOpenAI({ baseURL: first.baseURL, apiKey: 'sk-secret-key-1234' })('gpt-5-mini'),
          createAnthropic({ baseURL: second.baseURL, apiKey: 'any' })('claude-haiku-4-5'),
        ],
        ...alias,
      },
    },
    onEvent: (event) => events.push(event),
    ...more,
  })

const asking = (models: ReturnType<typeof two>) =>
  workflow('asking', async (prompt: string) => {
    const { text, response } = await generateText({ model: models('fast'), prompt })
    return { text, model: response.modelId }
  })

test.each([
  { kind: 'status', status: 429 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 529 },
  { kind: 'status', status: 401 },
  { kind: 'status', status: 404 },
  { kind: 'status', status: 429, code: 'insufficient_quota' },
  { kind: 'reset', after: 0 },
  { kind: 'malformed', after: 1 },
  { kind: 'context' },
  { kind: 'filter' },
] as const)('the next candidate answers after %o', async (fault) => {
  const models = two()
  first.fail(fault)
  const flow = asking(models)
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'hello')
  expect(await run.result()).toMatchObject({ model: expect.stringContaining('claude') })
  const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ tries: 2, failovers: 1, provider: expect.stringContaining('anthropic') })
  expect(first.ledger.served).toHaveLength(1)
})

test('a name that does not resolve is a candidate that is down', async () => {
  const models = gateway({
    models: {
      fast: [
        createOpenAI({ baseURL: 'http://provider.invalid/v1', apiKey: 'any' })('gpt-5-mini'),
        createAnthropic({ baseURL: second.baseURL, apiKey: 'any' })('claude-haiku-4-5'),
      ],
    },
  })
  const flow = asking(models as never)
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'hello')
  expect(await run.result()).toMatchObject({ model: expect.stringContaining('claude') })
  const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ tries: 2, failovers: 1 })
})

test('a stream that stalls in the middle ends as what it is, and the step is tried again', async () => {
  const models = two({}, { idle: '300ms' })
  first.fail({ kind: 'stall', after: 3, ms: 60_000 })
  const said: string[] = []
  const tell = step('tell', { backoff: 1 }, async (prompt: string) => {
    let [text, failure] = ['', undefined as unknown]
    const onError = ({ error }: { readonly error: unknown }): void => {
      failure = error
    }
    for await (const piece of streamText({ model: models('fast'), prompt, onError }).textStream) text += piece
    if (failure === undefined) return text
    said.push(`${text.length > 0} ${failure}`)
    throw failure
  })
  const flow = workflow('telling', (prompt: string) => tell(prompt))
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'a long story')
  expect((await run.result()).length).toBeGreaterThan(3)
  expect(said).toEqual([expect.stringMatching(/^true .*nothing came for 0.3 s/is)])
  const entries = await journal(run)
  expect(entries.map(({ kind }) => kind)).toContain('model.error')
  expect(entries.filter(({ kind }) => kind === 'step.attempt')).toHaveLength(1)
})

test('a request that is wrong in itself is not asked of anybody else, nor again', async () => {
  const models = two()
  first.fail({ kind: 'status', status: 400 })
  const flow = asking(models)
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, 'hello')
  await expect(run.result()).rejects.toMatchObject({ code: 'NEEDS_ATTENTION' })
  expect(first.ledger.served).toHaveLength(1)
  expect(second.ledger.served).toHaveLength(0)
})

test('every candidate down gives one error with what each said, without keys, and the AI SDK does not try again', async () => {
  const models = two()
  first.fail({ kind: 'status', status: 401 })
  second.fail({ kind: 'status', status: 404 })
  const caught = workflow('caught', async () => {
    try {
      return await generateText({ model: models('fast'), prompt: 'x' }).then(() => 'answered')
    } catch (error) {
      return `${(error as { code?: string }).code} ${(error as Error).message}`
    }
  })
  await using app = await testApp({ workflows: [caught] })
  const said = await app.run(caught, undefined)
  expect(said).toMatch(/^MODEL_FAILED .*"fast"/)
  expect(said).toContain('gpt-5-mini  auth')
  expect(said).toContain('claude-haiku-4-5  auth')
  expect(said).not.toContain('secret')
  expect(first.ledger.served.length + second.ledger.served.length).toBe(2)
})

describe('an outage of everybody', () => {
  test.each(['body', 'step'] as const)('is waited for in a %s, and nothing is lost', async (place) => {
    const models = two()
    const ask = () => generateText({ model: models('fast'), prompt: 'x' }).then(({ text }) => text)
    const inStep = step('outage-step', { attempts: 1 }, ask)
    const flow = workflow('outage', async () => (place === 'body' ? ask() : inStep()))
    await first.down()
    await second.down()
    await using app = await testApp({ workflows: [flow] })
    app.clock.automatic = false
    const run = await app.start(flow, undefined)
    for (let passed = 0; passed < 120; passed += 3) await app.advance('3s')
    expect((await run.status()).status).toMatch(/running|waiting/)
    await first.up()
    await second.up()
    app.clock.automatic = true
    expect((await run.result()).length).toBeGreaterThan(3)
    const entries = await journal(run)
    expect(entries.filter(({ kind }) => kind === 'model.attempt').length).toBeGreaterThan(2)
    expect(events).toContainEqual(expect.objectContaining({ type: 'unavailable' }))
  })

  test('ends with patience', async () => {
    const models = two({ patience: '1m' })
    await first.down()
    await second.down()
    const flow = asking(models)
    await using app = await testApp({ workflows: [flow] })
    await expect(app.run(flow, 'x')).rejects.toMatchObject({ code: 'NEEDS_ATTENTION' })
  })
})

test('a candidate that fails again and again is left alone, and tried by one call after a while', async () => {
  const models = two({ breaker: { failures: 2, cooldown: '1m' } })
  const flow = asking(models)
  await using app = await testApp({ workflows: [flow] })
  first.fail({ kind: 'status', status: 500 }, { kind: 'status', status: 500 })
  for (let i = 0; i < 4; i++) await app.run(flow, `${i}`)
  expect(first.ledger.served).toHaveLength(2)
  expect(models.state()[0]).toMatchObject({ breaker: 'open' })
  await app.advance('61s')
  await app.run(flow, 'probe')
  expect(first.ledger.served).toHaveLength(3)
  expect(models.state()[0]).toMatchObject({ breaker: 'closed' })
  expect(events.filter(({ type }) => type === 'breaker')).toMatchObject([{ state: 'open' }, { state: 'closed' }])
})

test('Retry-After is kept to', async () => {
  const models = two()
  const flow = asking(models)
  await using app = await testApp({ workflows: [flow] })
  first.fail({ kind: 'status', status: 429, retryAfter: 30 })
  await app.run(flow, 'a')
  await app.advance('29s')
  await app.run(flow, 'b')
  expect(first.ledger.served).toHaveLength(1)
  await app.advance('2s')
  await app.run(flow, 'c')
  expect(first.ledger.served).toHaveLength(2)
})

test('candidates with weights share the calls', async () => {
  const models = gateway({
    models: {
      fast: {
        candidates: [
          { model: createOpenAI({ baseURL: first.baseURL, apiKey: 'k' })('a'), weight: 3 },
          { model: createOpenAI({ baseURL: second.baseURL, apiKey: 'k' })('b'), weight: 1 },
        ],
      },
    },
  })
  const flow = asking(models as never)
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  await using app = await testApp({ workflows: [flow], random })
  for (let i = 0; i < 60; i++) await app.run(flow, `${i}`)
  const [one, other] = [first.ledger.served.length, second.ledger.served.length]
  expect(one + other).toBe(60)
  expect(one).toBeGreaterThan(other)
  expect(other).toBeGreaterThan(3)
})

test('a slow candidate is joined by the next one, and the one that loses is called off and on the bill', async () => {
  const models = two({}, { hedge: { after: 40 } })
  first.fail({ kind: 'slow', ms: 20_000 })
  const flow = workflow(
    'hedged',
    async () => (await generateText({ model: models('fast'), prompt: 'x' })).response.modelId,
  )
  const { spanwise } = await import('spanwise')
  await using app = await spanwise({ store: 'memory:', workflows: [flow] })
  const run = await app.start(flow, undefined)
  expect(await run.result()).toContain('claude')
  const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ tries: 2, failovers: 0 })
  expect(result?.meta['wasted']).toBeGreaterThan(0)
  await expect.poll(() => first.ledger.served[0]?.outcome).toBe('left by the client')
})

describe('a stream', () => {
  test('fails over as long as it has said nothing', async () => {
    const models = two()
    first.fail({ kind: 'stream-error', after: 0 })
    const talk = step('talk-over', async () => {
      const stream = streamText({ model: models('fast'), prompt: 'x' })
      let text = ''
      for await (const delta of stream.textStream) text += delta
      return { text, model: (await stream.response).modelId }
    })
    const flow = workflow('talk-over-flow', async () => talk())
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow, undefined)).toMatchObject({ model: expect.stringContaining('claude') })
  })

  test.each([
    { kind: 'truncated', after: 3 },
    { kind: 'reset', after: 9 },
    { kind: 'malformed', after: 3 },
  ] as const)(
    'that breaks in the middle (%o) ends with an error where parts were handed on, and is asked again where not',
    async (fault) => {
      const models = two()
      const read = async () => {
        const errors: unknown[] = []
        const stream = streamText({
          model: models('fast'),
          prompt: 'tell me more',
          onError: ({ error }) => void errors.push(error),
        })
        let text = ''
        for await (const delta of stream.textStream) text += delta
        return { text, failed: errors.length > 0 }
      }
      const inStep = step('read-broken', { attempts: 1 }, read)
      const steps = workflow('read-broken-step', async () => inStep())
      const body = workflow('read-broken-body', read)
      await using app = await testApp({ workflows: [steps, body] })
      first.fail(fault)
      expect(await app.run(steps, undefined)).toMatchObject({ failed: true })
      expect(second.ledger.served).toHaveLength(0)
      first.fail(fault)
      expect(await app.run(body, undefined)).toMatchObject({ failed: false })
      expect(second.ledger.served).toHaveLength(1)
    },
  )
})

test('another model that answers under the same name is told', async () => {
  const models = two()
  const flow = asking(models)
  await using app = await testApp({ workflows: [flow] })
  await app.run(flow, 'a')
  first.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  await app.run(flow, 'b')
  expect(events).toContainEqual(expect.objectContaining({ type: 'model changed', after: 'gpt-5-mini-2027' }))
})
