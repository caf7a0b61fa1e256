import { describe, expect, it, vi } from 'vitest'
import { child, now, signal, sleep, step, workflow } from '../../packages/spanwise/src/index.ts'
import { journal, testApp } from '../../packages/spanwise/src/testing/index.ts'

interface Page {
  readonly id: string
  readonly version: number
}

describe('debounce', () => {
  const index = workflow('index', { debounce: { key: (page: Page) => page.id, period: '5s' } }, async (page: Page) => {
    await sleep('1s')
    return page.version
  })

  it('makes one run of starts that follow each other, with the latest input', async () => {
    await using app = await testApp({ workflows: [index] })
    const first = await app.start(index, { id: 'a', version: 1 })
    await app.advance('4s')
    const second = await app.start(index, { id: 'a', version: 2 })
    expect(second.id).toBe(first.id)
    expect((await first.status()).status).toBe('queued')
    expect(await first.input()).toEqual({ id: 'a', version: 2 })
    await app.advance('4s')
    expect((await first.status()).status).toBe('queued')
    await app.advance('2s')
    expect(await first.result()).toBe(2)
    expect((await app.list()).items).toHaveLength(1)
    const third = await app.start(index, { id: 'a', version: 3 })
    expect(third.id).not.toBe(first.id)
    await app.advance('6s')
    expect(await third.result()).toBe(3)
  })

  it('knows a start that is repeated because its answer was lost, also when its run has begun or a crash came between', async () => {
    await using app = await testApp({ workflows: [index] })
    const page = { id: 'a', version: 1 }
    const first = await app.start(index, page)
    const joined = await app.start(index, { id: 'a', version: 2 }, { sendId: 'mine' })
    expect(joined.id).toBe(first.id)
    await app.crash()
    expect((await app.start(index, { id: 'a', version: 2 }, { sendId: 'mine' })).id).toBe(first.id)
    await app.advance('7s')
    expect(await first.result()).toBe(2)
    expect((await app.start(index, { id: 'a', version: 2 }, { sendId: 'mine' })).id).toBe(first.id)
    await expect(app.start(index, { id: 'a', version: 3 }, { sendId: 'mine' })).rejects.toMatchObject({
      code: 'ID_CONFLICT',
      run: first.id,
    })
    await app.idle()
    expect((await app.list()).items).toHaveLength(1)
    // a key of another workflow, tenant or week is another one
    expect((await app.start(index, { id: 'a', version: 2 }, { sendId: 'mine', tenant: 't' })).id).not.toBe(first.id)
    await app.advance('8d')
    expect((await app.start(index, { id: 'a', version: 2 }, { sendId: 'mine' })).id).not.toBe(first.id)
  })

  it('is by key, tenant and subject', async () => {
    await using app = await testApp({ workflows: [index] })
    const runs = [
      await app.start(index, { id: 'a', version: 1 }),
      await app.start(index, { id: 'b', version: 1 }),
      await app.start(index, { id: 'a', version: 1 }, { tenant: 't' }),
      await app.start(index, { id: 'a', version: 1 }, { subject: 'ada' }),
    ]
    expect(new Set(runs.map(({ id }) => id)).size).toBe(4)
  })

  it('begins at the timeout although starts go on', async () => {
    const busy = workflow('busy', { debounce: { period: '5s', timeout: '12s' } }, async (n: number) => n)
    await using app = await testApp({ workflows: [busy] })
    const first = await app.start(busy, 0)
    for (let n = 1; n <= 2; n++) {
      await app.advance('4s')
      expect((await app.start(busy, n)).id).toBe(first.id)
    }
    await app.advance('3999ms')
    expect((await first.status()).status).toBe('queued')
    await app.advance('1ms')
    expect(await first.result()).toBe(2)
  })

  it.each(['crash', 'restart'] as const)('survives a %s within the window', async (how) => {
    await using app = await testApp({ workflows: [index] })
    const first = await app.start(index, { id: 'a', version: 1 })
    await app.advance('3s')
    await app[how]()
    expect((await app.start(index, { id: 'a', version: 2 })).id).toBe(first.id)
    await app[how]()
    await app.advance('4s')
    expect((await first.status()).status).toBe('queued')
    await app.advance('3s')
    expect(await first.result()).toBe(2)
    expect((await app.list()).items).toHaveLength(1)
  })

  it('replays from the input that it began with', async () => {
    await using app = await testApp({ workflows: [index] })
    const first = await app.start(index, { id: 'a', version: 1 })
    await app.start(index, { id: 'a', version: 2 })
    await app.advance('5s')
    await app.crash()
    expect((await app.start(index, { id: 'a', version: 3 })).id).not.toBe(first.id)
    await app.advance('2s')
    expect(await first.result()).toBe(2)
  })

  it('can be asked for by one start, and be left out by one', async () => {
    const plain = workflow('plain', async (n: number) => n)
    await using app = await testApp({ workflows: [plain, index] })
    const debounce = { key: 'k', period: '5s' } as const
    const first = await app.start(plain, 1, { debounce })
    expect((await app.start(plain, 2, { debounce })).id).toBe(first.id)
    await app.advance('5s')
    expect(await first.result()).toBe(2)
    const now = await app.start(index, { id: 'a', version: 1 }, { debounce: false, id: 'mine' })
    await app.advance('1s')
    expect(await now.result()).toBe(1)
  })

  it('refuses an id or a delay beside it, and says what to do', async () => {
    await using app = await testApp({ workflows: [index] })
    const page = { id: 'a', version: 1 }
    await expect(app.start(index, page, { id: 'x' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      hint: expect.stringContaining('debounce: false'),
    })
    await expect(app.start(index, page, { delay: '1s' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const wrong = workflow('wrong', { debounce: { key: () => 3 as never, period: '1s' } }, async () => 1)
    await expect(app.start(wrong)).rejects.toMatchObject({ code: 'INVALID_KEY' })
    expect((await app.list()).items).toEqual([])
  })

  it('does not hold for children and schedules: they are one run each', async () => {
    const parent = workflow('parent', async () =>
      Promise.all([1, 2].map((version) => child(index, { id: 'a', version }))),
    )
    await using app = await testApp({ workflows: [parent, index] })
    const run = await app.start(parent)
    await app.advance('1s')
    expect(await run.result()).toEqual([1, 2])
  })

  it('can be cancelled before it begins, and a later start is not', async () => {
    await using app = await testApp({ workflows: [index] })
    const first = await app.start(index, { id: 'a', version: 1 })
    await first.cancel('no')
    await app.idle()
    expect((await first.status()).status).toBe('cancelled')
    const next = await app.start(index, { id: 'a', version: 2 })
    await app.advance('6s')
    expect(await next.result()).toBe(2)
  })
})

describe('throttle', () => {
  /** when each of them began, in seconds */
  function watched(options: object) {
    const begun: { readonly n: number; readonly at: number }[] = []
    let clock = () => 0
    const note = step('note', (n: number) => {
      begun.push({ n, at: clock() })
      return n
    })
    const flow = workflow('flow', options as { readonly deadline?: number }, async (n: number) => note(n))
    return { flow, begun, watch: (now: () => number) => (clock = now) }
  }

  it('lets so many begin within any period, the others wait in order, and none is lost', async () => {
    const { flow, begun, watch } = watched({ throttle: { limit: 2, period: '10s' } })
    await using app = await testApp({ workflows: [flow] })
    const zero = app.clock.now()
    watch(() => (app.clock.now() - zero) / 1000)
    const runs = []
    for (let n = 0; n < 6; n++) runs.push(await app.start(flow, n))
    await app.advance(0)
    expect(begun.map(({ n }) => n)).toEqual([0, 1])
    expect(await app.counts()).toMatchObject({ queued: 4, completed: 2 })
    await app.advance('30s')
    expect(begun).toEqual([0, 0, 10, 10, 20, 20].map((at, n) => ({ n, at })))
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('is per key, puts the higher priority first, and shares between tenants', async () => {
    const { flow, begun } = watched({ throttle: { key: (n: number) => String(n % 2), limit: 1, period: '10s' } })
    await using app = await testApp({ workflows: [flow] })
    for (const n of [0, 1, 2, 3]) await app.start(flow, n)
    await app.start(flow, 4, { priority: 5 })
    await app.start(flow, 5, { tenant: 'other' })
    await app.advance('10s')
    expect(begun.map(({ n }) => n)).toEqual([0, 1, 4, 5])
    await app.advance('10s')
    expect(begun.map(({ n }) => n).sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it.each(['crash', 'restart'] as const)('is not begun anew by a %s', async (how) => {
    const { flow, begun } = watched({ throttle: { limit: 2, period: '10s' } })
    await using app = await testApp({ workflows: [flow] })
    for (let n = 0; n < 6; n++) await app.start(flow, n)
    await app.advance('1s')
    await app[how]()
    await app.advance('8s')
    expect(begun).toHaveLength(2)
    await app.advance('1s')
    expect(begun.map(({ n }) => n)).toEqual([0, 1, 2, 3])
    await app[how]()
    await app.advance('20s')
    expect(begun.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('draws once for a run, however often it is loaded', async () => {
    const go = signal<number>('go')
    const flow = workflow('flow', { throttle: { limit: 1, period: '10s' } }, async () => go.wait())
    await using app = await testApp({ workflows: [flow] })
    const [first, second] = [await app.start(flow), await app.start(flow)]
    await app.advance('1s')
    await app.crash()
    await app.advance('9s')
    expect((await second.status()).status).toBe('waiting')
    await first.signal(go, 1)
    await second.signal(go, 2)
    expect([await first.result(), await second.result()]).toEqual([1, 2])
    expect((await journal(first)).map(({ kind }) => kind)).toEqual([
      'run.started',
      'note',
      'signal.received',
      'run.completed',
    ])
  })

  it('keeps signals for a run that waits, and lets it be cancelled', async () => {
    const go = signal<string>('go')
    const flow = workflow('flow', { throttle: { limit: 1, period: '10s' } }, async () => go.wait())
    await using app = await testApp({ workflows: [flow] })
    await app.start(flow)
    const [second, third] = [await app.start(flow), await app.start(flow)]
    await second.signal(go, 'early')
    await third.cancel('not needed')
    await app.advance('1s')
    expect((await second.status()).status).toBe('queued')
    expect((await third.status()).status).toBe('cancelled')
    await app.advance('9s')
    expect(await second.result()).toBe('early')
  })

  it('ends one whose deadline comes first without calling its code', async () => {
    const { flow, begun } = watched({ throttle: { limit: 1, period: '1m' } })
    await using app = await testApp({ workflows: [flow] })
    await app.start(flow, 1)
    const late = await app.start(flow, 2, { deadline: '5s' })
    await app.advance('5s')
    expect((await late.status()).status).toBe('failed')
    const next = await app.start(flow, 3)
    await app.advance('55s')
    expect(await next.result()).toBe(3)
    expect(begun.map(({ n }) => n)).toEqual([1, 3])
  })

  it('holds for children too', async () => {
    const { flow, begun } = watched({ throttle: { limit: 1, period: '10s' } })
    const parent = workflow('parent', async () => Promise.all([child(flow, 1), child(flow, 2)]))
    await using app = await testApp({ workflows: [flow, parent] })
    const run = await app.start(parent)
    await app.advance('9s')
    expect(begun).toHaveLength(1)
    await app.advance('1s')
    expect(await run.result()).toEqual([1, 2])
  })

  it('can be asked for by one start, and be left out by one', async () => {
    const { flow, begun } = watched({})
    await using app = await testApp({ workflows: [flow] })
    const throttle = { limit: 1, period: '10s' } as const
    for (const n of [1, 2]) await app.start(flow, n, { throttle })
    await app.start(flow, 3)
    await app.advance('1s')
    expect(begun.map(({ n }) => n).sort()).toEqual([1, 3])
    const held = watched({ throttle })
    await using other = await testApp({ workflows: [held.flow] })
    for (const n of [1, 2]) await other.start(held.flow, n, { throttle: false })
    await other.advance(0)
    expect(held.begun).toHaveLength(2)
  })

  it('goes together with debounce: the run waits for its turn with the input that it had when it was due', async () => {
    const { flow, begun } = watched({
      debounce: { key: (n: number) => String(n % 10), period: '1s' },
      throttle: { limit: 1, period: '10s' },
    })
    await using app = await testApp({ workflows: [flow] })
    for (const n of [1, 2, 11, 12]) await app.start(flow, n)
    await app.advance('20s')
    expect(begun.map(({ n }) => n)).toEqual([11, 12])
  })

  it('shows who waits', async () => {
    const { flow } = watched({ throttle: { limit: 1, period: '10s' } })
    await using app = await testApp({ workflows: [flow] })
    for (const n of [1, 2, 3]) await app.start(flow, n)
    await app.idle()
    expect(await app.limits()).toMatchObject([{ key: 'workflow:flow', drawn: 1, waiting: 2 }])
  })

  it('whose key cannot be read parks the run', async () => {
    const flow = workflow(
      'flow',
      {
        throttle: {
          key: () => {
            throw new TypeError('no such key')
          },
          limit: 1,
          period: '1s',
        },
      },
      async () => 1,
    )
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await vi.waitFor(async () => expect((await run.status()).status).toBe('needs attention'))
  })
})

describe('what a run that was put off sleeps for', () => {
  const flow = workflow('flow', async (_: number) => {
    const from = now().getTime()
    await sleep('2s')
    return from
  })

  it.each([
    ['a delay', 10_000, { delay: '10s' }],
    ['a debounce', 5_000, { debounce: { key: 'k', period: '5s' } }],
    ['a throttle', 20_000, { throttle: { limit: 1, period: '20s' } }],
  ] as const)('is counted from when it may begin: %s', async (what, ms, options) => {
    await using app = await testApp({ workflows: [flow] })
    if (what === 'a throttle') await app.start(flow, 0, options)
    const start = app.clock.now()
    const run = await app.start(flow, 1, options)
    await app.advance(ms + 1_500)
    await app.crash()
    expect((await run.status()).status).toBe('waiting')
    await app.advance(500)
    expect((await run.status()).status).toBe('completed')
    expect((await run.result()) - start).toBe(ms)
  })
})

describe('options that are wrong', () => {
  it.each([
    { debounce: { period: 0 } },
    { debounce: { period: '5s', timeout: '1s' } },
    { throttle: { limit: 0, period: '1s' } },
    { throttle: { limit: 1.5, period: '1s' } },
    { throttle: { limit: 1, period: 0 } },
    { concurrency: 3 },
    { rate: { limit: 1, per: '1s' } },
    { rateLimit: { limit: 1, period: '1s' } },
  ])('are refused where the workflow is written: %j', (options) => {
    expect(() => workflow('flow', options as never, async () => 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
