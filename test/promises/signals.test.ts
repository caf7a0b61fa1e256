import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  each,
  parallel,
  type Run,
  race,
  signal,
  sleep,
  step,
  TimeoutError,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, keys, kinds, reaches, until, wait, world } from './support/world.ts'

describe('a signal', () => {
  it('that comes early waits in the mailbox, first in, first out; one wait takes one', async () => {
    const go = signal<number>('go')
    const flow = workflow('flow', async () => {
      await sleep(30)
      const got = [await go.wait(), await go.wait()]
      await sleep(1)
      return [...got, await go.wait()]
    })
    for (const linger of [0, 200]) {
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      for (const n of [1, 2, 3]) await run.signal(go, n)
      expect(await run.result()).toEqual([1, 2, 3])
    }
  })

  it('goes to the wait that was issued first', async () => {
    const go = signal<string>('go')
    const flow = workflow('flow', async () => parallel({ a: () => go.wait(), b: () => go.wait(), c: () => go.wait() }))
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await Promise.all(['x', 'y', 'z'].map((text) => run.signal(go, text)))
    expect(await run.result()).toEqual({ a: 'x', b: 'y', c: 'z' })
  })

  it('is found by name only', async () => {
    const [yes, no] = [signal<number>('yes'), signal<number>('no')]
    const flow = workflow('flow', async () => [await no.wait(), await yes.wait()])
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.signal(yes, 1)
    await run.signal(no, 2)
    expect(await run.result()).toEqual([2, 1])
  })

  it('with a sendId counts once, however often it is sent', async () => {
    const go = signal<number>('go')
    const flow = workflow('flow', async () => {
      const first = await go.wait()
      return [first, await race({ second: () => go.wait(), late: () => sleep(30) })]
    })
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    for (let i = 0; i < 3; i++) await run.signal(go, i, { sendId: 'same' })
    expect(await run.result()).toEqual([0, { key: 'late', value: undefined }])
  })

  it('that does not come in time throws a TimeoutError', async () => {
    const go = signal('go')
    const flow = workflow('flow', async () => {
      const error = await errorOf(go.wait({ timeout: 5 }))
      return [error instanceof TimeoutError, error.message]
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual([true, expect.stringContaining('"go"')])
  })

  it('that races with its timer is taken by whichever was recorded first, on replay too', async () => {
    const go = signal<string>('go')
    const flow = workflow('flow', async () => {
      const got = await go.wait({ timeout: 25 }).catch((error: Error) => error.name)
      await sleep(20)
      return [got, await go.wait({ timeout: 1 }).catch((error: Error) => error.name)]
    })
    const runs = await Promise.all(
      [0, 0, 5, 5, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 40, 40].map(async (ms, i) => {
        const around = world({ linger: i % 2 === 0 ? 0 : 200 })
        const first = await around.open([flow])
        const run = await first.app.start(flow, undefined, { id: 'x' })
        const sent = wait(ms).then(() => run.signal(go, 'told'))
        await sent
        await wait(8)
        first.crash()
        const { app } = await around.open([flow])
        const again = (await app.get(flow, 'x')) as Run<string[]>
        const result = await again.result()
        const history = await around.store.entries(run.id)
        const timer = history.findIndex(({ kind, key }) => kind === 'timer.fired' && key === 'signal(go)#0')
        const signalFirst = timer < 0 || history.findIndex(({ kind }) => kind === 'signal.received') < timer
        return { result, signalFirst }
      }),
    )
    for (const { result, signalFirst } of runs) {
      // the signal is never lost: it was taken by the first wait, or by the second
      expect(result).toEqual(signalFirst ? ['told', 'TimeoutError'] : ['TimeoutError', 'told'])
    }
  })

  it('is refused when it is sent with a value that does not fit', async () => {
    const paid = signal('paid', z.object({ cents: z.number() }))
    const flow = workflow('flow', async () => paid.wait())
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    expect(await errorOf(run.signal(paid, { cents: 'many' } as never))).toMatchObject({ code: 'INVALID_INPUT' })
    await run.signal(paid, { cents: 5 })
    expect(await run.result()).toEqual({ cents: 5 })
  })

  it('is parsed where it is taken in; one that does not fit there is a note, and nobody gets it', async () => {
    const paid = signal('paid', z.object({ cents: z.coerce.number() }))
    // as another version of the sender may have it
    const careless = { ...signal<unknown>('paid'), schema: undefined }
    const flow = workflow('flow', async () => paid.wait())
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    await run.signal(careless, { cents: 'x' })
    await run.signal(paid, { cents: '7' })
    expect(await run.result()).toEqual({ cents: 7 })
    expect(await kinds(around.store, run.id)).toEqual(['run.started', 'note', 'signal.received', 'run.completed'])
  })

  it('is parsed by the schema of whoever waits, though another module has a signal of that name', async () => {
    const mine = signal('decision', z.object({ yes: z.boolean() }))
    const theirs = signal('decision', z.object({ score: z.number() }))
    const flow = workflow('flow', async (early: boolean) => {
      if (early) await sleep(20)
      return mine.wait()
    })
    const other = workflow('other', async (early: boolean) => {
      if (early) await sleep(20)
      return theirs.wait()
    })
    const { app } = await world().open([flow, other])
    for (const early of [false, true]) {
      const [one, two] = [await app.start(flow, early), await app.start(other, early)]
      await one.signal(mine, { yes: true })
      await two.signal(theirs, { score: 5 })
      expect([await one.result(), await two.result()]).toEqual([{ yes: true }, { score: 5 }])
    }
  })

  it('does not overtake another, however long its schema takes', async () => {
    const order = signal(
      'order',
      z.string().transform(async (text) => {
        await wait(text === 'slow' ? 30 : 1)
        return text
      }),
    )
    const other = signal<string>('other')
    const flow = workflow('flow', async () => {
      const got: string[] = []
      await sleep(60)
      for (let i = 0; i < 2; i++) got.push(await order.wait())
      return [...got, await other.wait()]
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    await run.signal(order, 'slow')
    await run.signal(other, 'plain')
    await run.signal(order, 'quick')
    expect(await run.result()).toEqual(['slow', 'quick', 'plain'])
    const received = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'signal.received')
    expect(received.map(({ meta }) => meta['signal'])).toEqual(['order', 'other', 'order'])
  })

  it('is not taken by a wait that has lost its race', async () => {
    const go = signal<string>('go')
    const flow = workflow('flow', async () => {
      const first = await race({ go: () => go.wait(), soon: () => sleep(5) })
      return [first.key, await go.wait()]
    })
    const w = world()
    const { app } = await w.open([flow])
    const run = await app.start(flow)
    await until(
      () => kinds(w.store, run.id),
      (found) => found.includes('timer.fired'),
    )
    await run.signal(go, 'later')
    expect(await run.result()).toEqual(['soon', 'later'])
  })

  it('to a run that has ended is refused', async () => {
    const go = signal('go')
    const flow = workflow('flow', async () => 1)
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.result()
    expect(await errorOf(run.signal(go))).toMatchObject({ code: 'RUN_ENDED' })
    expect(await errorOf(run.cancel('x'))).toMatchObject({ code: 'RUN_ENDED' })
  })

  it('to a run that needs attention waits until it is resumed', async () => {
    const go = signal<number>('go')
    let broken = true
    const work = step('work', { attempts: 1 }, () => {
      if (broken) throw new TypeError('bug')
    })
    const flow = workflow('flow', async () => {
      await work()
      return go.wait()
    })
    for (const linger of [0, 200]) {
      broken = true
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      await reaches(run, 'needs attention')
      await run.signal(go, 5)
      await wait(10)
      expect((await run.status()).status).toBe('needs attention')
      broken = false
      await run.resume()
      expect(await run.result()).toBe(5)
    }
  })

  it('to a run that is held back by a delay waits for it', async () => {
    const go = signal<number>('go')
    const flow = workflow('flow', async () => go.wait())
    const { app } = await world().open([flow])
    const begun = Date.now()
    const run = await app.start(flow, undefined, { delay: 40 })
    await run.signal(go, 5)
    expect((await run.status()).status).toBe('queued')
    expect(await run.result()).toBe(5)
    expect(Date.now() - begun).toBeGreaterThanOrEqual(40)
  })

  it('that comes while the run goes on as a new generation is for the new one', async () => {
    const go = signal<number>('go')
    const flow = workflow('flow', async ({ got }: { readonly got: readonly number[] }, { continueAs }) => {
      const value = await go.wait()
      if (got.length === 29) return [...got, value]
      return continueAs({ got: [...got, value] })
    })
    for (const linger of [0, 200]) {
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow, { got: [] })
      await Promise.all(Array.from({ length: 30 }, (_, n) => run.signal(go, n)))
      expect(await run.result()).toEqual(Array.from({ length: 30 }, (_, n) => n))
    }
  })

  it('without a value is undefined', async () => {
    const go = signal('go')
    const flow = workflow('flow', async () => go.wait())
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await run.signal(go)
    expect(await run.result()).toBeUndefined()
  })
})

describe('waiting', () => {
  it('costs a row: the run is out of memory, and one timer wakes it', async () => {
    let replays = 0
    const flow = workflow('flow', async () => {
      replays++
      await sleep(600)
      return replays
    })
    const around = world({ linger: 5 })
    const { app } = await around.open([flow])
    const runs = await Promise.all(Array.from({ length: 20 }, () => app.start(flow)))
    const states = await until(
      async () => Promise.all(runs.map((run) => run.status())),
      (all) => all.every(({ status }) => status === 'waiting'),
    )
    expect(states.every(({ wakeAt }) => wakeAt !== undefined)).toBe(true)
    await Promise.all(runs.map((run) => run.result()))
    expect(replays).toBe(40)
  })

  it('until a date, or one that has passed', async () => {
    const flow = workflow('flow', async () => {
      await sleep(new Date(Date.now() - 1_000))
      await sleep(new Date(Date.now() + 20))
      return 'on time'
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    // Date.now() in the body gives another input on replay; here it is never replayed
    expect(await run.result()).toBe('on time')
    expect(await keys(around.store, run.id, 'timer.fired')).toEqual(['sleep#0', 'sleep#1'])
  })

  it('holds on over a crash, and for no longer than it said', async () => {
    const flow = workflow('flow', async () => {
      await sleep(80)
      return Date.now()
    })
    const around = world()
    const first = await around.open([flow])
    const begun = Date.now()
    await first.app.start(flow, undefined, { id: 'x' })
    await wait(20)
    first.crash()
    const { app } = await around.open([flow])
    const ended = Number(await (await app.get(flow, 'x'))?.result())
    expect(ended - begun).toBeGreaterThanOrEqual(80)
  })

  it('inside each item is each item’s own', async () => {
    const go = signal<number>('go')
    const opened = gate()
    const flow = workflow('flow', async () =>
      each([3, 1, 2], { key: String }, async (n) => {
        await sleep(n * 5)
        opened.open()
        return [n, await go.wait()]
      }),
    )
    const { app } = await world().open([flow])
    const run = await app.start(flow)
    await opened.opened
    await wait(40)
    for (const n of [10, 20, 30]) await run.signal(go, n)
    expect(await run.result()).toEqual([
      [3, 30],
      [1, 10],
      [2, 20],
    ])
  })
})
