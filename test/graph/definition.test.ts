import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { loadGraph } from '../../packages/spanwise/src/graph/definition/index.ts'
import { graph, picture, visitsOf } from '../../packages/spanwise/src/graph/index.ts'
import { signal, step } from '../../packages/spanwise/src/index.ts'
import { errorOf, until, world } from '../promises/support/world.ts'

const search = step('search', async ({ topic, depth }: { topic: string; depth: number }) => ({ topic, hits: depth }))
const undone: string[] = []
const undo = step('undo', async ({ topic }: { topic: string }) => void undone.push(topic))
const components = {
  'plan@1': ({ text }: { text: string }) => ({ topics: text.split(' ') }),
  'search@1': search,
  'undo@1': undo,
  'fail@1': () => {
    throw Object.assign(new TypeError('never'), { code: 'NEVER' })
  },
  'add@1': (sum: number, more: number) => sum + more,
}
const definition = `
graph: research
input: { type: object, properties: { text: { type: string } }, required: [text] }
state:
  type: object
  properties:
    text: { type: string }
    topics: { type: array, items: { type: string }, default: [] }
    rounds: { type: integer, default: 0 }
    hits: { type: number, default: 0 }
    log: { type: array, items: { type: string }, default: [] }
  required: [text]
output: { type: object, properties: { log: { type: array, items: { type: string } }, hits: { type: number } } }
reducers: { log: append, hits: add@1 }
initial: { text: input.text }
finish: { log: state.log, hits: state.hits }
nodes:
  plan: { use: plan@1 }
  search:
    use: search
    over: state.topics
    each: { topic: item, depth: state.rounds + 1 }
    output: { log: 'results.map(r, r.topic)', rounds: state.rounds + 1, hits: double(results.size()) }
  hear: { wait: more, output: { log: '"heard " + value.word' } }
  ask: { approval: '"enough after " + string(state.rounds) + "?"', output: { log: decision.status + " by " + decision.by } }
  fail: { use: fail@1 }
edges:
  - { from: start, to: plan }
  - { from: plan, to: search }
  - { from: search, route: 'state.rounds < 2 ? "again" : "on"', to: { again: search, on: hear } }
  - { from: hear, to: ask }
  - { from: ask, to: fail }
  - { from: fail, to: end }
  - { from: fail, error: error.code == "NEVER", to: end, output: { log: 'error.name + ": " + error.message' } }
`

describe('a graph that is data', () => {
  it('runs as one that is written in TypeScript does', async () => {
    const written = graph('research', {
      input: z.object({ text: z.string() }),
      state: z.object({
        text: z.string(),
        topics: z.array(z.string()).default([]),
        rounds: z.number().default(0),
        hits: z.number().default(0),
        log: z.array(z.string()).default([]),
      }),
      reducers: { log: 'append', hits: (sum: number, more: number) => sum + more },
      initial: ({ text }) => ({ text }),
      finish: ({ log, hits }) => ({ log, hits }),
    })
      .node('plan', ({ text }) => ({ topics: text.split(' ') }))
      .each('search', search, {
        over: ({ topics }) => topics,
        each: (topic, { rounds }) => ({ topic, depth: rounds + 1 }),
        output: (results, { rounds }) => ({
          log: results.flatMap((one) => (one.ok ? [one.value.topic] : [])),
          rounds: rounds + 1,
          hits: results.length,
        }),
      })
      .wait('hear', signal<{ word: string }>('more'), { output: ({ word }) => ({ log: `heard ${word}` }) })
      .approval('ask', {
        question: ({ rounds }) => `enough after ${rounds}?`,
        output: (decision) => ({ log: `${decision.status} by ${decision.status === 'expired' ? '' : decision.by}` }),
      })
      .node('fail', () => {
        throw Object.assign(new TypeError('never'), { code: 'NEVER' })
      })
      .edge('start', 'plan')
      .edge('plan', 'search')
      .route('search', ({ rounds }) => (rounds < 2 ? 'again' : 'on'), { again: 'search', on: 'hear' })
      .edge('hear', 'ask')
      .edge('ask', 'fail')
      .edge('fail', 'end')
      .onError('fail', 'end', { update: (error) => ({ log: `${error.name}: ${error.message}` }) })

    const play = async (one: typeof written) => {
      const { app, store } = await (async () => {
        const around = world()
        return { ...(await around.open([one])), store: around.store }
      })()
      const run = await app.start(one, { text: 'a b' })
      await run.signal(signal<{ word: string }>('more'), { word: 'go' })
      const [question] = await until(
        async () => (await app.approvals({})).items,
        (items) => items.length > 0,
      )
      await app.decide(question?.id as string, { approve: true, by: 'ada' })
      const result = await run.result()
      const keys = (await store.entries(run.id))
        .filter(({ kind }) => kind !== 'note')
        .map(({ kind, key }) => `${kind} ${key.replace(/\[[\w-]{16}\]/g, '[…]')}`)
      return {
        result,
        keys,
        question: question?.question,
        path: picture(one, 'text', await visitsOf(run.events(), one)),
      }
    }
    const fromData = await play(loadGraph(definition, { components }) as never)
    expect(fromData.result).toEqual({
      log: ['a', 'b', 'a', 'b', 'heard go', 'approved by ada', 'TypeError: never'],
      hits: 4,
    })
    expect(fromData.question).toBe('enough after 2?')
    expect(fromData.path).toContain('●×2 search')
    const fromCode = await play(written)
    expect(fromData).toEqual(fromCode)
  })

  it('an expression that fails parks the run with its place', async () => {
    const one = loadGraph(definition.replace('value.word', 'value.other'), { components })
    const { app } = await world().open([one])
    const run = await app.start(one, { text: 'a' })
    await run.signal(signal<{ word: string }>('more'), { word: 'go' })
    const error = await errorOf(run.result())
    expect((error.cause as { code?: string }).code).toBe('EXPRESSION_FAILED')
    expect(error.message).toContain('nodes.hear.output.log: "heard " + value.other: No such key: other')
  })
})
