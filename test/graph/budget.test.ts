import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'
import { startProvider } from 'loopback-provider'
import { step, workflow } from 'spanwise'
import { spending } from 'spanwise/agent'
import { graph } from 'spanwise/graph'
import { gateway } from 'spanwise/models'
import { journal, testApp } from 'spanwise/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const State = z.object({ items: z.array(z.string()).default([]), said: z.array(z.string()).default([]) })

/** Every call costs a dollar. */
async function world() {
  let asked = 0
  const provider = await startProvider({
    respond: () => {
      asked++
      return { text: 'yes' }
    },
  })
  onTestFinished(() => provider.close())
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  const models = gateway({
    models: { fast: openai.chat('gpt-5-mini') },
    prices: { overrides: [{ model: 'gpt-5-mini', input: 0, output: 0, request: 1 }] },
  })
  const say = async (text: string) => (await generateText({ model: models('fast'), prompt: text, maxRetries: 0 })).text
  return { say, asked: () => asked }
}

describe('the budget of a node', () => {
  test('holds for what its function asks, and not for the nodes beside it', async () => {
    const { say, asked } = await world()
    const twice = async () => {
      await say('one')
      return { said: [await say('two')] }
    }
    const both = graph('both', { state: State, reducers: { said: 'append' } })
      .node('poor', twice, { budget: '$1.50', attempts: 1 })
      .node('free', twice)
      .edge('start', 'poor')
      .onError('poor', 'free', {
        when: ({ message }) => message.includes('budget'),
        update: () => ({ said: 'too dear' }),
      })
      .edge('poor', 'end')
      .edge('free', 'end')
    await using app = await testApp({ workflows: [both] })
    expect(await app.run(both, {})).toMatchObject({ said: ['too dear', 'yes'] })
    expect(asked()).toBe(3)
  })

  test('holds under concurrency: over all items at once, whoever asks', async () => {
    const { say, asked } = await world()
    const ask = step('ask', { attempts: 1 }, say)
    const many = graph('many', { state: State })
      .each('all', ask, {
        over: ({ items }) => items,
        onError: 'collect',
        budget: '$3',
        output: (outcomes) => ({ said: outcomes.flatMap((one) => (one.ok ? [one.value] : [])) }),
      })
      .edge('start', 'all')
      .edge('all', 'end')
    await using app = await testApp({ workflows: [many] })
    const run = await app.start(many, { items: Array.from({ length: 20 }, (_, n) => `item ${n}`) })
    expect((await run.result()).said).toEqual(['yes', 'yes', 'yes'])
    expect(asked()).toBe(3)
    const cost = (await journal(run)).reduce((sum, { meta }) => sum + Number(meta['cost'] ?? 0), 0)
    expect(cost).toBeLessThanOrEqual(3e9)
  })

  test('is not given anew by a crash or by another attempt, but by another visit', async () => {
    const { say, asked } = await world()
    const round = graph('round', { state: State, reducers: { said: 'append' } })
      .body('spend', async ({ said }) => ({ said: await say(`${said.length}`) }), { budget: '$1' })
      .edge('start', 'spend')
      .route('spend', ({ said }) => (said.length < 3 ? 'again' : 'done'), { again: 'spend', done: 'end' })
    await using app = await testApp({ workflows: [round], faults: { crashAfter: 4 } })
    expect((await app.run(round, {})).said).toHaveLength(3)
    expect(app.crashes).toBe(1)
    expect(asked()).toBeGreaterThanOrEqual(3)

    const greedy = graph('greedy', { state: State, reducers: { said: 'append' } })
      .node(
        'spend',
        async (_, { attempt }) => {
          // another question each time: what was answered before is not asked again
          await say(`attempt ${attempt}`)
          throw new Error('it was in vain')
        },
        { budget: '$2', attempts: 5, backoff: 1, retryOn: () => true },
      )
      .edge('start', 'spend')
      .onError('spend', 'end', { update: ({ message }) => ({ said: message }) })
      .edge('spend', 'end')
    await using other = await testApp({ workflows: [greedy] })
    const before = asked()
    const run = await other.start(greedy, {})
    for (let n = 0; n < 5; n++) {
      await other.idle()
      await other.advance('1m')
    }
    expect((await run.result()).said.join()).toMatch(/budget/i)
    expect(asked() - before).toBe(2)
  })

  test('may be a share of the one around it, which holds for steps that were called under it too', async () => {
    const { say, asked } = await world()
    const ask = step('ask', { attempts: 1 }, say)
    const part = graph('part', { state: State, reducers: { said: 'append' } })
      .node('half', async () => ({ said: await say('a') }), { budget: '50%', attempts: 1 })
      .node('rest', ask, { input: () => 'b', output: (said) => ({ said }) })
      .edge('start', 'half')
      .edge('half', 'rest')
      .edge('rest', 'end')
    const whole = workflow('whole', async (limit: string) => spending(limit, () => part({})))
    await using app = await testApp({ workflows: [whole, part] })
    expect((await app.run(whole, '$2')).said).toEqual(['yes', 'yes'])
    expect(asked()).toBe(2)
    await expect(app.run(whole, '$1.50')).rejects.toMatchObject({ cause: { code: 'BUDGET_EXCEEDED' } })
    await expect(app.run(part, {})).rejects.toMatchObject({ cause: { code: 'BUDGET_INVALID' } })
  })

  test('a run beside it is not held to it', async () => {
    const { say, asked } = await world()
    const ask = step('ask', { attempts: 1 }, say)
    const tight = workflow('tight', async () => spending('$2', async () => [await ask('a'), await ask('b')]))
    const free = workflow('free', async () => [await ask('c'), await ask('d'), await ask('e')])
    await using app = await testApp({ workflows: [tight, free] })
    const runs = await Promise.all([
      ...Array.from({ length: 5 }, () => app.start(tight, undefined)),
      ...Array.from({ length: 5 }, () => app.start(free, undefined)),
    ])
    await Promise.all(runs.map((run) => run.result()))
    expect(asked()).toBe(25)
  })

  test('is refused where it could not hold, or says nothing', () => {
    const empty = graph('empty', { state: State })
    const child = workflow('child', async (_: z.infer<typeof State>) => undefined)
    const refused = (budget: string, work: never, more: object = {}) => {
      try {
        empty.node('n', work, { budget, ...more } as never)
      } catch (error) {
        return `${(error as { code: string }).code} ${(error as Error).message}`
      }
      return 'taken'
    }
    const fn = (() => {}) as never
    expect(refused('20 cents', fn)).toMatch(/^BUDGET_INVALID .*node "n" of graph "empty".*20 cents/)
    expect(refused('$1', child as never)).toMatch(/^GRAPH_INVALID .*node "n" is a workflow/)
    const pooled = step('pooled', { pool: 'thread', module: import.meta.url }, async () => undefined)
    expect(refused('$1', pooled as never)).toMatch(/^GRAPH_INVALID .*another thread/)
    expect(refused('$1', fn)).toBe('taken')
  })
})
