import { createOpenAI } from '@ai-sdk/openai'
import { embed, generateText, streamText, wrapLanguageModel } from 'ai'
import { startProvider } from 'loopback-provider'
import { spanwise, step, workflow } from 'spanwise'
import { budget, durable, gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { silent } from './support.ts'

type Provider = Awaited<ReturnType<typeof startProvider>>
let provider: Provider

beforeEach(async () => {
  provider = await startProvider()
  return () => provider.close()
})

const openai = () => createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })

test('as the default provider of the AI SDK, its aliases are names of models', async () => {
  const models = gateway({
    models: { fast: openai()('gpt-5-mini'), search: openai().embedding('text-embedding-3-small') },
  })
  const before = globalThis.AI_SDK_DEFAULT_PROVIDER
  globalThis.AI_SDK_DEFAULT_PROVIDER = models
  onTestFinished(() => {
    globalThis.AI_SDK_DEFAULT_PROVIDER = before
  })
  const flow = workflow('by-name', async () => {
    const { text } = await generateText({ model: 'fast', prompt: 'x' })
    return (await embed({ model: 'search', value: text })).embedding.length
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  expect(await run.result()).toBeGreaterThan(0)
  expect((await journal(run)).flatMap(({ kind, meta }) => (kind === 'model.result' ? [meta['alias']] : []))).toEqual([
    'fast',
    'search',
  ])
  await expect(generateText({ model: 'slow', prompt: 'x' })).rejects.toThrow(/no language model "slow".*fast, search/)
})

test('as a middleware, a single model is recorded, counted and asked again after an outage', async () => {
  const model = wrapLanguageModel({
    model: openai()('gpt-5-mini'),
    middleware: durable({ budgets: [budget('all', { limit: '$1', per: 'total' })] }),
  })
  provider.fail({ kind: 'status', status: 503 })
  const talk = step('talk', async () => {
    let text = ''
    for await (const delta of streamText({ model, prompt: 'y' }).textStream) text += delta
    return text
  })
  const flow = workflow('wrapped', async () => [(await generateText({ model, prompt: 'x' })).text, await talk()])
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  const [one, two] = await run.result()
  expect([one?.length, two?.length].every((length) => (length ?? 0) > 3)).toBe(true)
  const results = (await journal(run)).filter(({ kind }) => kind === 'model.result')
  expect(results.map(({ meta }) => meta['alias'])).toEqual(['gpt-5-mini', 'gpt-5-mini'])
  expect(results[0]?.meta).toMatchObject({ tries: 2 })
  expect(provider.ledger.served).toHaveLength(3)
})

test('models of version 3, as the AI SDK 6 has them, are given and taken', async () => {
  const inner = gateway({ models: { fast: openai()('gpt-5-mini'), search: openai().embedding('e') } })
  const old = inner.v3.languageModel('fast')
  expect([old.specificationVersion, inner.v3.embeddingModel('search').specificationVersion]).toEqual(['v3', 'v3'])
  const flow = workflow('older', async () => {
    const whole = await generateText({
      model: old,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'file', data: new Uint8Array([1, 2, 3]), mediaType: 'application/pdf', filename: 'a.pdf' },
          ],
        },
      ],
    })
    const streamed = await streamText({ model: old, prompt: 'x' }).text
    // a candidate may be one of them too
    const outer = gateway({ models: { through: old } })
    return [whole.text, streamed, (await generateText({ model: outer('through'), prompt: 'z' })).text]
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  for (const text of await run.result()) expect(text.length).toBeGreaterThan(3)
  const body = JSON.stringify(provider.ledger.served[0]?.body)
  expect(body).toContain('AQID')
})

test('with two apps open, a call outside of runs belongs to the one that was opened with the gateway, else it is refused', async () => {
  const models = gateway({ models: { fast: openai()('gpt-5-mini') } })
  const ask = (of = models) => generateText({ model: of('fast'), prompt: 'x', maxRetries: 0 })
  const flow = workflow('nothing', async () => {})
  await using first = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  expect((await ask()).text.length).toBeGreaterThan(3)
  const other = workflow('nothing-else', async () => {})
  const second = await spanwise({ store: 'memory:', workflows: [other], log: silent })
  await expect(ask()).rejects.toMatchObject({ code: 'AMBIGUOUS_APP' })
  await second.close()
  await using third = await spanwise({ store: 'memory:', workflows: [other], log: silent, models })
  expect((await ask()).text.length).toBeGreaterThan(3)
  // it is no gateway of theirs
  const stranger = gateway({ models: { fast: openai()('gpt-5-mini') } })
  await expect(ask(stranger)).rejects.toMatchObject({ code: 'AMBIGUOUS_APP' })
  expect([await first.counts(), await third.counts()]).toHaveLength(2)
})

test('a model that is not the pinned one is refused, the next candidate is asked, and who answered is told', async () => {
  const events: string[] = []
  const models = gateway({
    models: {
      fast: [{ model: openai()('gpt-5-mini'), pin: 'gpt-5-mini' }, openai()('gpt-5')],
      strict: { candidates: [{ model: openai()('gpt-5-mini'), pin: 'gpt-5-mini' }] },
    },
    onEvent: (event) => events.push(event.type === 'failed' ? event.failure : event.type),
  })
  const flow = workflow('pinned', async (alias: 'fast' | 'strict') => {
    const { response } = await generateText({ model: models(alias), prompt: 'x', maxRetries: 0 })
    return response.modelId
  })
  await using app = await testApp({ workflows: [flow] })
  expect(await app.run(flow, 'fast')).toBe('gpt-5-mini')
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  const run = await app.start(flow, 'fast')
  expect(await run.result()).toBe('gpt-5')
  expect(events).toEqual(['wrong model'])
  const [result] = (await journal(run)).filter(({ kind }) => kind === 'model.result')
  expect(result?.meta).toMatchObject({ tries: 2, failovers: 1, model: 'gpt-5', answered: 'gpt-5' })
  provider.fail({ kind: 'model', model: 'gpt-5-mini-2027' })
  await expect(app.run(flow, 'strict')).rejects.toThrow(/gpt-5-mini-2027 answered, and gpt-5-mini has to/)
})
