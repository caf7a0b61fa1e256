import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  type Clock,
  each,
  FailError,
  now,
  type Run,
  random,
  sleep,
  step,
  systemClock,
  uuid,
  workflow,
} from '../../packages/spanwise/src/index.ts'
import { errorOf, gate, kinds, reaches, silent, until, wait, world } from './support/world.ts'

const fixture = fileURLToPath(new URL('./fixtures/forgotten.ts', import.meta.url))
const node = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=spanwise-source', fixture, ...args], { timeout: 20_000 })

describe('a failure that nobody awaited', () => {
  it('counts when the body settles, or at once where the promise was derived; the process lives', async () => {
    const { stdout } = await node()
    expect(JSON.parse(stdout)).toEqual([
      ['derived', 'needs attention', 'Run needs attention: derived failed'],
      ['wrapped', 'needs attention', 'Run needs attention: wrapped failed'],
      ['own', 'needs attention', 'Run needs attention: own failed'],
      ['later', 'completed', 'caught later failed'],
      ['in step', 'needs attention', 'Run needs attention: strayed'],
      ['after step', 'completed', 'left'],
      ['bystander', 'completed', 'fine'],
    ])
  })

  it('that belongs to no run is Node’s affair: it ends the process', async () => {
    const error = (await errorOf(node('stray'))) as unknown as { stdout: string; stderr: string; code: number }
    expect(error.stderr).toContain('stray')
    expect(error.stdout).not.toContain('still here')
  })

  it('can be mended and resumed like any other', async () => {
    let broken = true
    let calls = 0
    const fail = step('fail', { attempts: 1 }, () => {
      calls++
      if (broken) throw new TypeError('no')
      return 'ok'
    })
    const flow = workflow('flow', async () => {
      void fail()
      await sleep(10)
      return 'through'
    })
    for (const linger of [0, 200]) {
      broken = true
      calls = 0
      const { app } = await world({ linger }).open([flow])
      const run = await app.start(flow)
      await errorOf(run.result())
      broken = false
      await run.resume()
      expect(await run.result()).toBe('through')
      expect(calls).toBe(2)
      broken = true
      const other = await app.start(flow)
      await errorOf(other.result())
      await other.resume()
      expect((await errorOf(other.result())).message).toContain('no')
      await other.resume({ edit: { result: 'by hand' } })
      expect(await other.result()).toBe('through')
    }
  })

  it('that was collected with allSettled is nobody’s loss', async () => {
    const fail = step('fail', { attempts: 1 }, (n: number) => {
      if (n > 1) throw new FailError(`no ${n}`)
      return n
    })
    const flow = workflow('flow', async () =>
      (await Promise.allSettled([1, 2, 3].map((n) => fail(n)))).map(({ status }) => status),
    )
    const { app } = await world().open([flow])
    expect(await app.run(flow)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('of a construct counts, too', async () => {
    const fail = step('fail', { attempts: 1 }, () => {
      throw new TypeError('inside')
    })
    const flow = workflow('flow', async () => {
      void each([1], { key: String }, () => fail())
      await sleep(10)
      return 'not reached'
    })
    const { app } = await world().open([flow])
    expect((await errorOf(app.run(flow))).message).toContain('inside')
  })
})

describe('time and chance', () => {
  it('are the same on replay, and others in every run and call', async () => {
    const seen = new Map<string, Set<string>>()
    const flow = workflow('flow', async (_, { run }) => {
      const values = JSON.stringify([now().getTime(), random(), random(), uuid(), uuid()])
      seen.set(run.id, (seen.get(run.id) ?? new Set()).add(values))
      await sleep(5)
      const more = JSON.stringify([now().getTime(), random()])
      await sleep(5)
      seen.get(run.id)?.add(more)
      return [...(JSON.parse(values) as unknown[]), ...(JSON.parse(more) as unknown[])]
    })
    const { app } = await world({ linger: 0 }).open([flow])
    const results = await Promise.all([app.run(flow), app.run(flow)])
    for (const values of seen.values()) expect(values.size).toBe(2)
    const chance = results.flatMap((values) =>
      values.filter((value) => typeof value === 'string' || (value as number) < 1),
    )
    expect(new Set(chance).size).toBe(chance.length)
    for (const value of chance) {
      if (typeof value === 'string')
        expect(value).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      else expect(value).toBeGreaterThanOrEqual(0)
    }
  })

  it('never go back, though the clock does', async () => {
    let offset = 0
    const clock: Clock = { ...systemClock, now: () => Date.now() + offset }
    const turn = step('turn', (by: number) => {
      offset += by
    })
    const flow = workflow('flow', async () => {
      const times = [now().getTime()]
      for (const by of [-3_600_000, 50, -7_200_000]) {
        await turn(by)
        times.push(now().getTime())
      }
      return times
    })
    const around = world({ clock })
    const { app } = await around.open([flow])
    const run = await app.start(flow)
    const times = await run.result()
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const entries = await around.store.entries(run.id)
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted((a, b) => a - b))
  })
})

describe('close', () => {
  it('lets steps that run end within the grace; what comes after is for the next app', async () => {
    const calls: string[] = []
    const work = step('work', async (name: string) => {
      calls.push(name)
      await wait(30)
      return name
    })
    const flow = workflow('flow', async () => [await work('a'), await work('b')])
    const around = world()
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => calls.length,
      (n) => n === 1,
    )
    await first.app.close()
    expect(calls).toEqual(['a'])
    expect(await kinds(around.store, run.id)).toEqual(['run.started', 'step.result'])
    const { app } = await around.open([flow])
    expect(await ((await app.get(flow, 'x')) as Run<string[]>).result()).toEqual(['a', 'b'])
    expect(calls).toEqual(['a', 'b'])
  })

  it('does not wait for longer; the step is executed again later', async () => {
    let calls = 0
    const held = gate()
    const slow = step('slow', async () => {
      if (++calls === 1) await held.opened
      return calls
    })
    const flow = workflow('flow', async () => slow())
    const around = world({ grace: 20 })
    const first = await around.open([flow])
    const run = await first.app.start(flow, undefined, { id: 'x' })
    await until(
      () => calls,
      (n) => n === 1,
    )
    await first.app.close()
    const { app } = await around.open([flow])
    expect(await (await app.get(run.id))?.result()).toBe(2)
    held.open()
  })

  it('loses nothing of runs that are in every state', async () => {
    const calls: string[] = []
    const work = step('work', { backoff: 30 }, async (name: string, { attempt }) => {
      calls.push(name)
      if (name === 'flaky' && attempt === 1) throw new Error('no')
      await wait(5)
      return name
    })
    const write = step.transaction('write', (_, name: string) => name)
    const flows = {
      steps: workflow('steps', async () => [await work('1'), await work('2'), await work('3')]),
      flaky: workflow('flaky', async () => work('flaky')),
      sleeping: workflow('sleeping', async () => sleep(60)),
      writing: workflow('writing', async () => [await write('a'), await work('between'), await write('b')]),
      many: workflow(
        'many',
        async () => (await each([1, 2, 3, 4, 5, 6], { key: String, concurrency: 2 }, (n) => work(`m${n}`))).length,
      ),
    }
    const around = world()
    const first = await around.open(Object.values(flows))
    for (const [id, flow] of Object.entries(flows))
      await first.app.start(flow as never, undefined as never, { id } as never)
    await first.app.start(flows.steps, undefined, { id: 'delayed', delay: 50 })
    await wait(3)
    await first.app.close()
    for (let i = 0; i < 3; i++) {
      const next = await around.open(Object.values(flows))
      await wait(3)
      await next.app.close()
    }
    const { app } = await around.open(Object.values(flows))
    await until(
      () => app.counts(),
      ({ completed }) => completed === 6,
    )
    for (const name of ['1', '2', '3']) expect(calls.filter((one) => one === name).length).toBe(2)
  })

  it('refuses what is started after it, and may be asked for twice', async () => {
    const flow = workflow('flow', async () => 1)
    const around = world()
    const { app } = await around.open([flow])
    const closing = app.close()
    expect(await errorOf(app.start(flow))).toMatchObject({ code: 'APP_CLOSED' })
    await Promise.all([closing, app.close()])
    expect((await around.store.list({ limit: 1 })).items).toEqual([])
  })

  it('comes by itself where the app was declared with await using', async () => {
    const flow = workflow('flow', async () => sleep('1h'))
    const around = world()
    {
      const { app } = await around.open([flow])
      await using _ = app
      await app.start(flow, undefined, { id: 'x' })
    }
    const [row] = (await around.store.list({ limit: 1 })).items
    expect(row).toMatchObject({ status: 'waiting', owner: undefined })
  })
})

describe('a long history', () => {
  it('is warned about once, long before it hurts', async () => {
    const warnings: string[] = []
    const log = { ...silent, warn: (message: string) => warnings.push(message) }
    const work = step('work', async (n: number) => n)
    const flow = workflow('flow', async () => {
      await Promise.all(Array.from({ length: 20_100 }, (_, n) => work(n)))
    })
    const { app } = await world({ log }).open([flow])
    await app.run(flow)
    expect(warnings.filter((message) => message.includes('continueAs'))).toHaveLength(1)
  })
})

describe('many runs', () => {
  it('are more than fit in memory, and all come to an end', async () => {
    const work = step('work', async (n: number) => {
      await wait(1)
      return n
    })
    const flow = workflow('flow', async (n: number) => {
      await work(n)
      await sleep(1)
      return work(n + 1)
    })
    const { app } = await world({ capacity: 5, linger: 1 }).open([flow])
    const runs = await Promise.all(Array.from({ length: 60 }, (_, n) => app.start(flow, n)))
    expect(await Promise.all(runs.map((run) => run.result()))).toEqual(runs.map((_, n) => n + 1))
  })

  it('of higher priority go first where they wait for room', async () => {
    const order: number[] = []
    const held = gate()
    const work = step('work', async (n: number) => {
      order.push(n)
      if (n === -1) await held.opened
    })
    const flow = workflow('flow', async (n: number) => work(n))
    const { app } = await world({ capacity: 1 }).open([flow])
    const first = await app.start(flow, -1)
    const runs = []
    for (const priority of [1, 5, 3]) runs.push(await app.start(flow, priority, { priority }))
    held.open()
    await Promise.all([first, ...runs].map((run) => run.result()))
    expect(order).toEqual([-1, 5, 3, 1])
  })

  it('are not mixed up when one of them needs attention', async () => {
    const work = step('work', { attempts: 1 }, async (n: number) => {
      await wait(n % 3)
      if (n === 7) throw new TypeError('seven')
      return n
    })
    const flow = workflow('flow', async (n: number) => work(n))
    const { app } = await world().open([flow])
    const runs = await Promise.all(Array.from({ length: 15 }, (_, n) => app.start(flow, n)))
    const outcomes = await Promise.allSettled(runs.map((run) => run.result()))
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : 'x'))).toEqual(
      runs.map((_, n) => (n === 7 ? 'x' : n)),
    )
    await reaches(runs[7] as Run<number>, 'needs attention')
  })
})
