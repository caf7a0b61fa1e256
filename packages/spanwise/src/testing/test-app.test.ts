import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openWorker } from '../app/index.ts'
import { approval, now, race, signal, sleep, step, workflow } from '../workflow/index.ts'
import { expectSteps, faultyStore, journal, openMemoryStore, printJournal, TestClock, testApp } from './index.ts'

const day = 86_400_000
const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('time', () => {
  it('skips what a run sleeps while somebody waits for its result', async () => {
    const flow = workflow('flow', async () => {
      await sleep('400d')
      return now()
    })
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow)).toEqual(new Date('2027-02-05T00:00:00Z'))
  })

  it('stands still while nobody waits, so that a signal is not too late', async () => {
    const paid = signal<number>('paid')
    const flow = workflow('flow', async () => paid.wait({ timeout: '2d' }))
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    expect((await run.status()).status).toBe('waiting')
    await run.signal(paid, 5)
    expect(await run.result()).toBe(5)
    expect(app.clock.now()).toBe(new Date('2026-01-01').getTime())
  })

  it('moves on as far as it is told, timer by timer', async () => {
    const seen: number[] = []
    const note = step('note', (at: Date) => {
      seen.push(at.getTime())
    })
    const flow = workflow('flow', async () => {
      for (let i = 0; i < 5; i++) {
        await sleep('1d')
        await note(now())
      }
    })
    const clock = new TestClock({ start: new Date(0), automatic: false })
    await using app = await testApp({ workflows: [flow], clock })
    const run = await app.start(flow)
    await app.advance('3d')
    expect(seen).toEqual([day, 2 * day, 3 * day])
    expect(clock.next).toEqual(new Date(4 * day))
    await clock.set(new Date(10 * day))
    expect(await run.result()).toBeUndefined()
    expect(clock.now()).toBe(10 * day)
  })

  it('does not skip while a step is under way', async () => {
    const slow = step('slow', () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 30)))
    const flow = workflow('flow', async () => race({ slow: () => slow(), late: () => sleep('1h') }))
    await using app = await testApp({ workflows: [flow] })
    expect(await app.run(flow)).toEqual({ key: 'slow', value: 'done' })
  })

  it('passes by steps under way when it is told to', async () => {
    const stuck = step(
      'stuck',
      (_: void, { abortSignal }) =>
        new Promise<void>((_, no) => abortSignal.addEventListener('abort', () => no(abortSignal.reason))),
    )
    const flow = workflow('flow', async () => (await race({ stuck: () => stuck(), late: () => sleep('1h') })).key)
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.advance('1h')
    expect(await run.result()).toBe('late')
  })

  it('fires the time limits of steps, and their retries', async () => {
    let tries = 0
    const hung = step('hung', { timeout: '10m' }, (_: void, { abortSignal }) => {
      if (++tries === 2) return 'done'
      return new Promise<string>((_, no) => abortSignal.addEventListener('abort', () => no(abortSignal.reason)))
    })
    const flow = workflow('flow', async () => hung())
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.advance('11m')
    expect(await run.result()).toBe('done')
    await expectSteps(run, [{ step: 'hung', attempts: 2 }])
  })

  it('can be set back, and waits are still kept', async () => {
    const flow = workflow('flow', async () => {
      await sleep('1h')
      return 'ok'
    })
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.idle()
    await app.clock.set(new Date('2020-01-01'))
    await app.advance('30m')
    expect((await run.status()).status).toBe('waiting')
    expect(await run.result()).toBe('ok')
  })
})

describe('fakes', () => {
  it('stand for steps by name, under their schemas', async () => {
    const charge = step('fakes-charge', async (_: { cents: number }): Promise<string> => {
      throw new Error('the real one')
    })
    const flow = workflow('flow', async (cents: number) => charge({ cents }))
    await using app = await testApp({
      workflows: [flow],
      fakes: { 'fakes-charge': ({ cents }: { cents: number }, { attempt }) => `charged ${cents} at ${attempt}` },
    })
    expect(await app.run(flow, 5)).toBe('charged 5 at 1')
  })

  it('are refused when no step has their name', async () => {
    const flow = workflow('flow', async () => 1)
    await expect(testApp({ workflows: [flow], fakes: { 'no-such-step': () => 1 } })).rejects.toMatchObject({
      code: 'FAKE_UNKNOWN',
    })
  })
})

describe('crashes', () => {
  const add = step('crash-add', (n: number) => n + 1)
  const flow = workflow('crash-flow', async (n: number) => {
    const one = await add(n)
    await sleep('1d')
    return add(await add(one))
  })

  it('happen at every append, before and after it, and the run comes to the same end', async () => {
    for (const how of ['crashAfter', 'crashBefore'] as const) {
      let places = 0
      for (let n = 1; ; n++, places++) {
        await using app = await testApp({ workflows: [flow], faults: { [how]: n } })
        const run = await app.start(flow, 1)
        expect(await run.result()).toBe(4)
        await expectSteps(run, ['crash-add', 'crash-add', 'crash-add'])
        expect(app.executions('crash-add')).toBeLessThanOrEqual(3 + app.crashes)
        if (app.crashes === 0) break
      }
      expect(places).toBeGreaterThan(3)
    }
  })

  it('lose what was not written, and nothing else', async () => {
    let begun = 0
    const work = step('crash-work', async () => {
      if (++begun === 1) await new Promise(() => {})
      return begun
    })
    const one = workflow('crash-one', async () => work())
    await using app = await testApp({ workflows: [one] })
    const run = await app.start(one)
    const result = run.result()
    await app.advance(0)
    await app.crash()
    expect(await result).toBe(2)
    expect(app.executions('crash-work')).toBe(2)
    expect((await journal(run)).map(({ kind }) => kind)).toEqual(['run.started', 'step.result', 'run.completed'])
    expect(app.crashes).toBe(1)
  })

  it('can bring other code', async () => {
    const go = signal('go')
    const before = workflow('crash-code', async () => {
      await go.wait()
      return 'old'
    })
    const after = workflow('crash-code', async () => {
      await go.wait()
      return 'new'
    })
    await using app = await testApp({ workflows: [before] })
    const run = await app.start(before)
    await app.idle()
    await app.restart({ workflows: [after] })
    await run.signal(go)
    expect(await run.result()).toBe('new')
  })

  it('leave events to be followed', async () => {
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow, 1)
    const followed = (async () => {
      const kinds: string[] = []
      for await (const { kind } of run.events({ follow: true })) kinds.push(kind)
      return kinds
    })()
    await app.idle()
    await app.crash()
    await run.result()
    expect(await followed).toEqual([
      'run.started',
      'step.result',
      'timer.fired',
      'step.result',
      'step.result',
      'run.completed',
    ])
  })
})

describe('other faults', () => {
  it('a full disk loses nothing that was acknowledged, and the run goes on when there is room', async () => {
    const add = step('full-add', (n: number) => n + 1)
    const flow = workflow('full-flow', async () => add(await add(1)))
    await using app = await testApp({ workflows: [flow], faults: { failAppend: [1, 2, 3] } })
    const run = await app.start(flow)
    expect(await run.result()).toBe(3)
    expect(app.logged.map(({ facts }) => (facts as { error?: { code?: string } }).error?.code)).toContain('STORE_FULL')
  })

  it('a worker that lost its lease writes nothing; the run goes on where the lease is', async () => {
    for (let n = 1; n <= 4; n++) {
      const add = step('lease-add', (x: number) => x + 1)
      const flow = workflow('lease-flow', async () => {
        const one = await add(1)
        await sleep('1h')
        return add(one)
      })
      await using app = await testApp({ workflows: [flow], faults: { loseLeaseAfter: n } })
      const run = await app.start(flow)
      expect(await run.result()).toBe(3)
      await expectSteps(run, ['lease-add', 'lease-add'])
    }
  })

  it('the result of a step that outlived its lease is dropped', async () => {
    const gates: (() => void)[] = []
    const slow = step('lease-slow', () => new Promise<number>((resolve) => gates.push(() => resolve(gates.length))))
    const flow = workflow('lease-slow-flow', async () => slow())
    await using app = await testApp({ workflows: [flow] })
    const run = await app.start(flow)
    await app.advance(0)
    await app.loseLeases()
    await app.advance(0)
    expect(gates.length).toBe(2)
    gates[0]!()
    await app.advance(0)
    gates[1]!()
    expect(await run.result()).toBe(2)
    await expectSteps(run, ['lease-slow'])
    expect(app.executions('lease-slow')).toBe(2)
  })

  it('slow commits hold effects back, not results', async () => {
    const add = step('slow-add', (n: number) => n + 1)
    const flow = workflow('slow-flow', async () => add(await add(1)))
    await using app = await testApp({ workflows: [flow], faults: { slowCommit: 5 } })
    expect(await app.run(flow)).toBe(3)
  })
})

describe('what a run did', () => {
  const fetchOrder = step('fetch-order', (id: string) => ({ id, total: 900 }))
  let declined = 0
  const charge = step('charge', (total: number) => {
    if (declined++ === 0) throw new Error('declined')
    return total
  })
  const refund = workflow('refund', async (id: string) => {
    const order = await fetchOrder(id)
    const { by } = await approval('refund?', { role: 'finance', timeout: '2d' })
    return { by, charged: await charge(order.total) }
  })

  it('can be asserted and read', async () => {
    declined = 0
    await using app = await testApp({ workflows: [refund] })
    const run = await app.start(refund, 'o-1')
    await app.idle()
    const [question] = (await app.approvals()).items
    await app.decide(question!.id, { approve: true, by: 'ann' })
    expect(await run.result()).toEqual({ by: 'ann', charged: 900 })
    await expectSteps(run, [
      { step: 'fetch-order', input: 'o-1' },
      { step: 'charge', attempts: 2, result: 900 },
    ])
    await expectSteps(run, ['charge', 'fetch-order'], { anyOrder: true })
    expect(await printJournal(run)).toMatchInlineSnapshot(`
      "0 run.started 'o-1'
      1 step.result fetch-order#0 'o-1' → { id: 'o-1', total: 900 }
      2 approval.requested approval#0 'refund?'
      3 approval.decided approval#0 { approve: true, by: 'ann' }
      4 step.attempt charge#0 900 ✗ Error: declined
      5 step.result charge#0 900 → 900 (attempt 2)
      6 run.completed { by: 'ann', charged: 900 }"
    `)
  })

  it('is shown beside what was expected', async () => {
    declined = 0
    await using app = await testApp({ workflows: [refund] })
    const run = await app.start(refund, 'o-1')
    await app.idle()
    await expect(expectSteps(run, ['fetch-order', { step: 'charge', attempts: 1 }])).rejects.toThrow(
      /- \{ step: 'charge', attempts: 1 \}[\s\S]*0 run.started 'o-1'/,
    )
  })
})

it('a file may be its store, and crashes are over the same file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spanwise-testing-'))
  try {
    const add = step('file-add', (n: number) => n + 1)
    const flow = workflow('file-flow', async () => {
      await sleep('1d')
      return add(await add(1))
    })
    await using app = await testApp({
      workflows: [flow],
      store: `sqlite:${join(folder, 'test.db')}`,
      faults: { crashAfter: [2, 3] },
    })
    const run = await app.start(flow)
    expect(await run.result()).toBe(3)
    expect(app.crashes).toBe(2)
    await expectSteps(run, ['file-add', 'file-add'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('two apps in one process have a clock each', async () => {
  const flow = workflow('clocks', async (days: number) => {
    await sleep(`${days}d`)
    return now().getTime()
  })
  await using one = await testApp({ workflows: [flow], clock: new TestClock({ start: new Date(0) }) })
  await using two = await testApp({ workflows: [flow], clock: new TestClock({ start: new Date(day) }) })
  expect(await Promise.all([one.run(flow, 3), two.run(flow, 1)])).toEqual([3 * day, 2 * day])
})

it('a store with faults serves any app', async () => {
  const add = step('faulty-add', (n: number) => n + 1)
  const flow = workflow('faulty-flow', async () => add(1))
  using inner = openMemoryStore()
  const store = faultyStore(inner, { crashBefore: 1 })
  const dead = await openWorker({ store, workflows: [flow], log: silent })
  const { id } = await dead.app.start(flow)
  await store.whenDead
  dead.kill()
  expect((await inner.entries(id)).length).toBe(1)
  const next = await openWorker({ store: faultyStore(inner, {}, store.appends), workflows: [flow], log: silent })
  expect(await (await next.app.get(id))!.result()).toBe(2)
  await next.app.close()
})

it('a store of its own outlives the app', async () => {
  const go = signal('go')
  const flow = workflow('outlives', async () => {
    await go.wait()
    return 1
  })
  using store = openMemoryStore()
  const first = await testApp({ workflows: [flow], store })
  const { id } = await first.start(flow)
  await first.close()
  await using second = await testApp({ workflows: [flow], store })
  const run = await second.get(id)
  await run!.signal(go)
  expect(await run!.result()).toBe(1)
})
