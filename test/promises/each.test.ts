import { describe, expect, it } from 'vitest'
import {
  compensate,
  each,
  FailError,
  now,
  parallel,
  type Run,
  race,
  random,
  signal,
  sleep,
  step,
  uuid,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { checkHistory, errorOf, gate, keys, kinds, reaches, until, wait, world } from './support/world.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('each', () => {
  it('gives results in the order of the items, with so many at once and no more', async () => {
    let now = 0
    let most = 0
    const work = step('work', async (n: number) => {
      most = Math.max(most, ++now)
      await wait((n * 7) % 5)
      now--
      return n * 2
    })
    const flow = workflow('flow', async (concurrency: number) =>
      each(numbers(20), { key: String, concurrency }, (n, index) => work(n + index)),
    )
    const { app } = await world().open([flow])
    for (const concurrency of [1, 3, 100]) {
      most = 0
      expect(await app.run(flow, concurrency)).toEqual(numbers(20).map((n) => n * 4))
      expect(most).toBe(Math.min(concurrency, 20))
    }
  })

  it('takes a step or a workflow as it is', async () => {
    const double = step('double', (n: number) => n * 2)
    const small = workflow('small', async (n: number) => n * 3)
    const flow = workflow('flow', async () => [
      await each([1, 2], { key: String }, double),
      await each([1, 2], { key: String }, small),
    ])
    const { app } = await world().open([flow, small])
    expect(await app.run(flow)).toEqual([
      [2, 4],
      [3, 6],
    ])
    expect((await app.list({ workflow: 'small' })).items.length).toBe(2)
  })

  it('over nothing is nothing', async () => {
    async function* none() {}
    const flow = workflow('flow', async () => [
      await each([], { key: String }, (n) => n),
      await each(none(), { key: String }, (n) => n),
    ])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual([[], []])
  })

  it('stops at the first failure, or collects every outcome', async () => {
    const begun: number[] = []
    const work = step('work', { attempts: 1 }, (n: number) => {
      begun.push(n)
      if (n === 2) throw new Error('two')
      return n
    })
    const flow = workflow('flow', async () => {
      const error = await errorOf(each(numbers(6), { key: String, concurrency: 1 }, work))
      const outcomes = await each(numbers(4), { key: (n) => `k${n}`, onError: 'collect' }, work)
      return {
        error: error.message,
        outcomes: outcomes.map((one) => (one.ok ? [one.key, one.item, one.value] : [one.key, one.error.message])),
      }
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual({
      error: 'two',
      outcomes: [
        ['k0', 0, 0],
        ['k1', 1, 1],
        ['k2', 'two'],
        ['k3', 3, 3],
      ],
    })
    expect(begun.slice(0, 3)).toEqual([0, 1, 2])
    expect(begun.length).toBe(7)
  })

  it('refuses two items with one key', async () => {
    async function* twice() {
      yield 1
      yield 1
    }
    const flow = workflow('flow', async () => [
      (await errorOf(each([1, 1], { key: String }, (n) => n))).code,
      (await errorOf(each(twice(), { key: String }, (n) => n))).code,
    ])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['DUPLICATE_KEY', 'DUPLICATE_KEY'])
  })

  it('fails when its key or its source fails, and the source is closed', async () => {
    let closed = 0
    const work = step('work', { attempts: 1 }, async (n: number) => {
      await wait(5)
      if (n === 1) throw new FailError('work')
    })
    async function* source(fails: boolean) {
      try {
        for (let n = 0; n < 100; n++) {
          if (fails && n === 2) throw new TypeError('source')
          yield n
        }
      } finally {
        closed++
      }
    }
    const flow = workflow('flow', async () => [
      (
        await errorOf(
          each(
            [1],
            {
              key: () => {
                throw new Error('key')
              },
            },
            (n) => n,
          ),
        )
      ).message,
      (await errorOf(each(source(true), { key: String }, (n) => n))).message,
      (await errorOf(each(source(false), { key: String, concurrency: 2 }, work))).message,
    ])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['key', 'source', 'work'])
    await until(
      () => closed,
      (count) => count === 2,
    )
  })

  it('nests, and each item has its own names, time and chance', async () => {
    const look = step('look', (values: readonly unknown[]) => values.length)
    const flow = workflow('flow', async () =>
      each(['a', 'b'], { key: String }, async (outer) => {
        const first = uuid()
        await sleep(2)
        const inner = await each(['x', 'y'], { key: String }, async (key) => {
          await look([now().getTime(), random(), uuid()])
          return `${outer}${key}${random()}`
        })
        return [first, ...inner]
      }),
    )
    const around = world({ linger: 0 })
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    const result = await run.result()
    expect(new Set(result.flat()).size).toBe(6)
    expect(
      (await keys(around.store, run.id, 'step.result')).every((key) =>
        /^each#0\[\S+\]\/each#0\[\S+\]\/look#0$/.test(key),
      ),
    ).toBe(true)
  })

  it('keeps what an item is about out of the keys', async () => {
    const work = step('work', (mail: string) => mail.length)
    const flow = workflow('flow', async () => each(['ada@example.org'], { key: String }, work))
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    await run.result()
    expect((await keys(around.store, run.id)).join()).not.toContain('ada')
  })

  it('gives every subject a secret of its own', async () => {
    const work = step('work', (person: { name: string }) => person.name.length)
    const people = [{ name: 'ada' }, { name: 'bob' }, { name: 'ada' }]
    const flow = workflow('flow', async () =>
      each(people, { key: (_, index) => String(index), subject: ({ name }) => name }, work),
    )
    for (const linger of [0, 200]) {
      const around = world({ linger })
      const { app } = await around.open([flow])
      const run = await app.start(flow)
      expect(await run.result()).toEqual([3, 3, 3])
      const results = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'step.result')
      const subjects = results.map(({ subject }) => subject)
      expect(subjects.every((subject) => subject !== undefined)).toBe(true)
      expect(new Set(subjects).size).toBe(2)
    }
  })
})

describe('an AsyncIterable', () => {
  it('is pulled as places become free', async () => {
    let pulled = 0
    let done = 0
    let ahead = 0
    const work = step('work', async (n: number) => {
      await wait(1)
      done++
      return n
    })
    async function* source() {
      for (let n = 0; n < 30; n++) {
        pulled++
        ahead = Math.max(ahead, pulled - done)
        yield n
      }
    }
    const flow = workflow('flow', async () => each(source(), { key: String, concurrency: 3 }, work))
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(numbers(30))
    expect(ahead).toBeLessThanOrEqual(4)
  })

  it.each([
    ['keys of their own', (n: number) => `item ${n}`],
    ['their place as key', (_: number, index: number) => String(index)],
  ])('is read again after a crash, without repeating items, with %s', async (_, key) => {
    const executed = new Map<number, number>()
    const held = gate()
    const work = step('work', async (n: number) => {
      executed.set(n, (executed.get(n) ?? 0) + 1)
      if (n === 7) await held.opened
      return n * 10
    })
    async function* source() {
      for (let n = 0; n < 12; n++) {
        await wait(1)
        yield n
      }
    }
    const flow = workflow('flow', async () => each(source(), { key, concurrency: 1 }, work))
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => executed.size,
      (size) => size === 8,
    )
    first.crash()
    held.open()
    const { app } = await around.open([flow])
    expect(await (await app.get(run.id))?.result()).toEqual(numbers(12).map((n) => n * 10))
    for (const [n, count] of executed) expect([n, count]).toEqual([n, n === 7 ? 2 : 1])
    checkHistory(await around.store.entries(run.id))
  })

  it('may call steps: they are part of the pull', async () => {
    const page = step('page', (n: number, { idempotencyKey }) => (n < 3 ? [n, idempotencyKey.length] : []))
    async function* source() {
      for (let n = 0; ; n++) {
        const items = await page(n)
        if (items.length === 0) return
        yield items
      }
    }
    const flow = workflow('flow', async () => each(source(), { key: ([n]) => String(n) }, ([n]) => n))
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual([0, 1, 2])
  })
})

describe('a long each', () => {
  const count = 3_200

  function make(options: { pulled?: boolean; plain?: boolean } = {}) {
    const executed = new Map<number, number>()
    let stopAt = Number.POSITIVE_INFINITY
    let stop = () => {}
    const work = step('work', (n: number) => {
      executed.set(n, (executed.get(n) ?? 0) + 1)
      if (executed.size === stopAt) stop()
      return n + 1
    })
    async function* source() {
      for (let n = 0; n < count; n++) yield n
    }
    const flow = workflow('flow', async () => {
      const items = options.pulled === true ? source() : numbers(count)
      const results = await each(items, { key: String, concurrency: 8 }, options.plain === true ? (n) => work(n) : work)
      await sleep(1)
      return results.reduce((sum, n) => sum + n, 0)
    })
    return {
      flow,
      executed,
      onNth(nth: number, then: () => void) {
        stopAt = nth
        stop = then
      },
    }
  }
  const sum = (count * (count + 1)) / 2

  it.each([
    ['of items at hand', {}],
    ['of items that are pulled', { pulled: true }],
  ])(
    '%s dies again and again, repeats only what was in flight, and does not replay what a snapshot covers',
    async (_, options) => {
      const { flow, executed, onNth } = make(options)
      const around = world()
      let run: Run<number> | undefined
      let crashes = 0
      for (const nth of [30, 499, 520, 1_010, 2_300, 3_150]) {
        const process = await around.open([flow])
        const died = gate()
        onNth(nth, () => {
          process.crash()
          died.open()
        })
        run = await process.app.start(flow, undefined, { id: 'x' })
        await died.opened
        crashes++
      }
      onNth(-1, () => {})
      const { app } = await around.open([flow])
      const last = await app.start(flow, undefined, { id: 'x' })
      expect(await last.result()).toBe(sum)
      expect(executed.size).toBe(count)
      const repeated = [...executed.values()].reduce((all, n) => all + n - 1, 0)
      // what is in flight, and what was executed and not yet committed
      expect(repeated).toBeLessThanOrEqual(crashes * 16)
      const entries = await around.store.entries(last.id)
      checkHistory(entries)
      expect(run?.id).toBe(last.id)
      const snapshots = entries.filter(({ kind }) => kind === 'scope.snapshot').length
      expect(snapshots).toBeGreaterThanOrEqual(3)
      expect(snapshots).toBeLessThanOrEqual(5)
    },
  )

  it('has no snapshot when its function may use what the body changes', async () => {
    const { flow } = make({ plain: true })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe(sum)
    expect(await kinds(around.store, run.id)).not.toContain('scope.snapshot')
  })

  it.each([499, 500, 501, 516, 1_000, 2_000])(
    'over exactly %i items goes on behind its last one after a crash',
    async (size) => {
      const work = step('work', (n: number) => n)
      const behind = step('behind', (n: number) => n + 1)
      const flow = workflow('flow', async () => {
        const results = await each(numbers(size), { key: String, concurrency: 16 }, work)
        const one = await behind(results.length)
        await sleep(40)
        return behind(one)
      })
      const around = world()
      const first = await around.open([flow])
      const run = await first.app.start(flow, undefined, { id: 'x' })
      await until(
        () => keys(around.store, run.id, 'step.result'),
        (all) => all.includes('behind#0'),
      )
      first.crash()
      const { app } = await around.open([flow])
      expect(await (await app.get(run.id))?.result()).toBe(size + 2)
    },
  )

  it('in a branch of parallel, with a race around it, is the same after a crash', async () => {
    const executed = new Map<string, number>()
    const work = step('work', (n: number | string) => {
      executed.set(String(n), (executed.get(String(n)) ?? 0) + 1)
      return n
    })
    const flow = workflow('flow', async () => {
      const { key, value } = await race({
        all: () =>
          parallel({
            items: async () => (await each(numbers(1_300), { key: String, concurrency: 4 }, work)).length,
            steps: async () => {
              for (let n = 0; n < 200; n++) await work(`s${n}`)
              return 'steps'
            },
            naps: async () => {
              for (let n = 0; n < 10; n++) await sleep(5)
              return 'naps'
            },
          }),
        late: () => sleep('1h'),
      })
      await work('end')
      await sleep(20)
      return [key, value]
    })
    const around = world()
    let last: Run<unknown> | undefined
    for (const at of [300, 700, 1_100, 1_501]) {
      const process = await around.open([flow])
      last = await process.app.start(flow, undefined, { id: 'x' })
      await until(
        () => executed.size,
        (size) => size >= at,
      )
      process.crash()
    }
    const { app } = await around.open([flow])
    expect(await (await app.get(String(last?.id)))?.result()).toEqual([
      'all',
      { items: 1_300, steps: 'steps', naps: 'naps' },
    ])
    expect(executed.size).toBe(1_501)
  })

  it('with snapshot: true keeps the compensations that its items registered', async () => {
    const undone: number[] = []
    const work = step('work', (n: number) => n)
    const undo = step('undo', (n: number) => void undone.push(n))
    const go = signal('go')
    const flow = workflow('flow', async () => {
      await each(numbers(600), { key: String, concurrency: 8, snapshot: true }, async (n) => {
        await work(n)
        if (n % 100 === 0) compensate(undo, n)
      })
      await go.wait()
      throw new FailError('undo it all')
    })
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => keys(around.store, run.id, 'step.result'),
      (all) => all.length === 600,
    )
    expect(await kinds(around.store, run.id)).toContain('scope.snapshot')
    first.crash()
    const { app } = await around.open([flow])
    const again = await app.get(run.id)
    await again?.signal(go)
    await errorOf(again?.result() as Promise<unknown>)
    expect(undone).toEqual([500, 400, 300, 200, 100, 0])
  })

  it('whose items take signals has no snapshot, so that nobody else gets them after a crash', async () => {
    const work = step('work', (n: number) => n)
    const go = signal<string>('go')
    const flow = workflow('flow', async () => {
      const got = await each(numbers(600), { key: String, concurrency: 4, snapshot: true }, async (n) => {
        if (n === 10) return go.wait()
        return String(await work(n))
      })
      await sleep(30)
      return [got[10], (await race({ other: () => go.wait(), late: () => sleep(5) })).key]
    })
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await run.signal(go, 'ten')
    await until(
      () => keys(around.store, run.id, 'step.result'),
      (all) => all.length === 599,
    )
    await wait(5)
    first.crash()
    const { app } = await around.open([flow])
    expect(await (await app.get(run.id))?.result()).toEqual(['ten', 'late'])
  })

  it('collecting keeps its failures over a crash', async () => {
    const work = step('work', { attempts: 1 }, (n: number) => {
      if (n % 50 === 0) throw new TypeError(`no ${n}`)
      return n
    })
    const go = signal('go')
    const flow = workflow('flow', async () => {
      const outcomes = await each(numbers(700), { key: (n) => `k${n}`, concurrency: 8, onError: 'collect' }, work)
      await go.wait()
      return outcomes
        .filter(({ ok }) => !ok)
        .map((one) => (one.ok ? '' : `${one.key} ${one.item} ${one.error.message}`))
    })
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await reaches(run, 'waiting', 10_000)
    first.crash()
    const { app } = await around.open([flow])
    const again = (await app.get(flow, 'x')) as Run<string[]>
    await again.signal(go)
    expect(await again.result()).toEqual(numbers(14).map((n) => `k${n * 50} ${n * 50} no ${n * 50}`))
  })
})
