import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  child,
  compensate,
  each,
  FailError,
  parallel,
  type Run,
  RunFailedError,
  race,
  signal,
  sleep,
  step,
  uuid,
  type Workflow,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, kinds, reaches, until, wait, world } from './support/world.ts'

describe('a child', () => {
  it('is a run of its own whose result comes back', async () => {
    const small = workflow('small', async (n: number) => n * 2)
    const flow = workflow('flow', async () => [await child(small, 1), await child(small, 2)])
    const { app } = await world().open([small, flow])
    const run = await app.start(flow)
    expect(await run.result()).toEqual([2, 4])
    const { items } = await app.list({ workflow: 'small' })
    expect(items.map(({ parent }) => parent)).toEqual([run.id, run.id])
  })

  it('begins at once, though its parent stays in memory for long', async () => {
    const small = workflow('small', async (n: number) => n)
    const write = step.transaction('write', () => 1)
    const flow = workflow('flow', async () => {
      const [a, b] = await Promise.all([child(small, 1), write()])
      return a + b
    })
    const { app } = await world({ linger: '1h' }).open([small, flow])
    expect(await app.run(flow)).toBe(2)
  })

  it('that fails or is cancelled is a RunFailedError with its cause', async () => {
    const small = workflow('small', async (fails: boolean) => {
      if (fails) throw new FailError('no')
      await sleep('1h')
    })
    const flow = workflow('flow', async () => {
      const failed = await errorOf(child(small, true))
      const handle = await child.start(small, false)
      await handle.cancel('enough')
      const cancelled = await errorOf(handle.result())
      return [failed, cancelled].map((error) => [
        error instanceof RunFailedError,
        error.message.replace(/r\w{20,}|[-\w]{36}/, 'it'),
        (error.cause as { code: string }).code,
      ])
    })
    const { app } = await world().open([small, flow])
    expect(await app.run(flow)).toEqual([
      [true, 'Run it failed: no', 'FAILED_ON_PURPOSE'],
      [true, 'Run it was cancelled: Cancelled: enough', 'CANCELLED'],
    ])
  })

  it('that needs attention keeps its parent waiting, until it is mended', async () => {
    let broken = true
    const work = step('work', { attempts: 1 }, () => {
      if (broken) throw new TypeError('bug')
      return 'mended'
    })
    const small = workflow('small', async () => work())
    const flow = workflow('flow', async () => child(small))
    for (const linger of [0, 200]) {
      broken = true
      const { app } = await world({ linger }).open([small, flow])
      const run = await app.start(flow)
      await until(
        () => app.counts(),
        (counts) => counts['needs attention'] === 1,
      )
      await reaches(run, 'waiting')
      broken = false
      expect(await app.resume({ workflow: 'small' })).toMatchObject({ matched: 1, done: 1 })
      expect(await run.result()).toBe('mended')
    }
  })

  it('with an id that exists is that run: attached, not started again', async () => {
    let calls = 0
    const work = step('work', () => ++calls)
    const small = workflow('small', async (_: { n: number }) => {
      await sleep(20)
      return work()
    })
    const flow = workflow('flow', async () => child(small, { n: 1 }, { id: 'shared' }))
    const { app } = await world().open([small, flow])
    const before = await app.start(small, { n: 1 }, { id: 'shared' })
    const [one, two] = await Promise.all([app.run(flow), app.run(flow)])
    expect([one, two, await before.result(), await app.run(flow)]).toEqual([1, 1, 1, 1])
    expect((await app.list({ workflow: 'small' })).items.length).toBe(1)
  })

  it('with an id that was started with another input is a conflict', async () => {
    const small = workflow('small', async (_: { n: number }) => 1)
    const flow = workflow('flow', async () => (await errorOf(child(small, { n: 2 }, { id: 'shared' }))).code)
    const { app } = await world().open([small, flow])
    await app.run(small, { n: 1 }, { id: 'shared' })
    expect(await app.run(flow)).toBe('ID_CONFLICT')
  })

  it('gets its own copy of the input', async () => {
    const small = workflow('small', async (input: { list: number[] }) => {
      input.list.push(3)
      return input.list
    })
    const flow = workflow('flow', async () => {
      const input = { list: [1] }
      const running = child(small, input)
      input.list.push(2)
      return [await running, input.list]
    })
    const { app } = await world().open([small, flow])
    expect(await app.run(flow)).toEqual([
      [1, 3],
      [1, 2],
    ])
  })

  it('with an input that does not fit is an error in the parent, and there is no child', async () => {
    const small = workflow('small', { input: z.object({ n: z.number() }) }, async ({ n }) => n)
    const flow = workflow('flow', async () => (await errorOf(child(small, { n: 'x' } as never))).code)
    const { app } = await world().open([small, flow])
    expect(await app.run(flow)).toBe('INVALID_INPUT')
    expect((await app.list({ workflow: 'small' })).items).toEqual([])
  })

  it('keeps its own deadline', async () => {
    const small = workflow('small', { deadline: 20 }, async () => sleep('1h'))
    const flow = workflow('flow', async () => (await errorOf(child(small))).cause)
    const { app } = await world().open([small, flow])
    expect(await app.run(flow)).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })

  it('can be told things by its parent, each once', async () => {
    const go = signal<number>('go')
    const small = workflow('small', async () => [await go.wait(), await go.wait()])
    const flow = workflow('flow', async () => {
      const handle = await child.start(small)
      await handle.signal(go, 1)
      await sleep(5)
      await handle.signal(go, 2)
      return handle.result()
    })
    const { app } = await world({ linger: 0 }).open([small, flow])
    expect(await app.run(flow)).toEqual([1, 2])
  })

  it('costs its parent a row while it runs', async () => {
    const small = workflow('small', async () => sleep(80))
    const flow = workflow('flow', async () => child(small))
    const { app } = await world({ linger: 5 }).open([small, flow])
    const run = await app.start(flow)
    await reaches(run, 'waiting')
    expect((await run.status()).wakeAt).toBeUndefined()
    await run.result()
  })

  it('belongs to the subject and tenant of its parent', async () => {
    const small = workflow('small', async (_: string) => 1)
    const flow = workflow('flow', async () => child(small, 'x', { id: 'same' }))
    const around = world()
    const { app } = await around.open([small, flow])
    await app.run(flow, undefined, { tenant: 'a', subject: 'ada' })
    await app.run(flow, undefined, { tenant: 'b' })
    const { items } = await around.store.list({ workflow: 'small', limit: 10 })
    expect(items.map(({ tenant, subject }) => [tenant, subject !== undefined])).toEqual([
      ['b', false],
      ['a', true],
    ])
  })

  it('that failed is another run when its parent is resumed', async () => {
    let price = -1
    const small = workflow('small', async () => {
      const got = await look()
      if (got < 0) throw new FailError('negative')
      return got
    })
    const look = step('look', () => price)
    const flow = workflow('flow', async () => child(small))
    for (const linger of [0, 200]) {
      price = -1
      const { app } = await world({ linger }).open([small, flow])
      const run = await app.start(flow)
      await reaches(run, 'needs attention')
      await run.resume()
      await errorOf(run.result())
      price = 5
      await run.resume()
      expect(await run.result()).toBe(5)
      expect((await app.counts()).failed).toBe(2)
    }
  })
})

describe('when the parent is through first, a child', () => {
  const begun = () => {
    const long = workflow('long', async (ms: number) => {
      await sleep(ms)
      return 'ended'
    })
    const flow = workflow('flow', async ({ how, ms }: { how: 'cancel' | 'abandon' | 'wait'; ms: number }) => {
      await child.start(long, ms, { onParentClose: how })
      return 'parent'
    })
    return { long, flow }
  }

  it.each([0, 200])('is cancelled by default (linger %i)', async (linger) => {
    const { long, flow } = begun()
    const { app } = await world({ linger }).open([long, flow])
    expect(await app.run(flow, { how: 'cancel', ms: 60_000 })).toBe('parent')
    await until(
      () => app.counts(),
      (counts) => counts.cancelled === 1,
    )
  })

  it.each([0, 200])('goes on when it is abandoned (linger %i)', async (linger) => {
    const { long, flow } = begun()
    const { app } = await world({ linger }).open([long, flow])
    expect(await app.run(flow, { how: 'abandon', ms: 30 })).toBe('parent')
    await until(
      () => app.counts(),
      (counts) => counts.completed === 2,
    )
  })

  it.each([0, 200])('is waited for, for longer than any grace (linger %i)', async (linger) => {
    const { long, flow } = begun()
    const { app } = await world({ linger, grace: 1 }).open([long, flow])
    const begunAt = Date.now()
    expect(await app.run(flow, { how: 'wait', ms: 1_300 })).toBe('parent')
    expect(Date.now() - begunAt).toBeGreaterThanOrEqual(1_300)
  })

  it.each([0, 200])('that is waited for is cancelled with its parent (linger %i)', async (linger) => {
    const { long, flow } = begun()
    const { app } = await world({ linger }).open([long, flow])
    const run = await app.start(flow, { how: 'wait', ms: 60_000 })
    await until(
      () => app.counts(),
      (counts) => counts.waiting === 2,
    )
    await run.cancel('enough')
    await reaches(run, 'cancelled')
    await until(
      () => app.counts(),
      (counts) => counts.cancelled === 2,
    )
  })

  it('is waited for although a step beside it does not hear its signal', async () => {
    const { long } = begun()
    const deaf = step('deaf', () => new Promise<void>(() => {}))
    const flow = workflow('flow', async () => {
      await child.start(long, 1_300, { onParentClose: 'wait' })
      void deaf()
      await sleep(5)
      return 'parent'
    })
    const { app } = await world({ grace: 1 }).open([long, flow])
    expect(await app.run(flow)).toBe('parent')
    expect(await app.counts()).toMatchObject({ completed: 2, cancelled: 0 })
  })

  it('that has lost a race is cancelled', async () => {
    const { long } = begun()
    const flow = workflow('flow', async () => {
      const { key } = await race({ long: () => child(long, 60_000), soon: () => sleep(5) })
      await sleep(30)
      return key
    })
    const { app } = await world().open([long, flow])
    expect(await app.run(flow)).toBe('soon')
    await until(
      () => app.counts(),
      (counts) => counts.cancelled === 1,
    )
  })

  it('is cancelled when its parent is', async () => {
    const { long } = begun()
    const flow = workflow('flow', async () => child(long, 60_000))
    const { app } = await world({ linger: 0 }).open([long, flow])
    const run = await app.start(flow)
    await until(
      () => app.counts(),
      (counts) => counts.waiting === 2,
    )
    await run.cancel('enough')
    await until(
      () => app.counts(),
      (counts) => counts.cancelled === 2,
    )
  })
})

describe('continueAs', () => {
  it('goes on as the same run with an empty history and its id', async () => {
    const work = step('work', (n: number) => n + 1)
    const flow: Workflow<{ n: number }, number> = workflow('flow', async ({ n }: { n: number }, { continueAs }) => {
      const next = await work(n)
      return next < 1_000 ? continueAs({ n: next }) : next
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow, { n: 0 }, { id: 'x' })
    expect(await run.result()).toBe(1_000)
    const row = await around.store.run(run.id)
    const needed = await around.store.entries(run.id, row?.base)
    expect(needed.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'run.continued ',
      'step.result @999/work#0',
      'run.completed ',
    ])
    expect((await app.start(flow, { n: 0 }, { id: 'x' })).id).toBe(run.id)
    expect(await run.input()).toEqual({ n: 999 })
  })

  it('keeps the mailbox and the compensations', async () => {
    const go = signal<number>('go')
    const undone: string[] = []
    const undo = step('undo', (what: string) => void undone.push(what))
    const flow: Workflow<{ n: number }, void> = workflow('flow', async ({ n }: { n: number }, { continueAs }) => {
      compensate(undo, `generation ${n}`)
      await sleep(10)
      if (n < 2) return continueAs({ n: n + 1 })
      const got = [await go.wait(), await go.wait()]
      throw new FailError(`got ${got.join()}`)
    })
    for (const linger of [0, 200]) {
      undone.length = 0
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow, { n: 0 })
      await run.signal(go, 1)
      await run.signal(go, 2)
      expect((await errorOf(run.result())).message).toContain('got 1,2')
      expect(undone).toEqual(['generation 2', 'generation 1', 'generation 0'])
    }
  })

  it('drops what is open: steps get their signal, waits are over', async () => {
    const aborted = gate()
    const long = step('long', async (_: void, { abortSignal }) => {
      abortSignal.addEventListener('abort', aborted.open)
      await aborted.opened
    })
    const flow: Workflow<boolean, string> = workflow('flow', async (again: boolean, { continueAs }) => {
      if (!again) return uuid()
      void long()
      void sleep('1h')
      await sleep(5)
      return continueAs(false)
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow, true)
    expect(await run.result()).toMatch(/-4/)
    await aborted.opened
  })

  it('checks its input like a start', async () => {
    const flow = workflow(
      'flow',
      { input: z.object({ n: z.number() }) },
      async ({ n }, { continueAs }): Promise<number> => {
        if (n === 1) return continueAs({ n: 'x' } as never)
        return n
      },
    )
    const { app } = await world().open([flow])
    expect(await errorOf(app.run(flow, { n: 1 }))).toMatchObject({
      code: 'RUN_FAILED',
      cause: { code: 'INVALID_INPUT' },
    })
  })

  it('in a child keeps it the child of its parent', async () => {
    const small: Workflow<number, number> = workflow('small', async (n: number, { continueAs }) => {
      await sleep(1)
      return n < 3 ? continueAs(n + 1) : n
    })
    const flow = workflow('flow', async () => child(small, 0))
    const { app } = await world({ linger: 0 }).open([small, flow])
    expect(await app.run(flow)).toBe(3)
  })
})

describe('branches', () => {
  const abortable = (seen: string[]) =>
    step('abortable', async (name: string, { abortSignal }) => {
      await new Promise<void>((resolve) => {
        abortSignal.addEventListener('abort', () => {
          seen.push(name)
          resolve()
        })
      })
    })

  it('of parallel come back by name; of race the first one', async () => {
    const work = step('work', async (n: number) => {
      await wait(n)
      return n
    })
    const flow = workflow('flow', async () => [
      await parallel({ b: () => work(5), a: () => work(1), c: () => 3 }),
      await race({ slow: () => work(30), quick: () => work(2) }),
    ])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual([
      { b: 5, a: 1, c: 3 },
      { key: 'quick', value: 2 },
    ])
  })

  it('that are not wanted any more get their abort signal', async () => {
    const seen: string[] = []
    const long = abortable(seen)
    const fail = step('fail', { attempts: 1 }, async () => {
      await wait(10)
      throw new FailError('first')
    })
    const flow = workflow('flow', async (how: string) => {
      if (how === 'race') await race({ long: () => long('race'), soon: () => sleep(10) })
      if (how === 'parallel') await errorOf(parallel({ long: () => long('parallel'), fail }))
      if (how === 'each')
        await errorOf(each(['a', 'b', 'c'], { key: String }, (key) => (key === 'b' ? fail() : long(`each ${key}`))))
      if (how === 'body') {
        void long('body')
        await sleep(10)
      }
      return how
    })
    const { app } = await world().open([flow])
    for (const how of ['race', 'parallel', 'each', 'body']) expect(await app.run(flow, how)).toBe(how)
    expect(seen).toEqual(['race', 'parallel', 'each a', 'each c', 'body'])
  })

  it('that end late leave a note, and nothing else', async () => {
    const late = step('late', async () => {
      await wait(25)
      return 'late'
    })
    const flow = workflow('flow', async () => {
      const { key } = await race({ late: () => late(), soon: () => sleep(5) })
      await sleep(40)
      return key
    })
    const around = world()
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    expect(await run.result()).toBe('soon')
    const notes = (await around.store.entries(run.id)).filter(({ kind }) => kind === 'note')
    expect(notes.map(({ key, meta }) => [key, meta['late']])).toEqual([['race#0/late/late#0', 'step.result']])
    expect(await kinds(around.store, run.id)).not.toContain('step.result')
  })

  it('that are over cannot call anything', async () => {
    const codes: string[] = []
    const work = step('work', () => 1)
    const flow = workflow('flow', async () => {
      const outer = gate()
      await race({
        loser: async () => {
          await outer.opened
          codes.push((await errorOf(work())).code ?? '')
          codes.push((await errorOf(sleep(1))).code ?? '')
        },
        winner: () => sleep(1),
      })
      outer.open()
      await sleep(1)
      return codes
    })
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['SCOPE_CLOSED', 'SCOPE_CLOSED'])
  })

  it('that fail one by one are told as the first failure', async () => {
    const fail = step('fail', { attempts: 1 }, async (ms: number) => {
      await wait(ms)
      throw new FailError(`after ${ms}`)
    })
    const flow = workflow('flow', async () => [
      (await errorOf(parallel({ a: () => fail(20), b: () => fail(5) }))).message,
      (await errorOf(race({ a: () => fail(20), b: () => fail(5) }))).message,
    ])
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['after 5', 'after 5'])
  })

  it('of a run that is loaded in the middle go on where they were', async () => {
    const calls: string[] = []
    const work = step('work', async (name: string) => {
      calls.push(name)
      await wait(3)
      return name
    })
    const flow = workflow('flow', async () =>
      parallel({
        a: async () => [await work('a1'), await sleep(10), await work('a2')],
        b: async () => [await work('b1'), await work('b2'), await sleep(15), await work('b3')],
        c: async () => race({ x: () => work('cx'), y: () => sleep(40) }),
      }),
    )
    const { app } = await world({ linger: 0 }).open([flow])
    const run: Run<unknown> = await app.start(flow)
    await run.result()
    expect(calls.sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'b3', 'cx'])
  })
})
