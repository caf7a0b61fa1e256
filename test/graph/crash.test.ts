import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { graph } from '../../packages/spanwise/src/graph/index.ts'
import { signal, step, workflow } from '../../packages/spanwise/src/index.ts'
import { dieEverywhere } from '../promises/support/everywhere.ts'
import { until } from '../promises/support/world.ts'

/** Has a cycle, a fan-out, a join, a nested graph, a child, an error edge and an interrupt. */
function everything() {
  const done = new Map<string, number>()
  const did = (what: string) => done.set(what, (done.get(what) ?? 0) + 1)
  const letter = signal<number>('number')
  const release = step('release', (what: string) => void did(`release ${what}`))
  const half = workflow('half', async (n: number) => n / 2)
  const search = step('search', { attempts: 1 }, async (topic: string) => {
    did(`search ${topic}`)
    if (topic === 'bad') throw new TypeError('bad')
    return topic.length
  })
  const count = graph('count', { state: z.object({ n: z.number() }) })
    .node('up', ({ n }) => {
      did(`up ${n}`)
      return { n: n + 1 }
    })
    .edge('start', 'up')
    .route('up', ({ n }) => (n >= 3 ? 'done' : 'again'), { done: 'end', again: 'up' })
  const State = z.object({ log: z.array(z.string()).default([]), n: z.number().default(0) })
  const all = graph('all', { state: State, reducers: { log: 'append', n: (sum: number, more: number) => sum + more } })
    .node('plan', () => {
      did('plan')
      return { log: 'plan' }
    })
    .each('research', search, {
      over: () => ['aa', 'bbb', 'bad'],
      join: 2,
      output: (outcomes) => ({ n: outcomes.filter(({ ok }) => ok).length, log: 'research' }),
      compensate: { step: release, input: (n) => String(n) },
    })
    .node('count', count, { input: () => ({ n: 0 }), output: ({ n }) => ({ n, log: 'count' }) })
    .node('half', half, { input: () => 8, output: (n) => ({ n, log: 'half' }) })
    .node('fails', () => {
      throw new TypeError('always')
    })
    .node('sorry', () => ({ log: 'sorry' }))
    .wait('hear', letter, { output: (n) => ({ n, log: `heard ${n}` }) })
    .approval('ask', { question: 'right?', output: ({ status }) => ({ log: status }) })
    .edge('start', 'plan')
    .edge('plan', 'research')
    .edge('plan', 'count')
    .edge('plan', 'fails')
    .edge('plan', 'half')
    .onError('fails', 'sorry')
    .edge(['research', 'count', 'sorry', 'half'], 'hear')
    .edge('fails', 'end')
    .route('hear', ({ log }) => (log.length < 9 ? 'more' : 'ask'), { more: 'hear', ask: 'ask' })
    .edge('ask', 'end')
  return { all, half, letter, done }
}

describe('a graph', () => {
  it('survives a crash at every write', { timeout: 240_000 }, async () => {
    for (const linger of [0, 200]) {
      const places = await dieEverywhere(
        () => {
          const { all, half, letter, done } = everything()
          return {
            workflows: [all, half],
            async drive(app) {
              const run = await app.start(all, {}, { id: 'one' })
              for (let n = 1; n <= 4; n++) await run.signal(letter, n, { sendId: String(n) }).catch(() => {})
              const decide = async () => {
                const { items } = await app.approvals({})
                for (const { id } of items) await app.decide(id, { approve: true, by: 'ada' }).catch(() => {})
                return (await run.status()).status
              }
              await until(decide, (status) => status === 'completed', 20_000)
              return run.result()
            },
            async check(outcome, store, crashes) {
              expect(outcome).toEqual({
                log: [
                  'plan',
                  'research',
                  'count',
                  'half',
                  'sorry',
                  'heard 1',
                  'heard 2',
                  'heard 3',
                  'heard 4',
                  'approved',
                ],
                n: 2 + 3 + 4 + 1 + 2 + 3 + 4,
              })
              const repeated = [...done.values()].reduce((sum, times) => sum + times - 1, 0)
              // a superstep has at most five steps under way
              expect(repeated).toBeLessThanOrEqual(crashes * 5)
              // nothing that is on record was recorded twice
              const { items } = await store.list({ workflow: 'all', limit: 1 })
              const results = (await store.entries(items[0]?.run as string)).filter(
                ({ kind }) => kind === 'step.result',
              )
              expect(new Set(results.map(({ key }) => key)).size).toBe(results.length)
            },
          }
        },
        { linger, stride: linger === 0 ? 1 : 3 },
      )
      expect(places).toBeGreaterThan(8)
    }
  })
})
