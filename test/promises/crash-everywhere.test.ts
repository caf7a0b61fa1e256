import { describe, expect, it } from 'vitest'
import {
  type App,
  approval,
  child,
  compensate,
  each,
  FailError,
  now,
  parallel,
  type Run,
  RunFailedError,
  race,
  random,
  type Startable,
  signal,
  sleep,
  step,
  uuid,
  type Workflow,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import type { Store } from '../../packages/spanwise/src/journal/index.ts'
import { dieEverywhere, type Scenario } from './support/everywhere.ts'
import { errorOf, keys, until } from './support/world.ts'

/** Counts what was done outside, by name. */
function outside() {
  const done = new Map<string, number>()
  return {
    done,
    did(what: string) {
      done.set(what, (done.get(what) ?? 0) + 1)
    },
    /** Everything was done, and nothing more often than a crash explains. */
    expectOnce(names: readonly string[], crashes: number) {
      expect([...done.keys()].sort()).toEqual([...names].sort())
      let repeated = 0
      for (const count of done.values()) repeated += count - 1
      expect(Math.max(...done.values())).toBeLessThanOrEqual(1 + crashes)
      return repeated
    },
  }
}

async function events(run: Run<unknown>) {
  const all = []
  for await (const event of run.events()) all.push(event)
  return all
}

function ran<I, O>(
  flow: Workflow<I, O>,
  input: I,
  expected: unknown,
  options: {
    others?: readonly Startable<never, unknown>[]
    meanwhile?: (app: App, run: { id: string }) => Promise<unknown>
    check?: (crashes: number, store: Store) => void | Promise<void>
  } = {},
): Scenario<unknown> {
  return {
    workflows: [flow as never, ...(options.others ?? [])],
    async drive(app) {
      const run = await app.start(flow as Workflow<unknown, unknown>, input as unknown, { id: 'one' })
      await options.meanwhile?.(app, run)
      return run.result()
    },
    async check(outcome, store, crashes) {
      expect(outcome).toEqual(expected)
      await options.check?.(crashes, store)
    },
  }
}

const scenarios: Record<string, () => Scenario<unknown>> = {
  'steps one after the other'() {
    const world = outside()
    const add = step('add', (n: number) => {
      world.did(`add ${n}`)
      return n + 1
    })
    const flow = workflow('flow', async (n: number) => add(await add(await add(n))))
    return ran(flow, 0, 3, { check: (crashes) => void world.expectOnce(['add 0', 'add 1', 'add 2'], crashes) })
  },

  'children and questions that nobody waits for any more'() {
    const lonely = workflow('lonely', async () => sleep('1h'))
    const flow = workflow('flow', async () => {
      await race({ asked: () => approval('sure?'), lonely: () => child(lonely), soon: () => sleep(5) })
      await child.start(lonely)
      return 'done'
    })
    return {
      workflows: [flow, lonely],
      async drive(app) {
        const run = await app.start(flow, undefined, { id: 'one' })
        const result = await run.result()
        await until(
          async () => (await app.list({ workflow: 'lonely' })).items.map(({ status }) => status).join(),
          (statuses) => statuses === 'cancelled,cancelled',
        )
        return result
      },
      async check(outcome, store) {
        expect(outcome).toBe('done')
        expect((await store.approvals({ limit: 10 })).items).toEqual([])
        const [one] = (await store.list({ workflow: 'flow', limit: 1 })).items
        expect(await keys(store, one!.run, 'approval.withdrawn')).toEqual(['race#0/asked/approval#0'])
      },
    }
  },

  'a retried step'() {
    let tries = 0
    const flaky = step('flaky', { backoff: 1 }, () => {
      if (++tries < 3) throw new Error('not yet')
      return tries
    })
    const flow = workflow('flow', async () => (await flaky()) >= 3)
    return ran(flow, undefined, true)
  },

  'plain promises and a sleep'() {
    const world = outside()
    const work = step('work', async (n: number) => {
      world.did(`work ${n}`)
      return n * 10
    })
    const flow = workflow('flow', async () => {
      const first = Promise.all([work(1), work(2), work(3)])
      await sleep(3)
      const rest = await Promise.all([work(4), work(5)])
      return [...(await first), ...rest]
    })
    return ran(flow, undefined, [10, 20, 30, 40, 50], {
      check: (crashes) =>
        void world.expectOnce(
          [1, 2, 3, 4, 5].map((n) => `work ${n}`),
          crashes,
        ),
    })
  },

  'an at-most-once step, caught'() {
    const world = outside()
    const once = step('once', { effect: 'at-most-once' }, () => {
      world.did('once')
      return 'done'
    })
    const flow = workflow('flow', async () => {
      try {
        return await once()
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    return {
      ...ran(flow, undefined, ''),
      check(outcome, _store, crashes) {
        expect(world.done.get('once') ?? 0).toBeLessThanOrEqual(1)
        if (crashes === 0) expect(outcome).toBe('done')
        else expect(['done', 'OUTCOME_UNKNOWN']).toContain(outcome)
        if (outcome === 'done') expect(world.done.get('once')).toBe(1)
      },
    }
  },

  'a reconciled step'() {
    const charged = new Set<string>()
    let charges = 0
    const charge = step(
      'charge',
      {
        reconcile: async (_: number, { idempotencyKey }) =>
          charged.has(idempotencyKey) ? { done: true, result: 'charged' } : { done: false },
      },
      (_: number, { idempotencyKey }) => {
        charges++
        charged.add(idempotencyKey)
        return 'charged'
      },
    )
    const flow = workflow('flow', async () => charge(5))
    return ran(flow, undefined, 'charged', { check: () => expect(charges).toBe(1) })
  },

  'a transaction among steps'() {
    const before = step('before', () => 'a')
    const write = step.transaction('write', (tx, text: string) => {
      tx.run('CREATE TABLE IF NOT EXISTS written (text TEXT)')
      tx.run('INSERT INTO written VALUES (?)', text)
      return tx.all<{ text: string }>('SELECT text FROM written').length
    })
    const after = step('after', (n: number) => n)
    const flow = workflow('flow', async () => {
      const { rows, other } = await parallel({
        rows: async () => after(await write(await before())),
        other: () => after(7),
      })
      return [rows, other]
    })
    return ran(flow, undefined, [1, 7])
  },

  'transactions at the same time'() {
    const note = step('note', async (n: number) => n)
    const insert = step.transaction('insert', (tx, n: number) => {
      tx.run('CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY)')
      tx.run('INSERT INTO numbers VALUES (?)', n)
      return n
    })
    const count = step.transaction('count', (tx) => tx.get<{ n: number }>('SELECT sum(n) AS n FROM numbers')?.n)
    const flow = workflow('flow', async () => {
      await each([1, 2, 3, 4, 5], { key: String, concurrency: 3 }, async (n) => insert(await note(n)))
      await race({ soon: () => note(1), late: () => insert(100).then(() => sleep(1)) })
      return ((await count()) ?? 0) % 100
    })
    return ran(flow, undefined, 15)
  },

  'a failure in a finally, resumed with discard'() {
    let broken = true
    const calls: string[] = []
    const work = step('work', { attempts: 1 }, (name: string) => {
      calls.push(name)
      if (name === 'b' && broken) throw new TypeError('b')
      return name
    })
    const flow = workflow('flow', async () => {
      await work('a')
      try {
        return await work('b')
      } finally {
        await work('cleanup')
      }
    })
    return {
      workflows: [flow],
      async drive(app) {
        const run = await app.start(flow, undefined, { id: 'one' })
        await run.result().catch(() => {})
        broken = false
        await run.resume({ discard: true }).catch((error: { code?: string }) => {
          if (error.code !== 'NOT_PARKED' && error.code !== 'RUN_ENDED') throw error
        })
        return run.result({ onAttention: 'wait' })
      },
      check(outcome, _, crashes) {
        expect(outcome).toBe('b')
        expect(calls.filter((name) => name === 'a').length).toBeLessThanOrEqual(1 + crashes)
      },
    }
  },

  'an edited input, a failed child, and giving up'() {
    let price = -1
    const look = step('look', { attempts: 1 }, (n: number) => {
      if (n < 0) throw new TypeError('negative')
      return n
    })
    const small = workflow('small', async () => {
      if (price < 0) throw new FailError('too early')
      return price
    })
    const undone: string[] = []
    const undo = step('undo', (what: string) => void undone.push(what))
    const flow = workflow('flow', async () => {
      compensate(undo, 'all')
      const edited = await look(-1)
      const bought = await child(small)
      await look(-2)
      return [edited, bought]
    })
    return {
      workflows: [flow, small],
      async drive(app) {
        const run = await app.start(flow, undefined, { id: 'one' })
        const passing = (error: { code?: string }) => {
          if (!['NOT_PARKED', 'RUN_ENDED', 'NOTHING_TO_EDIT'].includes(error.code ?? '')) throw error
        }
        for (;;) {
          const error = (await errorOf(run.result())) as { code?: string; cause?: { code?: string; message?: string } }
          if (error.code === 'RUN_FAILED') return error.cause?.code
          const parkedAt = (await events(run)).findLast(({ kind }) => kind === 'run.parked')?.meta['operation']
          price = 5
          if (parkedAt === 'look#0') await run.resume({ edit: { input: 3 } }).catch(passing)
          else if (parkedAt === 'child(small)#0') await run.resume().catch(passing)
          else await run.giveUp('enough').catch(passing)
        }
      },
      check(outcome) {
        expect(outcome).toBe('GIVEN_UP')
        expect(undone.length).toBeGreaterThanOrEqual(1)
      },
    }
  },

  'an order to wait for a child, and a deadline'() {
    const slow = workflow('slow', async () => {
      await sleep(15)
      return 'slow'
    })
    const patient = workflow('patient', async () => {
      await child.start(slow, undefined, { onParentClose: 'wait' })
      return 'patient'
    })
    const limited = workflow('limited', { deadline: 10 }, async () => sleep('1h'))
    const flow = workflow('flow', async () => {
      const { patience, limit } = await parallel({
        patience: () => child(patient),
        limit: () => child(limited).catch((error: RunFailedError) => (error.cause as { code: string }).code),
      })
      return [patience, limit]
    })
    return ran(flow, undefined, ['patient', 'DEADLINE_EXCEEDED'], {
      others: [slow, patient, limited] as never,
      check: async (_, store) => {
        expect(await store.counts()).toMatchObject({ completed: 3, failed: 1 })
      },
    })
  },

  'signals, early and late'() {
    const go = signal<number>('go')
    const note = step('note', (n: number) => n)
    const flow = workflow('flow', async () => {
      await note(0)
      const first = await go.wait()
      await sleep(2)
      const second = await go.wait({ timeout: '1m' })
      const third = await go.wait()
      return [first, second, third]
    })
    return ran(flow, undefined, [1, 2, 3], {
      async meanwhile(app, { id }) {
        const run = await app.get(id)
        if ((await run?.status())?.status === 'completed') return
        for (const n of [1, 2, 3])
          await run?.signal(go, n, { sendId: `s${n}` }).catch((error: { code?: string }) => {
            if (error.code !== 'RUN_ENDED') throw error
          })
      },
    })
  },

  'a timeout that is caught'() {
    const go = signal('go')
    const flow = workflow('flow', async () => {
      try {
        await go.wait({ timeout: 5 })
        return 'told'
      } catch {
        await sleep(1)
        return 'late'
      }
    })
    return ran(flow, undefined, 'late')
  },

  'an approval'() {
    const flow = workflow('flow', async () => {
      const { by } = await approval('ship it?', { role: 'boss' })
      return `${by} said so`
    })
    return ran(flow, undefined, 'ann said so', {
      async meanwhile(app, run) {
        for (;;) {
          const state = await (await app.get(run.id))?.status()
          if (state?.status === 'completed') return
          const { items } = await app.approvals({ role: 'boss' })
          for (const { id } of items) {
            await app.decide(id, { approve: true, by: 'ann' })
            return
          }
          if (state?.status === 'waiting' && (await app.approvals()).items.length === 0) return
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      },
    })
  },

  'children: results, failures, handles'() {
    const world = outside()
    const double = step('double', (n: number) => {
      world.did(`double ${n}`)
      return n * 2
    })
    const finish = signal<number>('finish')
    const small = workflow('small', async (n: number) => {
      if (n < 0) throw new FailError('negative')
      return double(n)
    })
    const patient = workflow('patient', async () => (await finish.wait()) + 1)
    const flow = workflow('flow', async () => {
      const handle = await child.start(patient)
      const two = await child(small, 1)
      const failure = await child(small, -1).catch((error: unknown) => error)
      await handle.signal(finish, 41)
      return [two, failure instanceof RunFailedError, await handle.result()]
    })
    return ran(flow, undefined, [2, true, 42], {
      others: [small, patient] as never,
      async check(crashes, store) {
        world.expectOnce(['double 1'], crashes)
        expect(Object.values(await store.counts()).reduce((a, b) => a + b)).toBe(4)
      },
    })
  },

  generations() {
    const world = outside()
    const tick = step('tick', (n: number) => {
      world.did(`tick ${n}`)
      return n + 1
    })
    const flow: Workflow<{ n: number; got: readonly string[] }, unknown> = workflow(
      'flow',
      async ({ n, got }: { n: number; got: readonly string[] }, { continueAs }) => {
        const next = await tick(n)
        if (next < 4) return continueAs({ n: next, got: [...got, uuid()] })
        return new Set([...got, uuid()]).size
      },
    )
    return ran(flow, { n: 0, got: [] }, 4, {
      check: (crashes) => void world.expectOnce(['tick 0', 'tick 1', 'tick 2', 'tick 3'], crashes),
    })
  },

  'each, with a snapshot source that is pulled'() {
    const world = outside()
    const work = step('work', (n: number) => {
      world.did(`work ${n}`)
      return n * n
    })
    async function* source() {
      for (let n = 0; n < 6; n++) yield n
    }
    const flow = workflow('flow', async () => each(source(), { key: String, concurrency: 2 }, work))
    return ran(flow, undefined, [0, 1, 4, 9, 16, 25], {
      check: (crashes) => {
        world.expectOnce(
          [0, 1, 2, 3, 4, 5].map((n) => `work ${n}`),
          2 * crashes,
        )
      },
    })
  },

  'each collecting, races inside'() {
    const work = step('work', { attempts: 1 }, (n: number) => {
      if (n === 2) throw new Error('two')
      return n
    })
    const flow = workflow('flow', async () => {
      const outcomes = await each([1, 2, 3], { key: String, onError: 'collect' }, async (n) => {
        const { key, value } = await race({ work: () => work(n), late: () => sleep('1m') })
        return `${key} ${String(value)}`
      })
      return outcomes.map((one) => (one.ok ? one.value : one.error.message))
    })
    return ran(flow, undefined, ['work 1', 'two', 'work 3'])
  },

  'compensation in reverse'() {
    const undone: number[] = []
    const book = step('book', (n: number) => n)
    const release = step('release', (n: number) => {
      if (undone.at(-1) !== n) undone.push(n)
    })
    const flow = workflow('flow', async () => {
      for (const n of [1, 2, 3]) compensate(release, await book(n))
      throw new FailError('no')
    })
    return {
      workflows: [flow],
      drive: async (app) => errorOf((await app.start(flow, undefined, { id: 'one' })).result()),
      check(error) {
        expect(error).toBeInstanceOf(RunFailedError)
        expect(undone).toEqual([3, 2, 1])
      },
    }
  },

  'cancelled while it waits'() {
    const undone: string[] = []
    const undo = step('undo', (what: string) => void undone.push(what))
    const flow = workflow('flow', async () => {
      compensate(undo, 'it')
      try {
        await sleep('1h')
      } finally {
        await undo('cleanup')
      }
    })
    return {
      workflows: [flow],
      async drive(app) {
        const run = await app.start(flow, undefined, { id: 'one' })
        await run.cancel('enough').catch((error: { code?: string }) => {
          if (error.code !== 'RUN_ENDED') throw error
        })
        return errorOf(run.result())
      },
      check(error) {
        expect((error as Error).message).toContain('was cancelled')
        expect(new Set(undone)).toEqual(new Set(['it', 'cleanup']))
        expect(undone.at(-1)).toBe('it')
      },
    }
  },

  'parked, mended and resumed'() {
    let broken = true
    const world = outside()
    const first = step('first', () => world.did('first'))
    const second = step('second', { attempts: 1 }, () => {
      if (broken) throw new TypeError('a bug')
      return 'mended'
    })
    const flow = workflow('flow', async () => {
      await first()
      return second()
    })
    return {
      workflows: [flow],
      async drive(app) {
        const run = await app.start(flow, undefined, { id: 'one' })
        const { status } = await run.status()
        if (status !== 'completed') {
          await run.result().catch(() => {})
          broken = false
          await run.resume().catch((error: { code?: string }) => {
            if (error.code !== 'NOT_PARKED' && error.code !== 'RUN_ENDED') throw error
          })
        }
        return run.result({ onAttention: 'wait' })
      },
      check(outcome, _store, crashes) {
        expect(outcome).toBe('mended')
        world.expectOnce(['first'], crashes)
      },
    }
  },

  'values of now, random and uuid'() {
    const seen: unknown[] = []
    const look = step('look', (values: unknown) => {
      seen.push(JSON.stringify(values))
    })
    const flow = workflow('flow', async () => {
      const values = [now().getTime(), random(), uuid()]
      await look(values)
      await sleep(1)
      await look(values)
      return true
    })
    return ran(flow, undefined, true, { check: () => expect(new Set(seen).size).toBe(1) })
  },
}

describe.each([0, 200])('a process that dies at any write, leaving memory after %i ms', (linger) => {
  it.each(Object.keys(scenarios))('changes nothing for %s', async (name) => {
    const places = await dieEverywhere(scenarios[name] as () => Scenario<unknown>, { linger })
    expect(places).toBeGreaterThan(4)
  })
})

describe('a process that dies at any write to a file', () => {
  it.each([
    'a transaction among steps',
    'transactions at the same time',
    'children: results, failures, handles',
    'each, with a snapshot source that is pulled',
    'generations',
  ])('changes nothing for %s', { timeout: 60_000 }, async (name) => {
    await dieEverywhere(scenarios[name] as () => Scenario<unknown>, { linger: 20, disk: true, stride: 5 })
  })
})
