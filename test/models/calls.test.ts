import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { embedMany, generateText, isStepCount, Output, streamText, ToolLoopAgent, tool } from 'ai'
import { startProvider } from 'loopback-provider'
import { spanwise, step, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { journal } from 'spanwise/testing'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { silent } from './support.ts'

type Provider = Awaited<ReturnType<typeof startProvider>>
let provider: Provider

beforeEach(async () => {
  provider = await startProvider()
  return () => provider.close()
})

const openai = () => createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
const anthropic = () => createAnthropic({ baseURL: provider.baseURL, apiKey: 'any' })

const question =
  'Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?'

describe('in the body of a workflow', () => {
  test('a call is recorded with what it cost, and its answer is not asked for again', async () => {
    const models = gateway({ models: { fast: [openai()('gpt-5-mini')] } })
    let bodies = 0
    const ask = workflow('ask', async () => {
      bodies++
      const first = await generateText({ model: models('fast'), prompt: question })
      const second = await generateText({ model: models('fast'), prompt: `And twice that? ${first.text}` })
      return {
        text: second.text,
        id: second.response.id,
        at: second.response.timestamp,
        model: second.response.modelId,
      }
    })
    const { app } = await opened([ask])
    const run = await app.start(ask, undefined, { id: 'one' })
    const output = await run.result()
    expect(output.text.length).toBeGreaterThan(3)
    expect(provider.ledger.served.length).toBe(2)
    const entries = await journal(run)
    expect(entries.map(({ kind }) => kind)).toEqual([
      'run.started',
      'model.call',
      'model.result',
      'model.call',
      'model.result',
      'run.completed',
    ])
    expect(entries[2]?.meta).toMatchObject({ alias: 'fast', model: 'gpt-5-mini', tries: 1, failovers: 0 })
    expect(entries[2]?.meta['cost']).toBeGreaterThan(0)
    expect(entries[2]?.meta['cost']).toBeLessThanOrEqual(entries[2]?.meta['bound'] as number)
    expect(bodies).toBe(1)
  })

  test.each(['openai', 'chat', 'anthropic', 'compatible'] as const)(
    'structured output, tools and streams work through %s',
    async (api) => {
      const model = {
        openai: () => openai()('gpt-5-mini'),
        chat: () => openai().chat('gpt-5-mini'),
        anthropic: () => anthropic()('claude-haiku-4-5'),
        compatible: () =>
          createOpenAICompatible({
            name: 'local',
            baseURL: provider.baseURL,
            supportsStructuredOutputs: true,
            includeUsage: true,
          })('qwen'),
      }[api]()
      const models = gateway({ models: { fast: [model] } })
      const looked = step(`look-${api}`, async (what: string) => `${what}: 7`)
      const ask = workflow(`ask-${api}`, async () => {
        const structured = await generateText({
          model: models('fast'),
          prompt: question,
          output: Output.object({ schema: z.object({ answer: z.number() }) }),
        })
        const agent = new ToolLoopAgent({
          model: models('fast'),
          stopWhen: isStepCount(4),
          tools: {
            look: tool({
              description: 'looks something up',
              inputSchema: z.object({ what: z.string() }),
              execute: ({ what }) => looked(what),
            }),
          },
        })
        const acted = await agent.generate({ prompt: 'Look something up.' })
        const streamed = streamText({ model: models('fast'), prompt: question })
        let text = ''
        for await (const delta of streamed.textStream) text += delta
        return { answer: structured.output.answer, steps: acted.steps.length, text, usage: await streamed.usage }
      })
      const { app } = await opened([ask])
      const output = await app.run(ask, undefined)
      expect(output).toMatchObject({ answer: expect.any(Number), steps: 2 })
      expect(output.text.length).toBeGreaterThan(3)
      expect(output.usage.outputTokens).toBeGreaterThan(0)
      expect(provider.ledger.served.length).toBe(4)
    },
  )

  test('embeddings are recorded too', async () => {
    const models = gateway({ models: { search: [openai().embedding('text-embedding-3-small')] } })
    const embedded = workflow('embedded', async () => {
      const { embeddings, usage } = await embedMany({ model: models.embeddingModel('search'), values: ['a', 'b'] })
      return { lengths: embeddings.map(({ length }) => length), usage }
    })
    const { app } = await opened([embedded])
    const run = await app.start(embedded, undefined)
    expect((await run.result()).lengths).toHaveLength(2)
    const result = (await journal(run)).find(({ kind }) => kind === 'model.result')
    expect(result?.meta).toMatchObject({ call: 'embedding', alias: 'search', output: 0 })
  })
})

async function opened(workflows: Parameters<typeof spanwise>[0]['workflows']) {
  const app = await spanwise({ store: 'memory:', workflows, log: silent })
  onTestFinished(() => app.close())
  return { app }
}
