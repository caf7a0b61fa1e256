import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { type ProviderOptions, type ProviderServer, recordedAnswers, startProvider } from './index.ts'

// models of one provider are asked for through the API of another
globalThis.AI_SDK_LOG_WARNINGS = false

async function provider(options?: ProviderOptions): Promise<ProviderServer> {
  const server = await startProvider(options)
  onTestFinished(() => server.close())
  return server
}

type Make = (server: ProviderServer, id: string) => LanguageModel
const ways: Readonly<Record<string, Make>> = {
  'openai responses': ({ baseURL }, id) => createOpenAI({ baseURL, apiKey: 'k' }).responses(id),
  'openai chat': ({ baseURL }, id) => createOpenAI({ baseURL, apiKey: 'k' }).chat(id),
  'openai-compatible': ({ baseURL }, id) =>
    createOpenAICompatible({ name: 'local', baseURL, includeUsage: true, supportsStructuredOutputs: true })(id),
  anthropic: ({ baseURL }, id) => createAnthropic({ baseURL, apiKey: 'k' })(id),
}
const { questions } = recordedAnswers()
const asked = questions[0]!

describe.each(Object.entries(ways))('through the AI SDK: %s', (_, make) => {
  test('a recorded question is answered with the words of the stronger or the weaker model', async () => {
    const server = await provider()
    const strong = await generateText({ model: make(server, 'gpt-5'), prompt: asked.prompt })
    const weak = await generateText({ model: make(server, 'gpt-5-mini'), prompt: `Think.\n${asked.prompt}` })
    expect(strong.text).toBe(asked.strong.text)
    expect(weak.text).toBe(asked.weak.text)
    expect(strong.response.modelId).toBe('gpt-5')
    expect(strong.usage.inputTokens).toBe(server.ledger.served[0]!.billed.input)
    expect(strong.usage.outputTokens).toBe(server.ledger.served[0]!.billed.output)
    expect(strong.finishReason).toBe('stop')
  })

  test('a stream brings the same text in pieces, and its usage at the end', async () => {
    const server = await provider()
    const result = streamText({ model: make(server, 'gpt-5'), prompt: asked.prompt })
    const pieces: string[] = []
    for await (const piece of result.textStream) pieces.push(piece)
    expect(pieces.length).toBeGreaterThan(10)
    expect(pieces.join('')).toBe(asked.strong.text)
    expect((await result.usage).outputTokens).toBe(server.ledger.served[0]!.billed.output)
    expect(server.ledger.served[0]!.outcome).toBe('complete')
  })

  test('tools are called with input that follows their schema, and their results answered, streamed or not', async () => {
    const server = await provider()
    const weather = tool({
      description: 'the weather of a city',
      inputSchema: z.object({ city: z.string(), days: z.number().int().min(1).max(5), unit: z.enum(['C', 'F']) }),
      execute: async ({ city, days, unit }) => `${days} days of sun in ${city}, ${unit}`,
    })
    const options = {
      model: make(server, 'gpt-5'),
      prompt: 'What is the weather?',
      tools: { weather },
      stopWhen: isStepCount(4),
    }
    const whole = await generateText(options)
    expect(whole.steps.length).toBe(2)
    expect(whole.text).toMatch(/The tool says: .*days of sun in/)
    expect(server.ledger.calls).toBe(2)
    const streamed = streamText(options)
    await streamed.consumeStream()
    expect(await streamed.text).toBe(whole.text)
  })

  test('structured output follows its schema, with the number that was recorded', async () => {
    const server = await provider()
    const { output } = await generateText({
      model: make(server, 'gpt-5'),
      output: Output.object({ schema: z.object({ answer: z.number(), why: z.string(), sure: z.boolean() }) }),
      prompt: asked.prompt,
    })
    expect(output.answer).toBe(Number(asked.strong.text.match(/\d+/g)!.at(-1)))
    expect(output.why).toBe(asked.strong.text)
  })

  test('an answer stops at the number of tokens that was allowed', async () => {
    const server = await provider()
    const result = await generateText({ model: make(server, 'gpt-4.1'), prompt: asked.prompt, maxOutputTokens: 16 })
    expect(result.finishReason).toBe('length')
    expect(result.usage.outputTokens).toBe(16)
  })

  test('a content filter is told as the finish reason', async () => {
    const server = await provider()
    server.fail({ kind: 'filter' })
    const result = await generateText({ model: make(server, 'gpt-5'), prompt: asked.prompt })
    expect(result.finishReason).toBe('content-filter')
  })

  test('cached and reasoning tokens come through', async () => {
    const server = await provider({ respond: () => ({ text: 'yes', cachedTokens: 5, reasoningTokens: 40 }) })
    const { usage } = await generateText({ model: make(server, 'gpt-5'), prompt: 'A rather long question, is it not?' })
    expect(usage.inputTokenDetails.cacheReadTokens).toBe(5)
    expect(usage.inputTokens).toBe(server.ledger.served[0]!.billed.input)
    expect(usage.outputTokens).toBe(41)
  })

  test.each([
    ['429', { kind: 'status', status: 429, retryAfter: 0 }],
    ['500', { kind: 'status', status: 500, retryAfter: 0 }],
    ['502 as a page', { kind: 'status', status: 502, body: 'html', retryAfter: 0 }],
    ['529', { kind: 'status', status: 529, retryAfter: 0 }],
  ] as const)('a %s is retried by the AI SDK, and both requests are counted', async (_name, fault) => {
    const server = await provider()
    server.fail(fault)
    const result = await generateText({ model: make(server, 'gpt-5'), prompt: asked.prompt })
    expect(result.text).toBe(asked.strong.text)
    expect(server.ledger.served.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['refused', fault.status],
      ['complete', 200],
    ])
  })

  test('what breaks an answer breaks the call', async () => {
    const server = await provider()
    for (const fault of [
      { kind: 'malformed', after: 0 },
      { kind: 'truncated', after: 2 },
      { kind: 'reset', after: 0 },
      { kind: 'stall', after: 2, ms: 5 },
      { kind: 'context' },
    ] as const) {
      server.fail(fault)
      await expect(
        generateText({ model: make(server, 'gpt-5'), prompt: asked.prompt, maxRetries: 0 }),
        fault.kind,
      ).rejects.toThrow()
    }
    expect(server.ledger.served.filter(({ outcome }) => outcome === 'complete')).toEqual([])
  })

  test('a stream that breaks has brought what came before, and no more', async () => {
    const server = await provider()
    for (const fault of [
      { kind: 'malformed', after: 3 },
      { kind: 'truncated', after: 3 },
      { kind: 'reset', after: 3 },
      { kind: 'stall', after: 3, ms: 5 },
      { kind: 'stream-error', after: 3 },
    ] as const) {
      server.fail(fault)
      const parts: string[] = []
      const { fullStream } = streamText({
        model: make(server, 'gpt-5'),
        prompt: asked.prompt,
        maxRetries: 0,
        onError: () => {},
      })
      // a connection that is lost ends the stream with an error, an event that is one is a part of it
      try {
        for await (const part of fullStream) if (part.type === 'text-delta') parts.push(part.text)
      } catch (error) {
        expect(error, fault.kind).toMatchObject({ message: expect.stringMatching(/Failed to process|terminated/) })
      }
      expect(asked.strong.text.startsWith(parts.join('')), fault.kind).toBe(true)
      expect(parts.length, fault.kind).toBeLessThan(5)
      expect(server.ledger.served.at(-1)!.outcome, fault.kind).toBe('broken')
      expect(server.ledger.served.at(-1)!.billed.output, fault.kind).toBeGreaterThan(0)
    }
  })

  test('a caller who leaves a stream is seen to leave', async () => {
    const server = await provider({ pace: { perChunk: 20 } })
    const leave = new AbortController()
    const result = streamText({
      model: make(server, 'gpt-5'),
      prompt: asked.prompt,
      abortSignal: leave.signal,
      onError: () => {},
    })
    for await (const _ of result.textStream) leave.abort()
    await expect.poll(() => server.ledger.served[0]!.outcome).toBe('left by the client')
    expect(server.ledger.served[0]!.billed.output).toBeLessThan(20)
  })

  test('an answer can come from another model than was asked for', async () => {
    const server = await provider()
    server.fail({ kind: 'model', model: 'gpt-5-2031-01-01' })
    expect((await generateText({ model: make(server, 'gpt-5'), prompt: 'hello' })).response.modelId).toBe(
      'gpt-5-2031-01-01',
    )
  })

  test('a key that is not accepted is refused without a retry', async () => {
    const server = await provider({ keys: ['another'] })
    await expect(generateText({ model: make(server, 'gpt-5'), prompt: 'hello' })).rejects.toThrow(/key/)
    expect(server.ledger.calls).toBe(1)
  })
})

test('a provider that is down refuses connections, and answers again when it is up', async () => {
  const server = await provider()
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-5')
  await server.down()
  await expect(generateText({ model, prompt: 'hello', maxRetries: 0 })).rejects.toThrow(/connect/i)
  await server.up()
  expect((await generateText({ model, prompt: asked.prompt })).text).toBe(asked.strong.text)
})

test('a host that does not resolve is a failed lookup', async () => {
  const model = createOpenAI({ baseURL: 'http://provider.invalid/v1', apiKey: 'k' })('gpt-5')
  await expect(generateText({ model, prompt: 'hello', maxRetries: 0 })).rejects.toThrow(/provider\.invalid|connect/i)
})

test('embeddings are the same for the same text, and near for texts with words in common', async () => {
  const server = await provider()
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' }).embeddingModel('text-embedding-3-small')
  const { embeddings, usage } = await embedMany({
    model,
    values: ['a red car', 'a red bike', 'tax law in Norway', 'a red car'],
  })
  const near = (a: number, b: number): number =>
    embeddings[a]!.reduce((sum, each, n) => sum + each * embeddings[b]![n]!, 0)
  expect(embeddings[0]).toEqual(embeddings[3])
  expect(near(0, 1)).toBeGreaterThan(near(0, 2))
  expect(usage.tokens).toBe(server.ledger.inputTokens)
})

test('limits are enforced as providers do it', async () => {
  const server = await provider({ limits: { perMinute: 2 }, timeScale: 600 })
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-5')
  const call = () => generateText({ model, prompt: 'hello', maxRetries: 0 })
  await Promise.all([call(), call()])
  await expect(call()).rejects.toMatchObject({
    statusCode: 429,
    responseHeaders: { 'retry-after': expect.any(String) },
  })
  await new Promise((done) => setTimeout(done, 110))
  await call()
})

test('its time runs as fast as told', async () => {
  const server = await provider({ timeScale: 1000, pace: { firstToken: 60_000 } })
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-5')
  await generateText({ model, prompt: 'hello' })
  expect(server.ledger.served[0]!.took).toBeGreaterThanOrEqual(59_000)
})

test('models are listed, and one that is not there is refused', async () => {
  const server = await provider({ models: ['gpt-5'] })
  const list = (await (await fetch(`${server.baseURL}/models`)).json()) as { data: { id: string }[] }
  expect(list.data.map(({ id }) => id)).toEqual(['gpt-5'])
  const model = createOpenAI({ baseURL: server.baseURL, apiKey: 'k' })('gpt-6')
  await expect(generateText({ model, prompt: 'hello' })).rejects.toMatchObject({ statusCode: 404 })
})
