import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { startProvider } from 'loopback-provider'
import { each, type Run, type StreamEvent, spanwise, step, workflow } from 'spanwise'
import { gateway } from 'spanwise/models'
import { testApp } from 'spanwise/testing'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { silent } from './support.ts'

type Provider = Awaited<ReturnType<typeof startProvider>>
let provider: Provider
const text = Array.from({ length: 40 }, (_, n) => `word${n}`).join(' ')

beforeEach(async () => {
  provider = await startProvider({ pace: { firstToken: 5, perChunk: 4 }, respond: () => ({ text }) })
  return () => provider.close()
})

const models = () =>
  gateway({ models: { fast: createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini') } })

const talking = (of = models()) => {
  const talk = step('talk', async () => {
    let said = ''
    for await (const delta of streamText({ model: of('fast'), prompt: 'Talk.', onError: () => {} }).textStream)
      said += delta
    return said
  })
  return workflow('talking', () => talk())
}

/** What a follower shows: the text of each call, begun anew where it is told so. */
class Screen {
  readonly texts = new Map<string, string>()
  readonly finals: string[] = []
  again = 0
  cursor: string | undefined

  take(event: StreamEvent): void {
    this.cursor = event.cursor
    if (event.type === 'again') {
      this.texts.delete(event.call)
      this.again++
    }
    if (event.type === 'final') this.finals.push(event.call)
    if (event.type === 'part' && event.part.type === 'text-delta')
      this.texts.set(event.call, `${this.texts.get(event.call) ?? ''}${event.part['delta']}`)
  }

  get text(): string {
    return [...this.texts.values()].join('|')
  }
}

async function follow(run: Run<unknown>, screen: Screen, until?: (screen: Screen) => boolean): Promise<void> {
  for await (const event of run.stream({ after: screen.cursor })) {
    screen.take(event)
    if (until?.(screen) === true) return
  }
}

test('a follower sees an answer form, and is told what is on record', async () => {
  const flow = talking()
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const screen = new Screen()
  const events: StreamEvent[] = []
  for await (const event of run.stream()) {
    events.push(event)
    screen.take(event)
  }
  expect(screen.text).toBe(text)
  const parts = events.filter(({ type }) => type === 'part')
  expect(parts.length).toBeGreaterThan(20)
  expect(parts.map((one) => one.type === 'part' && one.n)).toEqual(parts.map((_, n) => n))
  const final = events.at(-1)
  expect(final).toMatchObject({
    type: 'final',
    event: { kind: 'model.result', key: parts[0]?.type === 'part' && parts[0].call },
  })
  // who comes late is told what is on record
  const late: StreamEvent[] = []
  for await (const event of run.stream()) late.push(event)
  expect(late.filter(({ type }) => type !== 'part')).toEqual([final])
})

test('a follower who is cut off goes on where it was: nothing is missing, nothing comes twice', async () => {
  const flow = talking()
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const screen = new Screen()
  for (const words of [3, 9, 20]) await follow(run, screen, ({ text }) => text.split(' ').length >= words)
  expect(screen.finals).toEqual([])
  await follow(run, screen)
  expect(screen.text).toBe(text)
  expect(screen.finals).toHaveLength(1)
  const rest: StreamEvent[] = []
  for await (const event of run.stream({ after: screen.cursor })) rest.push(event)
  expect(rest).toEqual([])
})

test('calls at once are told apart, and a body that waits for the whole of them is seen forming too', async () => {
  const of = models()
  const flow = workflow('several', async () => {
    await each(['a', 'b', 'c'], { key: (one) => one, concurrency: 3 }, async (one) => {
      await streamText({ model: of('fast'), prompt: `Talk of ${one}.` }).text
    })
  })
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const screen = new Screen()
  await follow(run, screen, ({ texts }) => texts.size === 3)
  await follow(run, screen)
  expect([...screen.texts.values()]).toEqual([text, text, text])
  expect(screen.finals.toSorted()).toEqual([...screen.texts.keys()].toSorted())
})

test('where another candidate takes over in the middle, followers are told to forget what they have', async () => {
  const second = await startProvider({ respond: () => ({ text: 'something else' }) })
  onTestFinished(() => second.close())
  const of = gateway({
    models: {
      fast: [
        createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini'),
        createAnthropic({ baseURL: second.baseURL, apiKey: 'k' })('claude-haiku-4-5'),
      ],
    },
  })
  provider.fail({ kind: 'truncated', after: 30 })
  // a body is handed nothing before all of it is on record, so somebody else can still be asked
  const flow = workflow('over', async () => await streamText({ model: of('fast'), prompt: 'Talk.' }).text)
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const screen = new Screen()
  await follow(run, screen)
  expect(await run.result()).toBe('something else')
  expect(screen).toMatchObject({ again: 1, text: 'something else' })
})

test('a follower in another process goes on when the owner dies in the middle, with the new generation', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-stream-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'store.db')}`
  const flow = talking()
  const first = await spanwise({ store, workflows: [flow], log: silent, grace: 0 })
  const client = await spanwise({ store, workflows: [], work: false })
  onTestFinished(() => client.close())
  const { id } = await first.start(flow, undefined)
  const run = (await client.get(id)) as Run<unknown>
  const screen = new Screen()
  await follow(run, screen, (one) => one.text.split(' ').length >= 8)
  const following = follow(run, screen)
  // the call is under way; without grace it is given up, and the next owner asks again
  await first.close()
  const second = await spanwise({ store, workflows: [flow], log: silent })
  onTestFinished(() => second.close())
  await following
  expect(screen.again).toBe(1)
  expect([...screen.texts.values()].at(-1)).toBe(text)
  expect(screen.finals).toHaveLength(1)
  expect(await run.result()).toBe(text)
})

test('a follower ends when it is told to, and a place that is none is refused', async () => {
  const flow = workflow('silent', async () => {
    await generateText({ model: models()('fast'), prompt: 'x' })
    await new Promise(() => {})
  })
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, undefined)
  const ended = new AbortController()
  setTimeout(() => ended.abort(), 50)
  for await (const _ of run.stream({ signal: ended.signal }));
  for (const after of ['x', '1&a', '0&a=1', '0&%=1.2', ''])
    await expect(run.stream({ after })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'INVALID_CURSOR' })
})

test('of two candidates that answer at once, code and followers hear one', async () => {
  const second = await startProvider({ pace: { firstToken: 1, perChunk: 3 }, respond: () => ({ text: `B ${text}` }) })
  onTestFinished(() => second.close())
  const of = gateway({
    models: {
      fast: {
        candidates: [
          createOpenAI({ baseURL: provider.baseURL, apiKey: 'k' })('gpt-5-mini'),
          createAnthropic({ baseURL: second.baseURL, apiKey: 'k' })('claude-haiku-4-5'),
        ],
        hedge: { after: 2 },
      },
    },
  })
  const flow = talking(of)
  await using app = await spanwise({ store: 'memory:', workflows: [flow], log: silent })
  const run = await app.start(flow, undefined)
  const screen = new Screen()
  await follow(run, screen)
  const said = await run.result()
  expect([text, `B ${text}`]).toContain(said)
  expect(screen.text).toBe(said)
})
