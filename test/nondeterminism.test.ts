import { AsyncResource } from 'node:async_hooks'
import { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  isSpanwiseError,
  now,
  type Run,
  random,
  signal,
  sleep,
  step,
  uuid,
  type Workflow,
  workflow,
} from '../packages/spanwise/src/index.ts'
import { type TestApp, testApp } from '../packages/spanwise/src/testing/index.ts'

// What the promise of replay does not cover, provoked on purpose: it ends in a named error, parks the run that did it and nobody else.

const work = step('work', (input: unknown) => input)
const other = step('other', (input: unknown) => input)
const go = signal('go')

/** a step that ends when it is told to */
const gates: (() => void)[] = []
const gated = step('gated', () => new Promise<string>((resolve) => gates.push(() => resolve('gated'))))

/** As a timer does it: the callback keeps the context that it was set in. It fires when the test says so. */
const late: (() => void)[] = []
const later = (callback: () => void) => late.push(AsyncResource.bind(callback))
const ring = () => {
  for (const callback of late.splice(0)) callback()
}

const healthy = workflow('healthy', async (rounds: number) => {
  for (let i = 0; i < rounds; i++) {
    await work(i)
    await sleep('1h')
  }
  return 'healthy'
})

let url = ''
const server = createServer((_, response) => response.end('ok'))
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Resolves when as many gated steps are under way. */
async function begun(count: number): Promise<void> {
  while (gates.length < count) await delay(1)
}

interface Parked {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** Why a run needs attention. */
async function why(run: Run<unknown>): Promise<Parked> {
  try {
    const value = await run.result()
    throw new Error(`it came to an end: ${JSON.stringify(value)}`)
  } catch (error) {
    if (!isSpanwiseError(error) || !isSpanwiseError(error.cause)) throw error
    expect(error.code).toBe('NEEDS_ATTENTION')
    return error.cause
  }
}

/** Other runs, from before and new ones, are not concerned. */
async function expectOthersWell(app: TestApp, before: Run<unknown>): Promise<void> {
  expect(await before.result()).toBe('healthy')
  expect(await app.run(healthy, 1)).toBe('healthy')
}

async function open(
  ...flows: Workflow<never, unknown>[]
): Promise<{ app: TestApp; neighbour: Run<unknown> } & AsyncDisposable> {
  gates.length = 0
  late.length = 0
  const app = await testApp({ workflows: [...flows, healthy] })
  const neighbour = await app.start(healthy, 3)
  return { app, neighbour, [Symbol.asyncDispose]: () => app.close() }
}

/** A body that waits in the middle, so that its beginning is replayed. */
function replayed(body: () => Promise<unknown>) {
  return workflow('replayed', async () => {
    const seen = await body()
    await go.wait()
    return seen
  })
}

describe('what differs on replay', () => {
  it('a branch on Date.now() shows as another shape', async () => {
    let first = true
    const flow = replayed(async () => {
      const late = !first || Date.now() < 0
      first = false
      return late ? other('late') : work('early')
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await it.app.idle()
    await run.signal(go)
    expect(await why(run)).toMatchObject({
      code: 'SHAPE_CHANGED',
      message: expect.stringContaining('- work#0 (step)\n  + other#0 (step)'),
      hint: expect.stringContaining('use now(), random(), or a step'),
    })
    await expectOthersWell(it.app, it.neighbour)
  })

  it.each([
    ['Date.now()', () => performance.timeOrigin + performance.now()],
    ['Math.random()', () => Math.random()],
    ['crypto.randomUUID()', () => crypto.randomUUID()],
  ])('%s as an input shows as another input', async (_, read) => {
    const flow = replayed(async () => work({ order: { at: read() } }))
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await it.app.idle()
    await run.signal(go)
    expect(await why(run)).toMatchObject({
      code: 'INPUT_CHANGED',
      message: '"work#0" was recorded with another input than the code passes now: it differs at .order.at.',
    })
    await expectOthersWell(it.app, it.neighbour)
  })

  it('now(), random() and uuid() do not', async () => {
    const flow = replayed(async () => [await work(now()), await work(random()), await work(uuid())])
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await it.app.advance('5m')
    await run.signal(go)
    expect(await run.result()).toEqual(
      [it.app.clock.now() - 300_000, expect.any(Number), expect.any(String)].map((value, i) =>
        i === 0 ? new Date(value) : value,
      ),
    )
  })

  it('a variable that outlives a run is not seen where it only asks for more than history has', async () => {
    let runs = 0
    const flow = replayed(async () => {
      const mine = ++runs
      for (let i = 0; i < mine; i++) await work(i)
      return mine
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await it.app.idle()
    await run.signal(go)
    expect(await run.result()).toBe(2)
    await expectOthersWell(it.app, it.neighbour)
  })
})

describe('waiting for what is not recorded', () => {
  const waits: [string, () => Promise<unknown>][] = [
    ['fetch', async () => (await fetch(url)).text()],
    ['setTimeout', () => delay(100)],
    [
      'setImmediate, twice',
      async () => {
        await new Promise((resolve) => setImmediate(resolve))
        await new Promise((resolve) => setImmediate(resolve))
      },
    ],
    ['a promise that nobody resolves', () => new Promise(() => {})],
  ]

  it.each(waits)('%s, with nothing else pending', async (_, wait) => {
    const flow = workflow('waits', async () => {
      await work(1)
      await wait()
      return other(2)
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    expect(await why(run)).toMatchObject({ code: 'UNJOURNALED_WAIT', hint: expect.stringContaining('inside a step') })
    expect(it.app.executions('other')).toBe(0)
    await expectOthersWell(it.app, it.neighbour)
  })

  it.each(waits.slice(0, 3))('%s, while a step is pending, and then calls another', async (_, wait) => {
    const flow = workflow('waits', async () => {
      const pending = gated()
      await wait()
      await other(2)
      return pending
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    expect(await why(run)).toMatchObject({ code: 'NOT_ADVANCING', message: expect.stringContaining('"other"') })
    expect(it.app.executions('other')).toBe(0)
    gates[0]!()
    await expectOthersWell(it.app, it.neighbour)
  })

  it('and returning while a step is pending', async () => {
    const flow = workflow('waits', async () => {
      void gated()
      await new Promise<void>((resolve) => later(resolve))
      return 'done'
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await begun(1)
    ring()
    expect(await why(run)).toMatchObject({ code: 'NOT_ADVANCING', message: expect.stringContaining('"return"') })
    gates[0]!()
    await expectOthersWell(it.app, it.neighbour)
  })

  it('beside a step goes unseen at first, and is seen on replay', async () => {
    const flow = workflow('waits', async () => {
      await Promise.all([gated(), new Promise<void>((resolve) => later(resolve))])
      await go.wait()
      return other(1)
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await begun(1)
    ring()
    gates[0]!()
    await it.app.idle()
    expect((await run.status()).status).toBe('waiting')
    await run.signal(go)
    expect((await why(run)).code).toBe('UNJOURNALED_WAIT')
    expect(it.app.executions('other')).toBe(0)
    await expectOthersWell(it.app, it.neighbour)
  })

  it('a dynamic import, the first time that it is loaded; resumed, it is there', async () => {
    const flow = workflow('waits', async () => {
      const { greeting } = await import('./fixtures/imported-late.ts')
      return work(greeting)
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    expect((await why(run)).code).toBe('UNJOURNALED_WAIT')
    await import('./fixtures/imported-late.ts')
    await run.resume()
    expect(await run.result()).toBe('hello')
    await expectOthersWell(it.app, it.neighbour)
  })

  it('inside a step is what steps are for', async () => {
    const get = step('get', async (address: string) => (await fetch(address)).text())
    const flow = workflow('waits', async () => get(url))
    await using it = await open(flow)
    expect(await it.app.run(flow)).toBe('ok')
  })

  it('is mended by mending the code and resuming', async () => {
    const onceOnly = step('once-only', () => 1)
    const broken = workflow('mended', async () => {
      await onceOnly()
      return (await fetch(url)).status
    })
    const status = step('status', async () => (await fetch(url)).status)
    const mended = workflow('mended', async () => {
      await onceOnly()
      return status()
    })
    await using it = await open(broken)
    const run = await it.app.start(broken)
    await why(run)
    await it.app.restart({ workflows: [mended, healthy] })
    await run.resume()
    expect(await run.result()).toBe(200)
    expect(it.app.executions('once-only')).toBe(1)
  })
})

describe('a lost context', () => {
  it('a queue that somebody else works off: the step is refused', async () => {
    const queue: { input: number; settle: (outcome: Promise<unknown>) => void }[] = []
    const bell = new EventEmitter()
    let working = true
    const consumer = (async () => {
      while (working) {
        await new Promise((resolve) => bell.once('job', resolve))
        for (const job of queue.splice(0)) job.settle(work(job.input))
      }
    })()
    const flow = workflow(
      'queued',
      async (input: number) =>
        new Promise((resolve) => {
          queue.push({ input, settle: resolve })
          bell.emit('job')
        }),
    )
    await using it = await open(flow as Workflow<never, unknown>)
    const run = await it.app.start(flow, 5)
    expect(await why(run)).toMatchObject({ code: 'STEP_OUTSIDE_RUN', hint: expect.stringContaining('.direct(') })
    working = false
    bell.emit('job')
    await consumer
    await expectOthersWell(it.app, it.neighbour)
  })

  it('an EventEmitter that calls at once keeps it', async () => {
    const bell = new EventEmitter()
    bell.on('job', (input: number, resolve: (outcome: unknown) => void) => resolve(work(input)))
    const flow = workflow(
      'emitted',
      async (input: number) => new Promise((resolve) => bell.emit('job', input, resolve)),
    )
    await using it = await open(flow as Workflow<never, unknown>)
    expect(await it.app.run(flow, 5)).toBe(5)
  })

  it('a timer callback of the body keeps it, but comes too late', async () => {
    const flow = workflow('timed', async () => {
      later(() => void work(1).catch(() => {}))
      return gated()
    })
    await using it = await open(flow)
    const run = await it.app.start(flow)
    await begun(1)
    ring()
    expect((await why(run)).code).toBe('NOT_ADVANCING')
    gates[0]!()
    await expectOthersWell(it.app, it.neighbour)
  })

  it('a worker that the first run started has the context of that run: it is the one that parks, the others are told', async () => {
    const queue: { input: number; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = []
    let running = false
    const consume = async () => {
      running = true
      while (running) {
        await new Promise<void>((resolve) => later(resolve))
        for (const job of queue.splice(0)) work(job.input).then(job.resolve, job.reject)
      }
    }
    const flow = workflow('leaking', async (input: number) => {
      const pending = gated()
      if (!running) void consume()
      const got = await new Promise((resolve, reject) => queue.push({ input, resolve, reject }))
      return [got, await pending]
    })
    await using it = await open(flow as Workflow<never, unknown>)
    const runs = [await it.app.start(flow, 1), await it.app.start(flow, 2)]
    await begun(2)
    ring()
    for (const run of runs) expect((await why(run)).code).toBe('NOT_ADVANCING')
    running = false
    ring()
    for (const gate of gates) gate()
    await expectOthersWell(it.app, it.neighbour)
  })

  /** Collects what is asked within one tick of the event loop, from whomever, and loads it at once. */
  function loader(schedule: (dispatch: () => void) => void) {
    let batch: { id: number; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = []
    const load = step('load', (ids: readonly number[]) => ids.map((id) => `#${id}`))
    const dispatch = () => {
      const asked = batch
      batch = []
      load(asked.map(({ id }) => id)).then(
        (found) => {
          for (const [i, { resolve }] of asked.entries()) resolve(found[i])
        },
        (error) => {
          for (const { reject } of asked) reject(error)
        },
      )
    }
    return (id: number) =>
      new Promise((resolve, reject) => {
        if (batch.push({ id, resolve, reject }) === 1) schedule(dispatch)
      })
  }

  it('a DataLoader that mixes two runs parks both for waiting', async () => {
    const get = loader(later)
    const flow = workflow('loads', async (id: number) => get(id))
    await using it = await open(flow as Workflow<never, unknown>)
    const runs = [await it.app.start(flow, 1), await it.app.start(flow, 2)]
    for (const run of runs) expect((await why(run)).code).toBe('UNJOURNALED_WAIT')
    ring()
    expect(it.app.executions('load')).toBe(0)
    await expectOthersWell(it.app, it.neighbour)
  })

  it('a DataLoader that mixes two runs that have other work pending', async () => {
    const get = loader(later)
    const flow = workflow('loads', async (id: number) => {
      const pending = gated()
      return [await get(id), await pending]
    })
    await using it = await open(flow as Workflow<never, unknown>)
    const runs = [await it.app.start(flow, 1), await it.app.start(flow, 2)]
    await begun(2)
    ring()
    for (const run of runs) expect((await why(run)).code).toBe('NOT_ADVANCING')
    expect(it.app.executions('load')).toBe(0)
    for (const gate of gates) gate()
    await expectOthersWell(it.app, it.neighbour)
  })

  it('a DataLoader that collects within one tick never mixes runs', async () => {
    const get = loader((dispatch) => process.nextTick(dispatch))
    const flow = workflow('loads', async (id: number) => Promise.all([get(id), get(id + 1)]))
    await using it = await open(flow as Workflow<never, unknown>)
    const runs = [await it.app.start(flow, 1), await it.app.start(flow, 5)]
    expect(await runs[0]!.result()).toEqual(['#1', '#2'])
    expect(await runs[1]!.result()).toEqual(['#5', '#6'])
    expect(it.app.executions('load')).toBe(2)
  })
})

describe('a promise that two runs share', () => {
  const sharing = () => {
    let shared: Promise<unknown> | undefined
    return {
      forget: () => {
        shared = undefined
      },
      flow: workflow('shares', async (wait: boolean) => {
        shared ??= gated()
        const got = await shared
        if (wait) await go.wait()
        return work(got)
      }),
    }
  }

  it('parks the one that waits for the other', async () => {
    const { flow } = sharing()
    await using it = await open(flow as Workflow<never, unknown>)
    const first = await it.app.start(flow, false)
    await begun(1)
    const second = await it.app.start(flow, false)
    expect((await why(second)).code).toBe('UNJOURNALED_WAIT')
    gates[0]!()
    expect(await first.result()).toBe('gated')
    await expectOthersWell(it.app, it.neighbour)
  })

  it('parks it at its next call when it has work of its own pending', async () => {
    let shared: Promise<unknown> | undefined
    const flow = workflow('shares', async () => {
      const own = gated()
      shared ??= own
      const got = await shared
      return [await other(got), await own]
    })
    await using it = await open(flow)
    const first = await it.app.start(flow)
    await begun(1)
    const second = await it.app.start(flow)
    await begun(2)
    gates[0]!()
    expect(await first.result()).toEqual(['gated', 'gated'])
    gates[1]!()
    expect((await why(second)).code).toBe('NOT_ADVANCING')
    await expectOthersWell(it.app, it.neighbour)
  })

  it('that was settled before is asked for anew when another process replays', async () => {
    const { flow, forget } = sharing()
    await using it = await open(flow as Workflow<never, unknown>)
    const first = await it.app.start(flow, false)
    await begun(1)
    gates[0]!()
    await first.result()
    const second = await it.app.start(flow, true)
    await it.app.idle()
    forget()
    await second.signal(go)
    await begun(2)
    gates[1]!()
    expect(await second.result()).toBe('gated')
    await expectOthersWell(it.app, it.neighbour)
  })
})
