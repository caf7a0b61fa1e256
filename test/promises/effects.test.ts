import { describe, expect, it } from 'vitest'
import {
  type Clock,
  type Reconciled,
  race,
  sleep,
  step,
  systemClock,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import type { Verdict } from './support/wire.ts'
import { errorOf, fastClock, gate, kinds, reaches, until, wait, world } from './support/world.ts'

describe('an at-most-once step', () => {
  /** hangs in its first attempt, so that its process can die in it */
  function dying() {
    let calls: number[] = []
    const begun = gate()
    const once = step('once', { effect: 'at-most-once' }, async (n: number) => {
      calls = [...calls, n]
      begun.open()
      if (calls.length === 1) await new Promise(() => {})
      return `did ${n}`
    })
    const flow = workflow('flow', async () => once(1))
    const around = world()
    return {
      around,
      calls: () => calls,
      async crashed() {
        const first = await around.open([flow])
        await first.app.start(flow, undefined, { id: 'x' })
        await begun.opened
        first.crash()
        const { app } = await around.open([flow])
        const run = await app.start(flow, undefined, { id: 'x' })
        await reaches(run, 'needs attention')
        return run
      },
    }
  }

  it('whose process died in it is not executed again: nobody knows', async () => {
    const { crashed, calls, around } = dying()
    const run = await crashed()
    expect(await errorOf(run.result())).toMatchObject({ cause: { code: 'OUTCOME_UNKNOWN' } })
    expect(calls()).toEqual([1])
    expect(await kinds(around.store, run.id)).toEqual(['run.started', 'step.intent', 'step.error', 'run.parked'])
  })

  it('is resumed with the result that somebody found out', async () => {
    const { crashed, calls } = dying()
    const run = await crashed()
    await run.resume({ edit: { result: 'seen in the bank' } })
    expect(await run.result()).toBe('seen in the bank')
    expect(calls()).toEqual([1])
  })

  it('is resumed plainly when it did not happen, or with another input', async () => {
    const plain = dying()
    const run = await plain.crashed()
    await run.resume()
    expect(await run.result()).toBe('did 1')
    expect(plain.calls()).toEqual([1, 1])
    const edited = dying()
    const other = await edited.crashed()
    await other.resume({ edit: { input: 2 } })
    expect(await other.result()).toBe('did 2')
    expect(edited.calls()).toEqual([1, 2])
  })

  it('is one attempt, whatever went wrong', async () => {
    let calls = 0
    const once = step('once', { effect: 'at-most-once' }, () => {
      calls++
      throw Object.assign(new Error('busy'), { status: 503 })
    })
    const flow = workflow('flow', async () => (await errorOf(once())).message)
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe('busy')
    expect(calls).toBe(1)
  })

  it('begins only after its intent is durable', async () => {
    let calls = 0
    const once = step('once', { effect: 'at-most-once' }, () => ++calls)
    const flow = workflow('flow', async () => once())
    const { app, wire } = await world().open([flow])
    const held = gate()
    wire.onWrite = (name) => (name === 'append' ? held.opened.then(() => 'pass' as const) : 'pass')
    const run = await app.start(flow)
    await wait(30)
    expect(calls).toBe(0)
    held.open()
    expect(await run.result()).toBe(1)
  })
})

describe('a step with reconcile', () => {
  function bank(
    answer: (asked: number, done: boolean) => Reconciled<string> | Promise<Reconciled<string>>,
    options = {},
    clock: Clock = systemClock,
  ) {
    const seen = { calls: 0, asked: [] as number[], keys: new Set<string>(), done: false, begunAt: 0 }
    const begun = gate()
    const pay = step(
      'pay',
      {
        backoff: 1,
        ...options,
        reconcile: async (_: number, { idempotencyKey }) => {
          seen.asked.push(Date.now())
          seen.keys.add(idempotencyKey)
          return answer(seen.asked.length, seen.done)
        },
      },
      async (_: number, { idempotencyKey }) => {
        seen.calls++
        seen.keys.add(idempotencyKey)
        seen.begunAt = Date.now()
        begun.open()
        if (seen.calls === 1) await new Promise(() => {})
        seen.done = true
        return 'paid now'
      },
    )
    const flow = workflow('flow', async () => pay(1))
    const around = world({ linger: 10, clock })
    return {
      seen,
      around,
      flow,
      async crashed() {
        const first = await around.open([flow])
        await first.app.start(flow, undefined, { id: 'x' })
        await begun.opened
        first.crash()
        const { app } = await around.open([flow])
        return app.start(flow, undefined, { id: 'x' })
      },
    }
  }

  it('that took effect is not repeated after a crash', async () => {
    const { crashed, seen } = bank(() => ({ done: true, result: 'paid before' }))
    expect(await (await crashed()).result()).toBe('paid before')
    expect(seen).toMatchObject({ calls: 1 })
    expect(seen.keys.size).toBe(1)
  })

  it('that did not take effect is repeated under the same key', async () => {
    const { crashed, seen } = bank(() => ({ done: false }))
    expect(await (await crashed()).result()).toBe('paid now')
    expect(seen).toMatchObject({ calls: 2 })
    expect(seen.asked.length).toBe(1)
    expect(seen.keys.size).toBe(1)
  })

  it('is asked about again while nobody knows, and repeated only then', async () => {
    const { crashed, seen } = bank((asked) => (asked < 4 ? { done: 'unknown', retryAfter: 15 } : { done: false }))
    expect(await (await crashed()).result()).toBe('paid now')
    expect(seen.asked.length).toBe(4)
  })

  it.each([
    ['says so for ever', () => ({ done: 'unknown', retryAfter: 12 }) as const],
    [
      'throws',
      () => {
        throw new Error('the bank is closed')
      },
    ],
    ['talks nonsense', () => undefined as never],
  ])('needs attention at last when reconcile %s, though the run left memory in between', async (_, answer) => {
    const { crashed, seen } = bank(() => answer(), {}, fastClock(20_000))
    const run = await crashed()
    await reaches(run, 'needs attention', 10_000)
    expect(await errorOf(run.result())).toMatchObject({ cause: { code: 'OUTCOME_UNKNOWN' } })
    expect(seen.asked.length).toBe(10)
    expect(seen.calls).toBe(1)
  })

  it('is not asked before what may still be under way has settled, counted from when its process was seen dead', async () => {
    const { crashed, seen } = bank(() => ({ done: false }), { settleAfter: 120 })
    const begun = Date.now()
    const run = await crashed()
    const opened = Date.now()
    expect(await run.result()).toBe('paid now')
    expect(seen.asked[0]).toBeGreaterThanOrEqual(begun + 120)
    expect(seen.asked[0]).toBeGreaterThanOrEqual(opened + 100)
  })

  it('counts that time from the latest attempt, also when an earlier one failed', async () => {
    const seen = { calls: 0, asked: [] as number[], died: 0 }
    const begun = gate()
    const pay = step(
      'pay',
      {
        backoff: 0,
        settleAfter: 60,
        reconcile: async (): Promise<Reconciled<string>> => {
          seen.asked.push(Date.now())
          return { done: false }
        },
      },
      async () => {
        seen.calls++
        if (seen.calls === 1) throw new Error('no')
        if (seen.calls === 3) return 'paid'
        begun.open()
        return new Promise<string>(() => {})
      },
    )
    const flow = workflow('flow', async () => pay())
    const around = world()
    const first = await around.open([flow])
    await first.app.start(flow, undefined, { id: 'x' })
    await begun.opened
    await wait(70)
    first.crash()
    const died = Date.now()
    const { app } = await around.open([flow])
    expect(await (await app.start(flow, undefined, { id: 'x' })).result()).toBe('paid')
    expect(seen.asked.length).toBe(2)
    expect(seen.asked[1]).toBeGreaterThanOrEqual(died + 50)
  })

  it('is asked after an attempt that failed, too: the other side may have heard it', async () => {
    let calls = 0
    const pay = step(
      'pay',
      { backoff: 0, reconcile: async () => ({ done: true, result: 'it went through' }) as const },
      (): string => {
        calls++
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
      },
    )
    const flow = workflow('flow', async () => pay())
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toBe('it went through')
    expect(calls).toBe(1)
  })
})

describe('step.transaction', () => {
  const table = step.transaction('table', (tx) => {
    tx.run('CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, cents INTEGER)')
  })
  const read = step.transaction('read', (tx) =>
    Object.fromEntries(
      tx
        .all<{ name: string; cents: number }>('SELECT * FROM accounts ORDER BY name')
        .map((row) => [row.name, row.cents]),
    ),
  )
  const put = step.transaction('put', (tx, row: { name: string; cents: number }) => {
    tx.run('INSERT INTO accounts VALUES (?, ?)', row.name, row.cents)
    return row.cents
  })

  it('commits the writes and their result together', async () => {
    const flow = workflow('flow', async () => {
      await table()
      await put({ name: 'a', cents: 5 })
      return read()
    })
    const around = world()
    const { app, wire } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toEqual({ a: 5 })
    expect(wire.isCut).toBe(false)
    expect((await around.store.entries(run.id)).map(({ kind, meta }) => [kind, meta['transaction'] ?? false])).toEqual([
      ['run.started', false],
      ['step.result', true],
      ['step.result', true],
      ['step.result', true],
      ['run.completed', false],
    ])
  })

  it('that throws leaves neither behind, and is an error like that of any step', async () => {
    let calls = 0
    const half = step.transaction('half', { attempts: 2, backoff: 0 }, (tx, name: string) => {
      calls++
      tx.run('INSERT INTO accounts VALUES (?, 1)', name)
      throw new Error('after the write')
    })
    const flow = workflow('flow', async () => {
      await table()
      const error = await errorOf(half('b'))
      return [error.message, await read()]
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toEqual(['after the write', {}])
    expect(calls).toBe(2)
    expect(await kinds(around.store, run.id)).toContain('step.attempt')
  })

  it('whose process dies before the commit is done once, by the next one', async () => {
    const flow = workflow('flow', async () => {
      await table()
      await put({ name: 'a', cents: 5 })
      return read()
    })
    for (const how of ['lose', 'swallow'] as const) {
      const around = world()
      const first = await around.open([flow])
      let transactions = 0
      first.wire.onWrite = (name) => (name === 'transact' && ++transactions === 2 ? how : 'pass')
      await first.app.start(flow, undefined, { id: 'x' })
      await first.wire.whenCut
      const { app } = await around.open([flow])
      expect(await (await app.start(flow, undefined, { id: 'x' })).result()).toEqual({ a: 5 })
    }
  })

  it('does not run for a run that another worker has taken over', async () => {
    let calls = 0
    const late = step.transaction('late', () => ++calls)
    const slow = step('slow', () => wait(30))
    const flow = workflow('flow', async () => {
      await slow()
      return late()
    })
    const around = world()
    const first = await around.open([flow])
    let held = true
    first.wire.onWrite = async (name): Promise<Verdict> => {
      if (name === 'transact')
        await until(
          () => held,
          (now) => !now,
        )
      return 'pass'
    }
    await first.app.start(flow, undefined, { id: 'x' })
    await wait(60)
    // takes over everything, as if the first one were dead; but it is not
    const { app } = await around.open([flow])
    const run = await app.start(flow, undefined, { id: 'x' })
    expect(await run.result()).toBe(1)
    held = false
    await wait(30)
    expect(calls).toBe(1)
  })

  it('cannot wait: a promise is refused, and nothing of it is kept', async () => {
    const lazy = step.transaction('lazy', async (tx) => {
      tx.run('INSERT INTO accounts VALUES (?, 1)', 'c')
      await wait(1)
      throw new Error('unseen')
    })
    const flow = workflow('flow', async () => {
      await table()
      const error = await errorOf(lazy())
      return [error.name, error.message, await read()]
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['TypeError', expect.stringContaining('promise'), {}])
  })

  it('goes beside others and ordinary steps, each once', async () => {
    const nap = step('nap', async (n: number) => wait(n))
    const flow = workflow('flow', async () => {
      await table()
      await Promise.all([
        nap(3),
        put({ name: 'a', cents: 1 }),
        put({ name: 'b', cents: 2 }),
        nap(1),
        put({ name: 'c', cents: 3 }),
        nap(2),
      ])
      return read()
    })
    const around = world()
    const { app } = await around.open([flow])
    const runs = await Promise.all([app.start(flow, undefined, { id: '1' })])
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual([{ a: 1, b: 2, c: 3 }])
  })

  it('whose result was not wanted any more when its turn came is not begun', async () => {
    let calls = 0
    const count = step.transaction('count', () => ++calls)
    const flow = workflow('flow', async () => {
      const { key } = await race({ nap: () => sleep(1), count: () => count() })
      return key
    })
    const { app, wire } = await world().open([flow])
    wire.onWrite = async (name): Promise<Verdict> => {
      if (name === 'transact') await wait(40)
      return 'pass'
    }
    expect(await app.run(flow)).toBe('nap')
    await wait(60)
    expect(calls).toBe(0)
  })

  it('in its back-off costs no memory, and can lose a race', async () => {
    const flaky = step.transaction('flaky', { backoff: '1h' }, () => {
      throw Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' })
    })
    const flow = workflow('flow', async (lose: boolean) => {
      if (lose) return (await race({ flaky: () => flaky(), nap: () => sleep(30) })).key
      return flaky()
    })
    const around = world({ linger: 5 })
    const { app } = await around.open([flow])
    const run = await app.start(flow, false)
    await reaches(run, 'waiting')
    expect((await run.status()).wakeAt?.getTime()).toBeGreaterThan(Date.now() + 1_000_000)
    expect(await app.run(flow, true)).toBe('nap')
  })
})

describe('durability', () => {
  it('comes first: no step begins before what led to it is on disk', async () => {
    let durable = 0
    const seen: [string, number][] = []
    const one = step('one', () => void seen.push(['one', durable]))
    const two = step('two', () => void seen.push(['two', durable]))
    const flow = workflow('flow', async () => {
      await one()
      await two()
    })
    const { app, wire } = await world().open([flow])
    wire.onWrite = async (name): Promise<Verdict> => {
      if (name === 'append') {
        await wait(20)
        durable++
      }
      return 'pass'
    }
    await app.run(flow)
    expect(seen).toEqual([
      ['one', 0],
      ['two', 1],
    ])
  })

  it('of a start, a signal and a decision comes before their answer', async () => {
    const flow = workflow('flow', async () => sleep('1h'))
    const { app, wire } = await world().open([flow])
    wire.onWrite = (name) => (name === 'create' ? 'fail' : 'pass')
    expect((await errorOf(app.start(flow))).message).toContain('disk is full')
    wire.onWrite = () => 'pass'
    const run = await app.start(flow)
    wire.onWrite = (name) => (name === 'send' ? 'fail' : 'pass')
    expect((await errorOf(run.cancel('no'))).message).toContain('disk is full')
    expect((await run.status()).status).not.toBe('cancelled')
  })

  it('that fails now and then loses nothing and repeats only what was not recorded', async () => {
    const calls: string[] = []
    const work = step('work', (n: number) => {
      calls.push(`work ${n}`)
      return n
    })
    const flow = workflow('flow', async () => {
      let sum = 0
      for (let n = 1; n <= 5; n++) sum += await work(n)
      return sum
    })
    const around = world()
    const { app, wire } = await around.open([flow])
    let nth = 0
    wire.onWrite = (name) => (name === 'append' && ++nth % 3 === 0 ? 'fail' : 'pass')
    const run = await app.start(flow)
    expect(await run.result()).toBe(15)
    const results = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'step.result')
    expect(results.map(({ key }) => key)).toEqual(['work#0', 'work#1', 'work#2', 'work#3', 'work#4'])
    expect(calls.length).toBeGreaterThan(5)
    expect(new Set(calls).size).toBe(5)
  })

  it('leaves no gap when a write fails while the next one is on its way', async () => {
    const work = step('work', async (n: number) => {
      await wait(n)
      return n
    })
    const flow = workflow('flow', async () => Promise.all([1, 4, 7, 10, 13, 16].map((n) => work(n))))
    const around = world()
    const { app, wire } = await around.open([flow])
    let nth = 0
    wire.onWrite = async (name): Promise<Verdict> => {
      if (name !== 'append' || ++nth !== 1) return 'pass'
      await wait(8)
      return 'fail'
    }
    const run = await app.start(flow)
    expect(await run.result()).toEqual([1, 4, 7, 10, 13, 16])
    const entries = await around.store.entries(run.id)
    expect(entries.map(({ index }) => index)).toEqual(entries.map((_, i) => i))
  })
})
