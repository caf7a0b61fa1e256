import { createOpenAI } from '@ai-sdk/openai'
import { generateText, isStepCount, Output, streamText, ToolLoopAgent, tool } from 'ai'
import { type ProviderServer, startProvider } from 'loopback-provider'
import { parallel, step, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

let provider: ProviderServer
let asked: string[]
let says: (prompt: string) => string

beforeEach(async () => {
  asked = []
  says = (prompt) => `about ${prompt}`
  provider = await startProvider({
    respond: (request) => {
      const prompt = request.turns.at(-1)?.text ?? ''
      asked.push(prompt)
      if (request.tools.length > 0 && request.turns.filter(({ role }) => role === 'tool').length < 3)
        return { calls: [{ name: 'look', input: { what: String(request.turns.length) } }] }
      return { text: says(prompt) }
    },
  })
  return () => provider.close()
})

const fast = () =>
  gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })('gpt-5-mini') } })

/** Every answer that came is on record and asked for once; each request more than that is shown as unconfirmed. */
async function nothingTwice(entries: Awaited<ReturnType<typeof journal>>): Promise<void> {
  const answered = entries.filter(({ kind }) => kind === 'model.result').length
  const lost = entries.filter(({ kind, meta }) => kind === 'model.attempt' && meta['unconfirmed'] === true)
  expect(provider.ledger.served.length).toBeLessThanOrEqual(answered + lost.length)
  for (const { meta } of lost) expect(meta['cost']).toBe(meta['bound'])
}

describe.each(['crashAfter', 'crashBefore'] as const)('a process that dies (%s) at any append', (how) => {
  test('asks for no recorded turn of an agent again', async () => {
    const models = fast()
    const look = step('agent-look', async (what: string) => `${what}: 7`)
    const ask = workflow('agent', async () => {
      const agent = new ToolLoopAgent({
        model: models('fast'),
        stopWhen: isStepCount(8),
        tools: { look: tool({ inputSchema: z.object({ what: z.string() }), execute: ({ what }) => look(what) }) },
      })
      const { text, steps } = await agent.generate({ prompt: 'Look three times.' })
      return { text, steps: steps.length }
    })
    for (let n = 1; ; n++) {
      asked = []
      provider = await fresh(provider)
      await using app = await testApp({ workflows: [ask], faults: { [how]: n } })
      const run = await app.start(ask, undefined)
      expect(await run.result()).toMatchObject({ steps: 4 })
      await nothingTwice(await journal(run))
      if (app.crashes === 0) break
      expect(n).toBeLessThan(40)
    }
  })

  test('hands the recorded answers out again inside a step', async () => {
    const models = fast()
    const talk = step('talk', async (topic: string) => {
      const [one, two] = await Promise.all(
        ['a', 'b'].map((what) => generateText({ model: models('fast'), prompt: `${topic} ${what}` })),
      )
      const stream = streamText({ model: models('fast'), prompt: `${one?.text} ${two?.text}` })
      let text = ''
      for await (const delta of stream.textStream) text += delta
      return text
    })
    const flow = workflow('talk-flow', async () => talk('x'))
    for (let n = 1; ; n++) {
      provider = await fresh(provider)
      await using app = await testApp({ workflows: [flow], faults: { [how]: n } })
      const run = await app.start(flow, undefined)
      expect(await run.result()).toBe('about about x a about x b')
      const entries = await journal(run)
      await nothingTwice(entries)
      expect(entries.filter(({ kind }) => kind === 'model.result')).toHaveLength(3)
      if (app.crashes === 0) break
      expect(n).toBeLessThan(40)
    }
  })
})

describe('a step that is tried again', () => {
  test('asks nothing that was answered before, whatever it does with the answers', async () => {
    const models = fast()
    let tries = 0
    const write = step('write', async () => {
      const { text } = await generateText({ model: models('fast'), prompt: 'one' })
      const { text: more } = await generateText({ model: models('fast'), prompt: `two ${text}` })
      if (++tries < 3) throw new Error('the disk hiccups')
      return more
    })
    const flow = workflow('write-flow', async () => write())
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow, undefined)).toBe('about two about one')
    expect(tries).toBe(3)
    expect(asked).toEqual(['one', 'two about one'])
  })

  test('asks again for an answer that it refused, and for no other', async () => {
    const models = fast()
    says = (prompt) =>
      prompt === 'number' && asked.filter((one) => one === 'number').length === 1 ? '{"n":"x"}' : '{"n":5}'
    const read = step('read', async () => {
      await generateText({ model: models('fast'), prompt: 'before' })
      const { output } = await generateText({
        model: models('fast'),
        prompt: 'number',
        output: Output.object({ schema: z.object({ n: z.number() }) }),
      })
      return output.n
    })
    const flow = workflow('read-flow', async () => read())
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow, undefined)
    expect(await run.result()).toBe(5)
    expect(asked).toEqual(['before', 'number', 'number'])
    expect((await journal(run)).map(({ kind }) => kind)).toContain('model.rejected')
  })
})

describe('code that changed', () => {
  test('gets the answer of the request it makes, in whatever order it makes them', async () => {
    const models = fast()
    const branches = (names: readonly string[]) =>
      workflow('order', async () => {
        const texts = await Promise.all(names.map((name) => generateText({ model: models('fast'), prompt: name })))
        await again()
        return texts.map(({ text }) => text)
      })
    const again = step('again', async () => {})
    const before = branches(['a', 'b', 'c'])
    await using app = await testApp({ workflows: [before], faults: { failAppend: (n) => n > 8 } })
    const run = await app.start(before, undefined, { id: 'o' })
    await run.result()
    await app.crash({ workflows: [branches(['c', 'a', 'b'])] })
    expect(asked.toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('keeps the answer of its place where it asks something else, and a note says so', async () => {
    const models = fast()
    const flow = (prompt: string, other: string) =>
      workflow('drift', async () => {
        const answers = await parallel({
          one: async () => (await generateText({ model: models('fast'), prompt })).text,
          two: async () => (await generateText({ model: models('fast'), prompt: other })).text,
        })
        const { text } = await generateText({ model: models('fast'), prompt: `then ${answers.one}` })
        await gate()
        return { ...answers, text }
      })
    let open = false
    const gate = step('gate', { attempts: 1 }, async () => {
      if (!open) throw new Error('shut')
    })
    const before = flow('first', 'second')
    await using app = await testApp({ workflows: [before] })
    const run = await app.start(before, undefined, { id: 'd' })
    await app.idle()
    expect((await run.status()).status).toBe('needs attention')
    open = true
    await app.restart({ workflows: [flow('first, please', 'second')] })
    await run.resume()
    expect(await run.result()).toEqual({ one: 'about first', two: 'about second', text: 'about then about first' })
    expect(asked).toHaveLength(3)
    const notes = (await journal(run)).filter(({ kind, meta }) => kind === 'note' && meta['drift'] === 'input')
    expect(notes).toHaveLength(1)
  })
})

async function fresh(old: ProviderServer): Promise<ProviderServer> {
  ;(old.ledger.served as unknown[]).length = 0
  return old
}
