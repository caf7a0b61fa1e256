import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type App,
  type Clock,
  NeedsAttentionError,
  now,
  type Run,
  type SpanwiseOptions,
  signal,
  sleep,
  spanwise,
  step,
  systemClock,
  workflow,
} from '../packages/spanwise/src/index.ts'
import { openStore } from '../packages/spanwise/src/journal/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanwise-odd-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const letter = signal<unknown>('letter')
/** what a step answers with, by name: things that no input could carry */
const things: Record<string, () => unknown> = {
  cycle: () => {
    const one: { self?: unknown } = {}
    one.self = one
    return one
  },
  function: () => ({ call: () => 1 }),
  symbol: () => ({ kind: Symbol('x') }),
  class: () => ({ socket: new (class Socket {})() }),
  promise: () => ({ later: Promise.resolve(1) }),
  poison: () => JSON.parse('{"deep":{"__proto__":{"admin":true}}}'),
  large: () => 'x'.repeat(50 * 1024 * 1024),
}
let mended = false
const make = step('make', (thing: string): unknown => (mended ? 'mended' : things[thing]?.()))
const echo = step('echo', (value: unknown): unknown => value)
const maker = workflow('maker', async (thing: string) => make(thing))
const echoer = workflow('echoer', async (value: unknown) => [await echo(value), await letter.wait()])
const returner = workflow('returner', async (thing: string) => things[thing]?.())
const workflows = [maker, echoer, returner]

async function open(options: Partial<SpanwiseOptions> = {}, where = folder): Promise<App> {
  const app = await spanwise({ store: `sqlite:${join(where, 'store.db')}`, workflows, log: silent, ...options })
  onTestFinished(() => app.close())
  return app
}

const none = { queued: 0, running: 0, waiting: 0, 'needs attention': 0, completed: 0, failed: 0, cancelled: 0 }

describe('an input', () => {
  const refused: readonly [string, () => unknown, object][] = [
    ['of 50 MB', things['large']!, { code: 'PAYLOAD_TOO_LARGE', hint: expect.stringContaining('reference') }],
    ['that contains itself', things['cycle']!, { code: 'NOT_ENCODABLE', message: expect.stringContaining('.self') }],
    [
      'with a function in it',
      things['function']!,
      { code: 'NOT_ENCODABLE', message: expect.stringContaining('.call') },
    ],
    ['with a symbol in it', things['symbol']!, { code: 'NOT_ENCODABLE', message: expect.stringContaining('.kind') }],
    [
      'with an object of a class',
      things['class']!,
      { code: 'NOT_ENCODABLE', message: expect.stringContaining('.socket') },
    ],
    [
      'that would poison prototypes',
      things['poison']!,
      { code: 'NOT_ENCODABLE', message: expect.stringContaining('__proto__') },
    ],
  ]

  it.each(refused)('%s is refused with its place and what to do, and leaves no run behind', async (_, value, error) => {
    const app = await open()
    const start = app.start(echoer, value(), { id: 'one' })
    await expect(start).rejects.toMatchObject({ hint: expect.stringMatching(/\w/), ...error })
    expect(await app.counts()).toEqual(none)
    expect(await app.get(echoer, 'one')).toBeUndefined()
    // the app is not worse for it
    const run = await app.start(echoer, 'fine', { id: 'one' })
    await run.signal(letter, 1)
    expect(await run.result()).toEqual(['fine', 1])
  })

  it.each(refused)(
    '%s is refused as a signal too, and the run that it was for takes the next one',
    async (_, value, error) => {
      const app = await open()
      const run = await app.start(echoer, 1)
      await expect(run.signal(letter, value())).rejects.toMatchObject(error)
      await run.signal(letter, 2)
      expect(await run.result()).toEqual([1, 2])
    },
  )

  it('that names constructor and prototype is data like any other', async () => {
    const app = await open()
    const sly = { constructor: { prototype: { admin: true } }, toString: 'x', hasOwnProperty: 1 }
    const run = await app.start(echoer, sly)
    await run.signal(letter, sly)
    expect(await run.result()).toEqual([sly, sly])
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })

  it('that was put into the store by another program poisons nothing', async () => {
    const app = await open()
    const run = await app.start(echoer, 1)
    const store = await openStore(`sqlite:${join(folder, 'store.db')}`)
    for (const payload of ['{"__proto__":{"admin":true}}', '~[{"__proto__":1},{"admin":true}]', 'no codec text'])
      await store.send({ run: run.id, kind: 'signal', name: 'letter', payload, at: Date.now() })
    await store.close()
    await run.signal(letter, 'fine')
    await settled(run)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
    expect(await app.run(maker, 'nothing')).toBeUndefined()
  })
})

describe('a result', () => {
  const refused: readonly [string, object][] = [
    ['cycle', { code: 'NOT_ENCODABLE', message: expect.stringContaining('self') }],
    ['function', { code: 'NOT_ENCODABLE', message: expect.stringContaining('call') }],
    ['symbol', { code: 'NOT_ENCODABLE', message: expect.stringContaining('kind') }],
    ['class', { code: 'NOT_ENCODABLE', message: expect.stringContaining('socket') }],
    ['promise', { code: 'NOT_ENCODABLE', message: expect.stringContaining('later') }],
    ['poison', { code: 'NOT_ENCODABLE', message: expect.stringContaining('__proto__') }],
    ['large', { code: 'PAYLOAD_TOO_LARGE', hint: expect.stringContaining('reference') }],
  ]

  it.each(refused)(
    'that cannot be recorded (%s) parks the run at its step; mended code goes on',
    async (thing, error) => {
      mended = false
      const app = await open()
      const run = await app.start(maker, thing)
      await expect(run.result()).rejects.toMatchObject({
        code: new NeedsAttentionError('', '').code,
        cause: { ...error, hint: expect.stringMatching(/\w/) },
      })
      mended = true
      await run.resume()
      expect(await run.result()).toBe('mended')
    },
  )

  it.each(refused)('of a workflow that cannot be recorded (%s) parks it', async (thing, error) => {
    const app = await open()
    const run = await app.start(returner, thing)
    await expect(run.result()).rejects.toMatchObject({ cause: error })
    expect(await app.counts()).toEqual({ ...none, 'needs attention': 1 })
  })
})

describe('a clock that is set back', () => {
  /** hours ahead of the system's */
  const shifted = (by: { hours: number }): Clock => {
    const ahead = () => by.hours * 3_600_000
    return {
      now: () => systemClock.now() + ahead(),
      at(at, callback) {
        let cancel: () => void
        const arm = () => {
          const left = at - systemClock.now() - ahead()
          cancel = systemClock.after(Math.min(Math.max(left, 0), 20), () => (left <= 0 ? callback() : arm()))
        }
        arm()
        return () => cancel()
      },
      after: systemClock.after,
    }
  }
  const times = workflow('times', async (n: number) => {
    const seen: number[] = []
    for (let i = 0; i < n; i++) {
      await echo(i)
      seen.push(now().getTime())
    }
    const early = await letter.wait()
    await sleep(10)
    seen.push(now().getTime())
    return { seen, early }
  })

  it('does not turn the time of a run back, and ends no wait early', async () => {
    const by = { hours: 0 }
    const app = await open({ clock: shifted(by), workflows: [times], linger: 0 })
    const first = await app.start(times, 3)
    while ((await first.status()).status !== 'waiting') await wait(5)
    by.hours = -2
    const second = await app.start(times, 2)
    await first.signal(letter, 'back')
    await second.signal(letter, 'back')
    // a run that began since goes by the new time; the other one waits for the time that it knows
    expect(await second.result()).toMatchObject({ early: 'back' })
    expect((await first.status()).status).not.toBe('completed')
    by.hours = 0.1
    const { seen } = await first.result()
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    const at: number[] = []
    for await (const event of first.events()) at.push(event.at.getTime())
    expect(at).toEqual([...at].sort((a, b) => a - b))
  })

  it('between two processes neither loses a run nor keeps one from being taken over', async () => {
    const before = await open({ clock: shifted({ hours: 5 }), workflows: [times], linger: 0 })
    const { id } = await before.start(times, 2)
    await before.close()
    const after = await open({ clock: shifted({ hours: 0 }), workflows: [times], linger: 0 })
    const fresh = await after.start(times, 1)
    await fresh.signal(letter, 1)
    expect(await fresh.result()).toMatchObject({ early: 1 })
    const old = (await after.get(id)) as Run<{ readonly seen: number[] }>
    await old.signal(letter, 1)
    while ((await old.status()).status !== 'waiting') await wait(5)
    await after.close()
    const later = await open({ clock: shifted({ hours: 6 }), workflows: [times], linger: 0 })
    const { seen } = await ((await later.get(id)) as Run<{ readonly seen: number[] }>).result()
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })
})

describe('a path too long for a socket beside the file', () => {
  it('makes no difference: another process starts and watches runs', async () => {
    const deep = join(folder, 'a'.repeat(60), 'b'.repeat(60))
    mkdirSync(deep, { recursive: true })
    expect(join(deep, 'store.db.sock').length).toBeGreaterThan(107)
    await open({}, deep)
    const outside = await open({ work: false }, deep)
    mended = true
    expect(await outside.run(maker, 'anything')).toBe('mended')
  })
})

/** Ended or parked, whatever came of it. */
async function settled(run: Run<unknown>): Promise<void> {
  await run.result().catch(() => {})
}
