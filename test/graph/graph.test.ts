import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { goto, graph } from '../../packages/spanwise/src/graph/index.ts'
import {
  child,
  each,
  FailError,
  parallel,
  RunFailedError,
  signal,
  sleep,
  step,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, keys, reaches, until, world } from '../promises/support/world.ts'

const Log = z.object({ log: z.array(z.string()).default([]), n: z.number().default(0) })
/** A graph whose nodes say their name. */
const logging = (name: string, maxSteps = 50) => graph(name, { state: Log, reducers: { log: 'append' }, maxSteps })
const says = (text: string) => () => ({ log: text })

describe('a graph', () => {
  it('starts like a workflow: nodes change the state, edges and routes say what comes next', async () => {
    const support = graph('support', {
      input: z.object({ text: z.string() }),
      state: z.object({
        text: z.string(),
        intent: z.enum(['refund', 'question']).optional(),
        answer: z.string().default(''),
      }),
      output: z.object({ answer: z.string() }),
    })
      .node('classify', ({ text }) => ({ intent: text.includes('money') ? 'refund' : 'question' }) as const)
      .node('refund', () => ({ answer: 'refunded' }))
      .node('answer', () => ({ answer: 'because' }))
      .edge('start', 'classify')
      .route('classify', ({ intent }) => intent ?? 'question', { refund: 'refund', question: 'answer' })
      .edge('refund', 'end')
      .edge('answer', 'end')
    const { store, open } = world()
    const { app } = await open([support])
    expect(await app.run(support, { text: 'money back' })).toEqual({ answer: 'refunded' })
    const run = await app.start(support, { text: 'why' })
    expect(await run.result()).toEqual({ answer: 'because' })
    expect(await keys(store, run.id, 'step.result')).toEqual([
      'graph(support)#0[0]/classify/classify#0',
      'graph(support)#0[1]/answer/answer#0',
    ])
    expect((await run.states()).map(({ state, next, done }) => ({ state, next, done }))).toEqual([
      { state: { text: 'why', intent: 'question', answer: '' }, next: ['answer'], done: false },
      { state: { text: 'why', intent: 'question', answer: 'because' }, next: [], done: true },
    ])
    expect((await errorOf(app.run(support, { text: 1 } as never))).code).toBe('INVALID_INPUT')
  })

  it('has nodes of every kind', async () => {
    const double = step('double', async (n: number) => n * 2)
    const half = workflow('half', async (n: number) => n / 2)
    const inner = graph('inner', {
      input: z.number(),
      state: z.object({ n: z.number() }),
      initial: (n) => ({ n }),
      finish: ({ n }) => n,
    })
      .node('plus', ({ n }) => ({ n: n + 1 }))
      .edge('start', 'plus')
      .edge('plus', 'end')
    const ready = signal('ready', z.object({ n: z.number() }))
    const all = logging('all')
      .node('function', ({ n }) => ({ n: n + 1 }))
      .node('step', double, { input: ({ n }) => n, output: (n) => ({ n }) })
      .node('workflow', half, { input: ({ n }) => n, output: (n) => ({ n }) })
      .node('graph', inner, { input: ({ n }) => n, output: (n) => ({ n }) })
      .body('body', async ({ n }) => {
        await sleep('1ms')
        return { n: await double(n) }
      })
      .wait('wait', ready, { output: ({ n }, state) => ({ n: state.n + n }) })
      .approval('ask', { question: ({ n }) => `is ${n} right?`, output: ({ status }) => ({ log: status }) })
      .edge('start', 'function')
      .edge('function', 'step')
      .edge('step', 'workflow')
      .edge('workflow', 'graph')
      .edge('graph', 'body')
      .edge('body', 'wait')
      .edge('wait', 'ask')
      .edge('ask', 'end')
    const { open } = world()
    const { app } = await open([all, half])
    const run = await app.start(all, { n: 2 })
    await run.signal(ready, { n: 10 })
    const [question] = await until(
      async () => (await app.approvals({})).items,
      (items) => items.length > 0,
    )
    expect(question?.question).toBe('is 18 right?')
    await app.decide(question?.id as string, { approve: true, by: 'ada' })
    expect(await run.result()).toEqual({ log: ['approved'], n: 18 })
  })

  it('runs the nodes of a superstep at once, on the state before it, and puts their updates together in its order', async () => {
    const slow = gate()
    const fan = logging('fan')
      .node('a', async ({ log }) => {
        await slow.opened
        return { log: `a after ${log.length}` }
      })
      .node('b', ({ log }) => {
        slow.open()
        return { log: `b after ${log.length}` }
      })
      .node('c', ({ log }) => ({ log: `c after ${log.length}` }))
      .edge('start', 'a')
      .edge('start', 'b')
      .edge(['a', 'b'], 'c')
      .edge('c', 'end')
    const { app } = await world().open([fan])
    expect((await app.run(fan, {})).log).toEqual(['a after 0', 'b after 0', 'c after 2'])
  })

  it('joins: all, any, so many; each once', async () => {
    const make = (join: 'all' | 'any' | number) =>
      logging('joining')
        .node('a', says('a'))
        .node('b', says('b'))
        .node('b2', says('b2'))
        .node('c', says('c'))
        .node('c2', says('c2'))
        .node('c3', says('c3'))
        .node('end-up', says('met'))
        .edge('start', 'a')
        .edge('start', 'b')
        .edge('start', 'c')
        .edge('b', 'b2')
        .edge('c', 'c2')
        .edge('c2', 'c3')
        .edge(['a', 'b2', 'c3'], 'end-up', { join })
        .edge('end-up', 'end')
    const at = async (join: 'all' | 'any' | number) => {
      const one = make(join)
      const { app } = await world().open([one])
      return (await app.run(one, {})).log.join(' ')
    }
    expect(await at('any')).toBe('a b c met b2 c2 c3'.replace('met b2 c2', 'met b2 c2'))
    expect(await at(2)).toBe('a b c b2 c2 met c3')
    expect(await at('all')).toBe('a b c b2 c2 c3 met')
  })

  it('a join that nobody comes to any more is told', async () => {
    const waits = logging('waits')
      .node('a', says('a'))
      .node('b', says('b'))
      .node('c', says('c'))
      .edge('start', 'a')
      .route('start', ({ n }) => (n > 0 ? 'b' : 'no'), { b: 'b', no: 'end' })
      .edge(['a', 'b'], 'c')
      .edge('c', 'end')
    const { app } = await world().open([waits])
    expect((await app.run(waits, { n: 1 })).log).toEqual(['a', 'b', 'c'])
    const error = await errorOf(app.run(waits, { n: 0 }))
    expect((error.cause as { code?: string }).code).toBe('GRAPH_JOIN')
    expect(error.message).toContain('nothing leads to b any more')
  })

  it('goes round as often as it may', async () => {
    const make = (options: { max?: number; beyond?: 'out' }) =>
      logging('round', 12)
        .node('work', ({ n }) => ({ n: n + 1 }))
        .node('out', says('out'))
        .edge('start', 'work')
        .route('work', ({ n }) => (n >= 10 ? 'done' : 'again'), { done: 'end', again: 'work' }, options)
        .edge('out', 'end')
        .onError('work', 'out')
    const run = async (options: { max?: number; beyond?: 'out' }, n = 0) => {
      const one = make(options)
      const { app } = await world().open([one])
      return app.run(one, { n })
    }
    expect(await run({})).toEqual({ n: 10, log: [] })
    expect(await run({ max: 3, beyond: 'out' })).toEqual({ n: 4, log: ['out'] })
    expect(((await errorOf(run({ max: 3 }))).cause as { code?: string }).code).toBe('GRAPH_CYCLE_LIMIT')
    const endless = await errorOf(run({}, -100))
    expect((endless.cause as { code?: string }).code).toBe('GRAPH_STEP_LIMIT')
    expect(endless.message).toContain('next would be work')
  })

  it('a failure that its attempts did not heal goes along an error edge; without one the run needs attention', async () => {
    let healed = false
    let calls = 0
    const make = (edge: boolean) => {
      const one = logging('failing')
        .node(
          'work',
          ({ n }) => {
            calls++
            if (!healed) throw Object.assign(new Error('no luck'), { status: 503, at: n })
            return { log: 'worked' }
          },
          { attempts: 2, backoff: '1ms' },
        )
        .node('sorry', says('sorry'))
        .edge('start', 'work')
        .edge('work', 'end')
        .edge('sorry', 'end')
      return edge
        ? one
            .onError('work', 'sorry', { when: (error) => error.message === 'luck' })
            .onError('work', 'sorry', { update: (error) => ({ log: error.message }) })
        : one.onError('work', 'sorry', { when: (error) => error.message === 'luck' })
    }
    const caught = make(true)
    const { app } = await world().open([caught])
    expect((await app.run(caught, {})).log).toEqual(['no luck', 'sorry'])
    expect(calls).toBe(2)

    const uncaught = make(false)
    const other = await world().open([uncaught])
    const run = await other.app.start(uncaught, {})
    await reaches(run, 'needs attention')
    healed = true
    await run.resume()
    expect((await run.result()).log).toEqual(['worked'])
  })

  it('what is in flight when a node fails is not begun again when the run is resumed', async () => {
    const slow = gate()
    const begun: string[] = []
    let mended = false
    const one = logging('siblings')
      .node('slow', async () => {
        begun.push('slow')
        await slow.opened
        return { log: 'slow' }
      })
      .node('bad', () => {
        begun.push('bad')
        if (!mended) throw new TypeError('bad')
        return { log: 'bad' }
      })
      .edge('start', 'slow')
      .edge('start', 'bad')
      .edge('slow', 'end')
      .edge('bad', 'end')
    const outer = logging('outer').node('one', one).edge('start', 'one').edge('one', 'end')
    const { app } = await world().open([outer])
    const run = await app.start(outer, {})
    await reaches(run, 'needs attention')
    slow.open()
    mended = true
    await run.resume()
    expect((await run.result()).log).toEqual(['slow', 'bad'])
    expect(begun).toEqual(['slow', 'bad', 'bad'])
  })

  it('a node goes where it says, if that is declared', async () => {
    const jumps = logging('jumps')
      .node('a', ({ n }) => (n === 0 ? { log: 'on' } : goto(n === 1 ? 'b' : 'c', { log: 'jump' })))
      .node('b', says('b'))
      .node('c', says('c'))
      .edge('start', 'a')
      .edge('a', 'end')
      .goto('a', ['b'])
      .edge('b', 'end')
      .route('b', ({ n }) => (n < 0 ? 'c' : 'end'), { c: 'c', end: 'end' })
      .edge('c', 'end')
    const { app } = await world().open([jumps])
    expect((await app.run(jumps, { n: 0 })).log).toEqual(['on'])
    expect((await app.run(jumps, { n: 1 })).log).toEqual(['jump', 'b'])
    const error = await errorOf(app.run(jumps, { n: 2 }))
    expect((error.cause as { code?: string }).code).toBe('GRAPH_GOTO')
  })

  it('is a scope of the run that calls it, also at once with others, and its failure can be caught there', async () => {
    const plus = graph('plus', { state: z.object({ n: z.number() }) })
      .node('plus', ({ n }) => {
        if (n === 13) throw new RangeError('unlucky')
        return { n: n + 1 }
      })
      .edge('start', 'plus')
      .edge('plus', 'end')
    const flow = workflow('flow', async () => {
      const alone = await plus({ n: 1 })
      const both = await parallel({ a: () => plus({ n: 10 }), b: () => plus({ n: 20 }) })
      const items = await each([1, 2], { key: String }, (n) => plus({ n }))
      const failed = await errorOf(plus({ n: 13 }))
      const own = await child(plus, { n: 100 })
      return [alone.n, both.a.n, both.b.n, ...items.map(({ n }) => n), failed.message, own.n]
    })
    const { store, open } = world()
    const { app } = await open([flow, plus])
    const run = await app.start(flow)
    expect(await run.result()).toEqual([2, 11, 21, 2, 3, 'unlucky', 101])
    expect(await keys(store, run.id, 'step.result')).toContain('parallel#0/a/graph(plus)#0[0]/plus/plus#0')
    expect((await errorOf(plus({ n: 1 }))).message).toContain('no run around it')
  })

  it('two nodes may not both replace a key, nor may the state stop fitting its schema', async () => {
    const clash = logging('clash')
      .node('a', () => ({ n: 1 }))
      .node('b', () => ({ n: 2 }))
      .edge('start', 'a')
      .edge('start', 'b')
      .edge('a', 'end')
      .edge('b', 'end')
    const odd = logging('odd')
      .node('a', () => ({ n: 'text' }) as never)
      .edge('start', 'a')
      .edge('a', 'end')
    const { app } = await world().open([clash, odd])
    expect((await errorOf(app.run(clash, {}))).message).toContain('"a" and "b" of graph "clash" both wrote "n"')
    expect((await errorOf(app.run(odd, {}))).message).toContain('after "a": n:')
  })

  it('undoes what its nodes did when the run ends on purpose', async () => {
    const undone: unknown[] = []
    const release = step('release', (what: string) => void undone.push(what))
    const book = step('book', (n: number) => `seat ${n}`)
    const trip = logging('trip')
      .node('book', book, {
        input: ({ n }) => n,
        output: (seat) => ({ log: seat, n: 2 }),
        compensate: { step: release, input: (seat) => seat },
      })
      .body('stop', async ({ n }) => {
        if (n > 1) throw new FailError('no money')
      })
      .edge('start', 'book')
      .edge('book', 'stop')
      .edge('stop', 'end')
    const { app } = await world().open([trip])
    expect(await errorOf(app.run(trip, { n: 7 }))).toBeInstanceOf(RunFailedError)
    expect(undone).toEqual(['seat 7'])
  })

  it('a node that is no step has attempts and a timeout too', async () => {
    let tries = 0
    const flaky = graph('flaky', { state: z.object({}) })
      .body('try', async () => {
        tries++
        if (tries === 1) await sleep('1h')
        if (tries === 2) throw Object.assign(new Error('busy'), { status: 503 })
      })
      .edge('start', 'try')
      .edge('try', 'end')
    const outer = logging('outer')
      .node('flaky', flaky, {
        input: () => ({}),
        output: () => ({ log: 'ok' }),
        attempts: 3,
        backoff: 1,
        timeout: '30ms',
      })
      .edge('start', 'flaky')
      .edge('flaky', 'end')
    const { app } = await world().open([outer])
    expect((await app.run(outer, {})).log).toEqual(['ok'])
    expect(tries).toBe(3)
    expect(() => logging('g').node('flaky', flaky, { input: () => ({}), output: () => ({}), pool: 'thread' })).toThrow(
      'is no step',
    )
  })

  it('its state can be another in a fork', async () => {
    const seen: number[] = []
    const two = logging('two')
      .node('a', ({ n }) => ({ n: n + 1 }))
      .node('b', ({ n }) => {
        seen.push(n)
        return { log: `b ${n}` }
      })
      .edge('start', 'a')
      .route('a', ({ n }) => (n > 5 ? 'skip' : 'b'), { skip: 'end', b: 'b' })
      .edge('b', 'end')
    const { app } = await world().open([two])
    const run = await app.start(two, { n: 1 })
    await run.result()
    const [after] = await run.states()
    const fork = await run.fork({
      from: after?.index as number,
      edit: { state: { n: 50, log: ['edited'] } },
      allow: ['*'],
    })
    expect(await fork.result()).toEqual({ n: 50, log: ['edited', 'b 50'] })
    const again = await run.fork({
      from: after?.index as number,
      edit: { state: { state: { n: 3, log: [] }, next: ['a', 'b'] } },
      allow: ['*'],
    })
    expect(await again.result()).toEqual({ n: 4, log: ['b 3', 'b 4'] })
    expect(seen).toEqual([2, 50, 3, 4])
  })

  it('a run that stands before a node that is gone says so', async () => {
    const go = signal('go')
    const make = (name: 'later' | 'last') =>
      logging('moving').node('a', says('a')).wait(name, go).edge('start', 'a').edge('a', name).edge(name, 'end')
    const { open } = world()
    const first = await open([make('later')])
    const run = await first.app.start(make('later'), {}, { id: 'one' })
    await reaches(run, 'waiting')
    first.crash()
    const changed = make('last')
    const { app } = await open([changed])
    const again = await app.get(changed, 'one')
    await again?.signal(go, undefined)
    const error = await errorOf(again?.result() as Promise<unknown>)
    expect((error.cause as { code?: string }).code).toBe('GRAPH_CHANGED')
    expect(error.message).toContain('stands before node "later"')
  })
})

describe('for each of some items', () => {
  const Items = z.object({ items: z.array(z.string()), found: z.array(z.string()).default([]) })
  const dropped: string[] = []
  const look = step('look', { attempts: 1 }, async (item: string, { abortSignal }) => {
    if (item === 'bad') throw new TypeError('bad item')
    if (item.startsWith('slow'))
      await new Promise((_, reject) =>
        abortSignal.addEventListener('abort', () => {
          dropped.push(item)
          reject(new Error('aborted'))
        }),
      )
    return `found ${item}`
  })
  const found = (outcomes: readonly { ok: boolean; value?: string; key: string }[]) => ({
    found: outcomes.map((one) => (one.ok ? (one.value as string) : `failed ${one.key}`)),
  })
  const make = (options: {
    join?: 'all' | 'any' | number | { first: (text: string) => boolean }
    onError?: 'collect'
  }) =>
    graph('many', { state: Items })
      .each('look', look, { over: ({ items }) => items, key: (item) => item, output: found as never, ...options })
      .edge('start', 'look')
      .edge('look', 'end')
  const run = async (items: string[], options: Parameters<typeof make>[0] = {}) => {
    const one = make(options)
    const { app } = await world().open([one])
    return (await app.run(one, { items })).found
  }

  it('waits for all of them, in their order', async () => {
    expect(await run(['a', 'b', 'c'])).toEqual(['found a', 'found b', 'found c'])
    expect(await run([])).toEqual([])
    expect((await errorOf(run(['a', 'bad', 'slow-1']))).message).toContain('bad item')
    expect(dropped).toContain('slow-1')
    expect(await run(['a', 'bad'], { onError: 'collect' })).toEqual(['found a', 'failed bad'])
  })

  it('or for one, for so many, for the first good one; and drops the rest', async () => {
    dropped.length = 0
    expect(await run(['slow-1', 'b', 'slow-2'], { join: 'any' })).toEqual(['found b'])
    expect(dropped).toEqual(['slow-1', 'slow-2'])
    expect(await run(['a', 'bad', 'c', 'slow'], { join: 2 })).toEqual(['found a', 'failed bad', 'found c'])
    expect(await run(['a', 'bb', 'slow'], { join: { first: (text) => text.length > 7 } })).toEqual([
      'found a',
      'found bb',
    ])
    expect((await errorOf(run(['bad'], { join: 'any' }))).message).toContain('has 0 of the 1 it needs')
    expect((await errorOf(run(['a'], { join: 2 }))).message).toContain('needs 2 of 1')
    expect((await errorOf(run(['a', 'a']))).message).toContain('have the key "a"')
  })
})

describe('a graph that is wired wrongly', () => {
  const g = logging('wired').node('a', says('a')).node('b', says('b')).node('c', says('c')).node('d', says('d'))
  const complaint = (make: () => unknown) => {
    try {
      make()
    } catch (error) {
      expect((error as { code: string }).code).toBe('GRAPH_INVALID')
      return (error as Error).message
    }
    throw new Error('it was taken')
  }

  it('is refused when it is built, with the path', () => {
    expect(complaint(() => g.edge('a', 'nowhere' as 'b'))).toContain('a → nowhere: there is no node "nowhere"')
    expect(complaint(() => g.edge('nowhere' as 'a', 'b'))).toContain('leaves "nowhere"')
    expect(complaint(() => g.node('a' as never, says('a')))).toContain('two nodes are named "a"')
    expect(complaint(() => g.check())).toContain('no beginning')
    const some = g.edge('start', 'a').edge('a', 'b')
    expect(complaint(() => some.check())).toContain('start → a → b leads nowhere')
    const more = some.edge('b', 'end').edge('c', 'd').edge('d', 'end')
    expect(complaint(() => more.check())).toContain('node "c" cannot be reached')
    const round = g.edge('start', 'a').edge('a', 'b').edge('b', 'c').edge('c', 'b').edge('start', 'd').edge('d', 'end')
    expect(complaint(() => round.check())).toContain('b → c → b is a cycle with no way out')
    round.onError('c', 'end').check()
  })

  it('also where a join can never be met', () => {
    const either = g.edge('start', 'a').route('a', ({ n }) => (n > 0 ? 'b' : 'c'), { b: 'b', c: 'c' })
    expect(complaint(() => either.edge(['b', 'c'], 'd').edge('d', 'end').check())).toContain(
      'b + c → d can never be met: the route from "a" leads to one of b, c',
    )
    either.edge(['b', 'c'], 'd', { join: 'any' }).edge('d', 'end').check()
    // another way there is enough
    either.edge('a', 'b').edge(['b', 'c'], 'd').edge('d', 'end').check()
    expect(
      complaint(() =>
        g
          .edge('start', 'a')
          .edge('start', 'b')
          .edge(['a', 'b'], 'c', { join: 3 })
          .edge('c', 'end')
          .edge('start', 'd')
          .edge('d', 'end')
          .check(),
      ),
    ).toContain('waits for 3 of 2')
  })

  it('and at the latest when an app gets it', async () => {
    expect((await errorOf(world().open([g.edge('start', 'a')]))).message).toContain('leads nowhere')
  })
})
