import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, Output, streamText, ToolLoopAgent, tool } from 'ai'
import { startProvider } from 'loopback-provider'
import { type Run, spanwise, step, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { journal } from 'spanwise/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { silent } from './support.ts'

// What has to hold with any server that speaks OpenAI's API: the loopback server by default, another one by
// `npm run test:live -- --url http://127.0.0.1:11434/v1 --model llama3.2`. Nothing here depends on what a model says.
const { LIVE_URL: url, LIVE_MODEL: model = 'any', LIVE_KEY: apiKey } = process.env
const patient = { timeout: url === undefined ? 60_000 : 600_000 }

let server: { readonly baseURL: string; close(): Promise<void> }
const prices = { overrides: [{ model, input: 1, output: 2 }] }

beforeAll(async () => {
  server = url === undefined ? await startProvider() : { baseURL: url, close: async () => {} }
})
afterAll(() => server.close())

const candidate = (baseURL = server.baseURL) =>
  createOpenAICompatible({
    name: 'live',
    baseURL,
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...(apiKey === undefined ? {} : { apiKey }),
  })(model)

const models = () =>
  gateway({
    models: { fast: { candidates: [candidate()], maxOutputTokens: 1_024, firstPart: '5m', idle: '5m', timeout: '5m' } },
    prices,
  })

async function entries(run: Run<unknown>, kind: string) {
  return (await journal(run)).filter((one) => one.kind === kind)
}

test('every candidate answers, and a stream says what it used', patient, async () => {
  const [check] = await models().check({ timeout: 300_000 })
  expect(check).toMatchObject({ ok: true, failure: undefined, can: { stream: true, usage: true } })
  console.log(`${model} at ${url ?? 'the loopback server'}: ${check?.ms} ms, can ${JSON.stringify(check?.can)}`)
})

test('a whole answer is recorded with tokens and cost, and not asked for again on replay', patient, async () => {
  const of = models()
  const talk = workflow('live-whole', async () => {
    const { text, usage } = await generateText({ model: of('fast'), prompt: 'Reply with the word: yes' })
    return { text, tokens: usage.totalTokens }
  })
  await using app = await spanwise({ store: 'memory:', workflows: [talk], log: silent })
  const run = await app.start(talk, undefined, { id: 'one' })
  const output = await run.result()
  expect(output.text.length).toBeGreaterThan(0)
  const [result] = await entries(run, 'model.result')
  expect(result?.meta).toMatchObject({ alias: 'fast', model, tries: 1 })
  for (const name of ['input', 'output', 'cost']) expect(result?.meta[name]).toBeGreaterThan(0)
  const fork = await run.fork({ from: (await journal(run)).length - 1 })
  expect(await fork.result()).toEqual(output)
  expect((await app.costs()).total).toMatchObject({ calls: 1, unpriced: 0 })
})

test('a stream flows in a step, and followers see what code sees', patient, async () => {
  const of = models()
  const talk = step('talk', async () => {
    let said = ''
    for await (const delta of streamText({ model: of('fast'), prompt: 'Count from one to five in words.' }).textStream)
      said += delta
    return said
  })
  const flow = workflow('live-stream', () => talk())
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  let seen = ''
  let finals = 0
  for await (const event of run.stream()) {
    if (event.type === 'part' && event.part.type === 'text-delta') seen += event.part['delta']
    if (event.type === 'final') finals++
  }
  expect(seen.length).toBeGreaterThan(0)
  expect(await run.result()).toBe(seen)
  expect(finals).toBe(1)
  const [result] = await entries(run, 'model.result')
  expect(result?.meta['output']).toBeGreaterThan(0)
  expect(result?.meta['firstMs']).toBeLessThanOrEqual(result?.meta['ms'] as number)
})

test('an agent with tools goes through it, turn by turn on record', patient, async () => {
  const of = models()
  const asked: string[] = []
  const flow = workflow('live-agent', async () => {
    const agent = new ToolLoopAgent({
      model: of('fast'),
      instructions: 'Use the tool, then answer in one sentence.',
      tools: {
        weather: tool({
          description: 'The weather in a city',
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => {
            asked.push(city)
            return { city, sky: 'clear' }
          },
        }),
      },
      stopWhen: isStepCount(4),
    })
    return (await agent.generate({ prompt: 'What is the weather in Oslo?' })).steps.length
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const turns = await run.result()
  expect(await entries(run, 'model.result')).toHaveLength(turns)
  // a small model may not use it; where it did, a turn followed
  if (asked.length > 0) expect(turns).toBeGreaterThan(1)
})

test('structured output comes through, or fails as what it is', patient, async () => {
  const of = models()
  const flow = workflow('live-structured', async () => {
    const output = Output.object({ schema: z.object({ ok: z.boolean() }) })
    try {
      return (await generateText({ model: of('fast'), output, prompt: 'Say in JSON that it is ok: {"ok": true}' }))
        .output
    } catch (error) {
      return (error as Error).name
    }
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const output = await app.run(flow, undefined)
  expect(output === 'AI_NoObjectGeneratedError' || typeof (output as { ok?: unknown }).ok === 'boolean').toBe(true)
})

test('a candidate that is not there is passed over, and one that is told no model says so', patient, async () => {
  const of = gateway({
    models: { fast: [candidate('http://127.0.0.1:9/v1'), candidate()] },
    prices,
  })
  const flow = workflow('live-over', async () => {
    await generateText({ model: of('fast'), prompt: 'Reply with the word: yes', maxOutputTokens: 512 })
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  await run.result()
  const [result] = await entries(run, 'model.result')
  expect(result?.meta).toMatchObject({ tries: 2, failovers: 1 })
})
