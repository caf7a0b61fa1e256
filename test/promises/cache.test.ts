import { setImmediate as tick } from 'node:timers/promises'
import { compensate, each, parallel, type Run, type RunEvent, sleep, step, workflow } from 'spanwise'
import { type TestApp, TestClock, testApp } from 'spanwise/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemoryStore } from '../../packages/spanwise/src/journal/index.ts'
import { shared } from './fixtures/cached-steps.ts'

/** A cached step that gives another number each time it is computed, and the workflow of that step alone. */
function counting<I>(cache: object, more: object = {}) {
  let computed = 0
  const work = step('work', { cache: { lifetime: '1h', ...cache }, ...more } as never, async (_: I) => ++computed)
  const flow = workflow('flow', async (input: I) => work(input))
  return {
    work,
    flow,
    workflows: [flow],
    get computed() {
      return computed
    },
  }
}

/** A cached step that ends when it is told to. */
function held<I>(more: object = {}) {
  const open: { readonly input: I; end(result?: unknown): void; fail(error: Error): void }[] = []
  const work = step('held', { cache: { lifetime: '1h' }, ...more } as never, async (input: I) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    open.push({ input, end: (result = open.length) => resolve(result), fail: reject })
    return promise
  })
  const flow = workflow('flow', async (input: I) => work(input))
  const begun = (count: number) => vi.waitFor(() => expect(open).toHaveLength(count))
  return { work, flow, workflows: [flow], open, begun }
}

async function stepEvents(run: Pick<Run<unknown>, 'events'>): Promise<readonly RunEvent[]> {
  const found: RunEvent[] = []
  for await (const event of run.events()) if (event.kind.startsWith('step.')) found.push(event)
  return found
}

describe('a cached result', () => {
  it('is reused by other runs, and says so and where it comes from', async () => {
    const one = counting<{ a: number; b: number }>({})
    await using app = await testApp(one)
    const first = await app.start(one.flow, { a: 1, b: 2 })
    expect(await first.result()).toBe(1)
    const second = await app.start(one.flow, { b: 2, a: 1 })
    expect(await second.result()).toBe(1)
    expect(await app.run(one.flow, { a: 1, b: 3 })).toBe(2)
    expect(one.computed).toBe(2)
    const [source] = await stepEvents(first)
    expect(source?.meta).not.toHaveProperty('cached')
    const [copy] = await stepEvents(second)
    expect(copy).toMatchObject({
      kind: 'step.result',
      meta: { cached: true, source: first.id, sourceIndex: source?.index },
      payload: { input: { b: 2, a: 1 }, result: 1 },
    })
    const { sentences } = await app.explain(second.id)
    expect(sentences.map(({ text }) => text).join(' ')).toContain(
      `was given what run ${first.id} had found (its entry ${source?.index}): 1.`,
    )
  })

  it('needs nothing but its own run when that is replayed', async () => {
    const one = counting<number>({})
    const gate = step('gate', { effect: 'idempotent' }, () => 'through')
    const flow = workflow('long', async (n: number) => {
      const got = await one.work(n)
      await sleep('10d')
      await gate()
      return got
    })
    await using app = await testApp({ workflows: [one.flow, flow] })
    const source = await app.start(one.flow, 7)
    await source.result()
    const run = await app.start(flow, 7)
    await app.idle()
    expect(await app.cache.invalidate({ all: true })).toBe(1)
    await app.crash()
    expect(await run.result()).toBe(1)
    expect(one.computed).toBe(1)
  })

  it('lasts from when it was computed, not from when it was used', async () => {
    const one = counting<void>({ lifetime: '10m' })
    await using app = await testApp(one)
    await app.run(one.flow)
    await app.advance('9m')
    expect(await app.run(one.flow)).toBe(1)
    await app.advance('59s')
    expect(await app.run(one.flow)).toBe(1)
    await app.advance('1s')
    expect(await app.run(one.flow)).toBe(2)
  })

  it('is not made young, or immortal, by a clock that jumps', async () => {
    const one = counting<void>({ lifetime: '10m' })
    const clock = new TestClock()
    await using app = await testApp({ ...one, clock })
    await app.run(one.flow)
    const start = clock.now()
    // it was seen to have expired
    await clock.set(new Date(start + 3_600_000))
    expect(await app.run(one.flow)).toBe(2)
    await clock.set(new Date(start + 60_000))
    // computed an hour from now: nobody knows how old it is
    expect(await app.run(one.flow)).toBe(3)
    expect(await app.run(one.flow)).toBe(3)
    // a clock that was years ahead
    await clock.set(new Date(start + 1e12))
    expect(await app.run(one.flow)).toBe(4)
    await clock.set(new Date(start + 120_000))
    expect(await app.run(one.flow)).toBe(5)
    await app.advance('10m')
    expect(await app.run(one.flow)).toBe(6)
  })

  it('is not that of a failure', async () => {
    let calls = 0
    const work = step('fails-twice', { cache: { lifetime: '1h' }, attempts: 1 }, () => {
      if (++calls < 3) throw new Error('no')
      return calls
    })
    const flow = workflow('flow', () => work())
    await using app = await testApp({ workflows: [flow] })
    const runs = [await app.start(flow), await app.start(flow), await app.start(flow), await app.start(flow)]
    await app.idle()
    expect(await Promise.all(runs.map(async (run) => (await run.status()).status))).toEqual([
      'needs attention',
      'needs attention',
      'completed',
      'completed',
    ])
    expect(calls).toBe(3)
  })

  it('has the key that is said, and the version of the code', async () => {
    const one = counting<string>({ key: (name: string) => [name.toLowerCase(), 1], version: 1 })
    await using app = await testApp(one)
    expect(await app.run(one.flow, 'A')).toBe(1)
    expect(await app.run(one.flow, 'a')).toBe(1)
    expect(await app.run(one.flow, 'b')).toBe(2)
    const next = counting<string>({ key: (name: string) => [name.toLowerCase(), 1], version: 2 })
    await app.restart({ workflows: next.workflows })
    expect(await app.run(next.flow, 'A')).toBe(1)
    expect(next.computed).toBe(1)
  })

  it.each([
    { what: 'throws', key: () => JSON.parse('{') as string, error: { name: 'SyntaxError' } },
    { what: 'says nothing', key: () => undefined, error: { code: 'INVALID_KEY' } },
    { what: 'is asynchronous', key: async () => 'k', error: {} },
  ])('a key function that $what fails the step before it does anything', async ({ key, error }) => {
    const one = counting<string>({ key })
    await using app = await testApp(one)
    const run = await app.start(one.flow, 'x')
    await app.idle()
    expect(await run.status()).toMatchObject({ status: 'needs attention', error })
    expect(one.computed).toBe(0)
  })

  it('whose tags are none fails the step before it does anything', async () => {
    const one = counting<string>({ tags: () => [1] })
    await using app = await testApp(one)
    const run = await app.start(one.flow, 'x')
    await app.idle()
    expect(await run.status()).toMatchObject({ status: 'needs attention', error: { code: 'INVALID_KEY' } })
    expect(one.computed).toBe(0)
  })

  it('that does not fit the schema any more is computed anew', async () => {
    const store = openMemoryStore()
    const clock = new TestClock()
    const of = (output: z.ZodType<object>, result: object) => {
      const work = step('shaped', { output, cache: { lifetime: '1h' } }, () => result as never)
      return workflow('flow', () => work())
    }
    const play = async (flow: ReturnType<typeof of>) => {
      await using app = await testApp({ workflows: [flow], store, clock })
      return await app.run(flow)
    }
    expect(await play(of(z.object({ a: z.number() }), { a: 1 }))).toEqual({ a: 1 })
    expect(await play(of(z.object({ a: z.number() }), { a: 2 }))).toEqual({ a: 1 })
    // another shape
    expect(await play(of(z.object({ a: z.string() }), { a: 'x' }))).toEqual({ a: 'x' })
    // one that would be filled in
    const filled = z.object({ a: z.string(), b: z.number().default(7) })
    expect(await play(of(filled, { a: 'y' }))).toEqual({ a: 'y', b: 7 })
    expect(await play(of(filled, { a: 'z' }))).toEqual({ a: 'y', b: 7 })
    store.dispose()
  })

  it('is the same for a step on a thread', async () => {
    const flow = workflow('flow', (n: number) => shared(n))
    await using app = await testApp({ workflows: [flow] })
    const first = await app.run(flow, 1)
    expect(first).toMatchObject({ n: 1 })
    expect(await app.run(flow, 1)).toEqual(first)
    expect(app.executions('shared')).toBe(1)
  })

  it('takes no place under the limits of the step', async () => {
    const one = counting<number>({}, { rate: { limit: 1, per: '1h' }, concurrency: 1 })
    await using app = await testApp(one)
    const start = app.clock.now()
    for (let i = 0; i < 20; i++) expect(await app.run(one.flow, 1)).toBe(1)
    expect(app.clock.now() - start).toBeLessThan(1_000)
  })
})

describe('who shares a result', () => {
  const as = async (app: TestApp, flow: ReturnType<typeof counting<string>>['flow'], who: object) =>
    (await app.start(flow, 'x', who)).result()

  it('is nobody of another tenant, and nobody about somebody else, unless that is said', async () => {
    const one = counting<string>({})
    await using app = await testApp(one)
    expect(await as(app, one.flow, { tenant: 'a' })).toBe(1)
    expect(await as(app, one.flow, { tenant: 'b' })).toBe(2)
    expect(await as(app, one.flow, { tenant: 'a', subject: 'ada' })).toBe(3)
    expect(await as(app, one.flow, { tenant: 'a', subject: 'bob' })).toBe(4)
    expect(await as(app, one.flow, { tenant: 'b', subject: 'ada' })).toBe(5)
    expect(await as(app, one.flow, { tenant: 'a' })).toBe(1)
    expect(await as(app, one.flow, { tenant: 'b' })).toBe(2)
    expect(await as(app, one.flow, { tenant: 'a', subject: 'ada' })).toBe(3)
    expect(await as(app, one.flow, { tenant: 'b', subject: 'ada' })).toBe(5)
  })

  it('is not widened by a key that looks like another one', async () => {
    const one = counting<string>({ key: (input: string) => input })
    await using app = await testApp(one)
    const run = async (input: string, who: object) => (await app.start(one.flow, input, who)).result()
    expect(await run('x', { tenant: 'a","b' })).toBe(1)
    expect(await run('x', { tenant: 'a' })).toBe(2)
    expect(await run('x"', { tenant: 'a' })).toBe(3)
    expect(await run('["work","x"]', { tenant: 'a' })).toBe(4)
  })

  it.each([
    ['workflow', [1, 1, 2, 3]],
    ['tenant', [1, 1, 2, 1]],
    ['global', [1, 1, 1, 1]],
  ] as const)('is whoever %s names', async (scope, expected) => {
    const one = counting<string>({ scope })
    const other = workflow('other', (input: string) => one.work(input))
    await using app = await testApp({ workflows: [one.flow, other] })
    expect([
      await as(app, one.flow, { tenant: 'a', subject: 'ada' }),
      await as(app, one.flow, { tenant: 'a', subject: 'bob' }),
      await as(app, one.flow, { tenant: 'b' }),
      await as(app, other, { tenant: 'a' }),
    ]).toEqual(expected)
  })

  it('is judged by whom an item is about', async () => {
    const one = counting<string>({ key: 'same' })
    const list = workflow('list', async (names: string[]) => {
      return each(names, { key: (name) => name, subject: (name) => name }, (name) => one.work(name))
    })
    await using app = await testApp({ workflows: [list] })
    expect(await app.run(list, ['ada', 'bob'])).toEqual([1, 2])
    expect(await app.run(list, ['bob', 'ada', 'cleo'])).toEqual([2, 1, 3])
  })

  it('loses it with the erased subject; source and copies are gone', async () => {
    const store = openMemoryStore()
    const one = counting<string>({})
    {
      await using app = await testApp({ ...one, store })
      const [first, second] = [
        await app.start(one.flow, 'x', { subject: 'ada' }),
        await app.start(one.flow, 'x', { subject: 'ada' }),
      ]
      expect([await first.result(), await second.result()]).toEqual([1, 1])
      await store.erase({ subject: 'ada' })
      for (const run of [first, second]) expect((await stepEvents(run))[0]).toMatchObject({ payload: undefined })
      expect((await app.cache.list()).items).toEqual([])
    }
    store.dispose()
  })
})

describe('the same result at once', () => {
  it('is computed by one run, and the others wait and leave memory', async () => {
    const one = held<string>()
    await using app = await testApp(one)
    const runs = []
    for (let i = 0; i < 10; i++) runs.push(await app.start(one.flow, 'x'))
    await one.begun(1)
    await app.advance(0)
    expect(await app.counts()).toMatchObject({ waiting: 9, running: 1 })
    expect(await app.limits()).toMatchObject([{ held: 1, waiting: 9 }])
    one.open[0]?.end('it')
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map(() => 'it'))
    expect(one.open).toHaveLength(1)
    expect((await stepEvents(runs[9]!))[0]?.meta).toMatchObject({ cached: true, source: runs[0]?.id })
    expect(await app.limits()).toEqual([])
  })

  it('is computed by another one when the first fails, and while that waits to try again', async () => {
    const one = held<string>({ attempts: 2, backoff: '1m' })
    await using app = await testApp(one)
    const [first, second] = [await app.start(one.flow, 'x'), await app.start(one.flow, 'x')]
    await one.begun(1)
    one.open[0]?.fail(new Error('no'))
    await one.begun(2)
    one.open[1]?.end('it')
    expect(await second.result()).toBe('it')
    expect(await first.result()).toBe('it')
    expect((await stepEvents(first)).map(({ kind, meta }) => [kind, meta['cached']])).toEqual([
      ['step.attempt', undefined],
      ['step.result', true],
    ])
  })

  it('is computed by another one when the first is cancelled', async () => {
    const one = held<string>()
    await using app = await testApp(one)
    const [first, second] = [await app.start(one.flow, 'x'), await app.start(one.flow, 'x')]
    await one.begun(1)
    await first.cancel('not any more')
    await app.advance('1s')
    await one.begun(2)
    one.open[1]?.end('it')
    expect(await second.result()).toBe('it')
    // what comes late is nobody's
    one.open[0]?.end('late')
    expect(await app.run(one.flow, 'x')).toBe('it')
  })

  it('is computed again after a crash, once', async () => {
    const one = held<string>()
    await using app = await testApp(one)
    const runs = [await app.start(one.flow, 'x'), await app.start(one.flow, 'x'), await app.start(one.flow, 'x')]
    await one.begun(1)
    await app.crash()
    await one.begun(2)
    await app.advance(0)
    one.open[1]?.end('it')
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(['it', 'it', 'it'])
    expect(one.open).toHaveLength(2)
  })

  it('is computed again when leases are lost, and nobody waits for ever', async () => {
    const one = held<string>()
    await using app = await testApp(one)
    const runs = [await app.start(one.flow, 'x'), await app.start(one.flow, 'x')]
    await one.begun(1)
    await app.loseLeases()
    one.open[0]?.end('lost')
    await one.begun(2)
    one.open[1]?.end('it')
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(['it', 'it'])
  })

  it('is waited for until the deadline of the step', async () => {
    const one = held<string>({ deadline: '1m' })
    await using app = await testApp(one)
    await app.start(one.flow, 'x')
    await one.begun(1)
    await app.advance('30s')
    const second = await app.start(one.flow, 'x')
    await app.advance('29s')
    expect((await second.status()).status).toBe('waiting')
    one.open[0]?.end('it')
    expect(await second.result()).toBe('it')
  })

  it('waits for itself in no run', async () => {
    const one = counting<string>({}, { concurrency: 1 })
    const both = workflow('both', () => parallel({ a: () => one.work('x'), b: () => one.work('x') }))
    await using app = await testApp({ workflows: [both] })
    expect(await app.run(both)).toEqual({ a: 1, b: 1 })
    expect(one.computed).toBe(1)
  })
})

describe('invalidation', () => {
  it('is by step, key and tag; a dry run only counts', async () => {
    const one = counting<string>({ key: (input: string) => input, tags: (input: string) => ['all', `of ${input}`] })
    await using app = await testApp(one)
    const fill = async () => [await app.run(one.flow, 'x'), await app.run(one.flow, 'y')]
    expect(await fill()).toEqual([1, 2])
    expect(await app.cache.invalidate({ step: 'work', key: 'x' }, { dryRun: true })).toBe(1)
    expect(await fill()).toEqual([1, 2])
    expect(await app.cache.invalidate({ step: 'work', key: 'x' })).toBe(1)
    expect(await fill()).toEqual([3, 2])
    expect(await app.cache.invalidate({ tag: 'of y' })).toBe(1)
    expect(await fill()).toEqual([3, 4])
    expect(await app.cache.invalidate({ tag: 'all' })).toBe(2)
    expect(await fill()).toEqual([5, 6])
    expect(await app.cache.invalidate({ step: 'other' })).toBe(0)
    expect(await app.cache.invalidate({ step: 'work' })).toBe(2)
    expect(await fill()).toEqual([7, 8])
    for (const wrong of [{}, { key: 'x' }, { tag: 'all', key: 'x' }])
      await expect(app.cache.invalidate(wrong as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('by the input, where the step says no key', async () => {
    const one = counting<{ a: number; b: Date }>({})
    await using app = await testApp(one)
    const input = { a: 1, b: new Date(0) }
    await app.run(one.flow, input)
    expect(await app.cache.invalidate({ step: 'work', key: { b: new Date(0), a: 1 } })).toBe(1)
    expect(await app.run(one.flow, input)).toBe(2)
  })

  it('reaches what is being computed: it is made of what was invalid already', async () => {
    const one = held<string>({ cache: { lifetime: '1h', tags: ['t'] } })
    await using app = await testApp(one)
    const run = await app.start(one.flow, 'x')
    await one.begun(1)
    expect(await app.cache.invalidate({ tag: 'other' })).toBe(0)
    expect(await app.cache.invalidate({ tag: 't' })).toBe(0)
    one.open[0]?.end('old')
    expect(await run.result()).toBe('old')
    const next = await app.start(one.flow, 'x')
    await one.begun(2)
    one.open[1]?.end('new')
    expect(await next.result()).toBe('new')
    expect(await app.run(one.flow, 'x')).toBe('new')
  })

  it('reaches what is on its way to the store', async () => {
    for (let ticks = 0; ticks < 12; ticks++) {
      const one = held<string>()
      await using app = await testApp(one)
      const run = await app.start(one.flow, 'x')
      await one.begun(1)
      one.open[0]?.end('old')
      for (let i = 0; i < ticks; i++) await tick()
      await app.cache.invalidate({ step: 'held', key: 'x' })
      expect(await run.result()).toBe('old')
      const next = await app.start(one.flow, 'x')
      await one.begun(2)
      one.open[1]?.end('new')
      expect(await next.result(), `after ${ticks} ticks`).toBe('new')
    }
  })

  it('shows what there is', async () => {
    const one = counting<string>({ tags: ['t'] })
    await using app = await testApp(one)
    const run = await app.start(one.flow, 'x', { tenant: 'a' })
    await run.result()
    const at = app.clock.now()
    const { items } = await app.cache.list({ tag: 't', step: 'work', tenant: 'a' })
    expect(items).toEqual([
      {
        step: 'work',
        run: run.id,
        index: 1,
        workflow: 'flow',
        tenant: 'a',
        computedAt: new Date(at),
        expiresAt: new Date(at + 3_600_000),
      },
    ])
    expect((await app.cache.list({ tenant: 'b' })).items).toEqual([])
    await app.advance('1h')
    expect((await app.cache.list()).items).toEqual([])
  })
})

describe('a fork', () => {
  it('neither takes results nor gives them', async () => {
    const one = counting<string>({}, { effect: 'idempotent' })
    await using app = await testApp(one)
    const run = await app.start(one.flow, 'x')
    expect(await run.result()).toBe(1)
    const fork = await run.fork({ from: 1 })
    expect(await fork.result()).toBe(2)
    expect((await stepEvents(fork))[0]?.meta).not.toHaveProperty('cached')
    const other = await run.fork({ from: 0, edit: { input: 'y' } })
    expect(await other.result()).toBe(3)
    expect(await app.run(one.flow, 'y')).toBe(4)
    expect(await app.run(one.flow, 'x')).toBe(1)
  })
})

describe('a cache', () => {
  const fails = (make: () => unknown) => {
    try {
      make()
    } catch (error) {
      return (error as { code?: string }).code
    }
    return undefined
  }

  it('is refused where a result does not stand for what the step does', async () => {
    const cache = { lifetime: '1h' } as const
    expect(fails(() => step('once', { effect: 'at-most-once', cache } as never, () => 1))).toBe('INVALID_OPTION')
    const reconcile = async () => ({ done: false }) as const
    expect(fails(() => step('asks', { reconcile, cache }, () => 1))).toBe('INVALID_OPTION')
    expect(fails(() => step.transaction('writes', { cache } as never, () => 1))).toBe('INVALID_OPTION')
    expect(fails(() => step('for-ever', { cache: {} } as never, () => 1))).toBe('INVALID_OPTION')
    expect(fails(() => step('never', { cache: { lifetime: 0 } }, () => 1))).toBe('INVALID_OPTION')
    expect(fails(() => step('odd', { cache: { lifetime: 'soon' as never } }, () => 1))).toBe('INVALID_DURATION')
    expect(fails(() => step('wide', { cache: { lifetime: '1h', scope: 'world' as never } }, () => 1))).toBe(
      'INVALID_OPTION',
    )
  })

  it('is refused where the step undoes something', async () => {
    const undo = step('undo', { cache: { lifetime: '1h' } }, () => 1)
    const flow = workflow('flow', async () => compensate(undo))
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    expect(await run.status()).toMatchObject({ error: { code: 'INVALID_OPTION' } })
  })

  it('does not stand in the way of a step that is called by itself', async () => {
    const one = counting<string>({})
    expect([await one.work.direct('x' as never), await one.work.direct('x' as never)]).toEqual([1, 2])
  })
})
