import { tool } from 'ai'
import { type Run, step } from 'spanwise'
import { agent } from 'spanwise/agent'
import { graph } from 'spanwise/graph'
import { journal, testApp } from 'spanwise/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { toolTurns, world } from './support.ts'

const words = Array.from({ length: 12 }, (_, n) => `word${n}`).join(' ')

/** A graph in whose node an agent works with a tool: states, nodes, tools and what a model says are nested in one run. */
async function desk() {
  const { models, provider } = await world((request) =>
    toolTurns(request) === 0 ? { calls: [{ name: 'look', input: { what: 'a' } }] } : { text: words },
  )
  const look = tool({ inputSchema: z.object({ what: z.string() }), execute: ({ what }) => `${what} is 7` })
  const writer = agent('writer', { model: models('fast'), tools: { look }, stream: true })
  const count = step('count', async (text: string) => text.length)
  const flow = graph('desk', { state: z.object({ text: z.string(), size: z.number().default(0) }) })
    .body('write', async ({ text }) => ({ text: await writer(text) }))
    .body('count', async ({ text }) => ({ size: await count(text) }))
    .edge('start', 'write')
    .edge('write', 'count')
    .edge('count', 'end')
  return { flow, provider }
}

/** What a follower has: entries that it was told of, and what each call has said as far as it counts. */
class Screen {
  readonly durable: number[] = []
  readonly said = new Map<string, string>()
  parts = 0
  cursor: string | undefined

  /** @param most events, after which the line is cut */
  async follow(run: Run<unknown>, most = Number.POSITIVE_INFINITY): Promise<void> {
    let n = 0
    for await (const one of run.stream({ after: this.cursor, events: true })) {
      this.cursor = one.cursor
      if (one.type === 'again') this.said.delete(one.call)
      else if (one.type !== 'part') this.durable.push(one.event.index)
      else if (one.part.type === 'text-delta') {
        this.parts++
        this.said.set(one.call, `${this.said.get(one.call) ?? ''}${one.part['delta']}`)
      }
      if (++n === most) return
    }
  }
}

test('one stream tells what is on record, nested things included, and what an agent says while it says it', async () => {
  const { flow } = await desk()
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, { text: 'Write.' })
  const screen = new Screen()
  await screen.follow(run)
  expect(await run.result()).toEqual({ text: words, size: words.length })
  const entries = await journal(run)
  expect(screen.durable).toEqual(entries.map(({ index }) => index))
  expect(entries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['scope.snapshot', 'step.result']))
  expect([...screen.said.values()]).toEqual([words])
  expect(screen.parts).toBeGreaterThan(3)
})

test('cut off after every few events, a follower misses nothing on record and is told nothing of it twice', async () => {
  const { flow } = await desk()
  await using app = await testApp({ workflows: [flow] })
  const run = await app.start(flow, { text: 'Write.' })
  const screen = new Screen()
  while ((await run.status()).status !== 'completed') await screen.follow(run, 1)
  await screen.follow(run)
  expect(screen.durable).toEqual((await journal(run)).map(({ index }) => index))
})

test.each(['crashAfter', 'crashBefore'] as const)(
  'a process that dies (%s) at any append: its follower goes on with the next one',
  async (how) => {
    for (let n = 1; ; n++) {
      const { flow, provider } = await desk()
      await using app = await testApp({ workflows: [flow], faults: { [how]: n } })
      const run = await app.start(flow, { text: 'Write.' })
      const screen = new Screen()
      await screen.follow(run)
      expect(await run.result()).toEqual({ text: words, size: words.length })
      const entries = await journal(run)
      expect(screen.durable).toEqual(entries.map(({ index }) => index))
      // what was said before a crash counts no more
      for (const text of screen.said.values()) expect(text).toBe(words)
      const answered = entries.filter(({ kind }) => kind === 'model.result').length
      const lost = entries.filter(({ meta }) => meta['unconfirmed'] === true).length
      expect(answered).toBe(2)
      expect(provider.ledger.served.length).toBeLessThanOrEqual(answered + lost)
      if (app.crashes === 0) break
      expect(n).toBeLessThan(40)
    }
  },
)

test('a streamed turn is the turn that it would have been: the same kinds of entries, output and errors', async () => {
  const shape = z.object({ answer: z.number() })
  const kinds: string[][] = []
  for (const stream of [false, true]) {
    const { models } = await world((_, n) => ({ text: n === 0 ? 'no JSON' : '{"answer":7}' }))
    const one = agent('one', { model: models('fast'), output: shape, stream })
    await using app = await testApp({ workflows: [one] })
    const run = await app.start(one, 'How many?')
    expect(await run.result()).toEqual({ answer: 7 })
    kinds.push((await journal(run)).map(({ kind, key }) => `${kind} ${key.replace(/\[[^\]]*\]/g, '')}`))
  }
  expect(kinds[1]).toEqual(kinds[0])
})

test('a streamed turn that nobody answers parks the run with what the call failed with, as any other turn does', async () => {
  const found: unknown[] = []
  for (const stream of [false, true]) {
    const { models, provider } = await world(() => ({ text: 'never said' }))
    provider.fail({ kind: 'status', status: 401 })
    const one = agent('one', { model: models('fast'), stream })
    await using app = await testApp({ workflows: [one] })
    const run = await app.start(one, 'How many?')
    await expect(run.result({ onAttention: 'throw' })).rejects.toThrow()
    const { status, code } = (await run.status()) as { status: string; code?: string }
    found.push([status, code, (await journal(run)).map(({ kind }) => kind)])
  }
  expect(found[1]).toEqual(found[0])
  expect(found[0]).toEqual(['needs attention', expect.any(String), expect.arrayContaining(['model.error'])])
})
