import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type App,
  type Clock,
  type Log,
  type Run,
  type RunStatus,
  type SpanwiseOptions,
  type Startable,
  spanwise,
  systemClock,
} from '../../../packages/spanwise/src/index.ts'
import {
  type Entry,
  type EntryKind,
  openMemoryStore,
  openStore,
  type Store,
} from '../../../packages/spanwise/src/journal/index.ts'
import { appClosed, openApps } from '../../../packages/spanwise/src/workflow/index.ts'
import { type Wire, wire } from './wire.ts'

export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** One store, and the apps that open it one after the other. */
export interface World {
  readonly store: Store
  open(workflows: readonly Startable<never, unknown>[], options?: Partial<SpanwiseOptions>): Promise<Process>
}

/** An app as a process has it: it can be killed. */
export interface Process {
  readonly app: App
  readonly wire: Wire
  /** dies without a word: what is not in the store did not happen */
  crash(): void
}

/** @param options of every app in it */
export function world(options: Partial<SpanwiseOptions> = {}): World {
  const store = openMemoryStore()
  return worldOf(store, async () => store.dispose(), options)
}

/** The same over a real file. */
export async function worldOnDisk(options: Partial<SpanwiseOptions> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'spanwise-'))
  const store = await openStore(`sqlite:${join(folder, 'runs.db')}`)
  const end = async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  return worldOf(store, end, options)
}

function worldOf(store: Store, end: () => Promise<void>, options: Partial<SpanwiseOptions>): World {
  const processes: Process[] = []
  onTestFinished(async () => {
    for (const one of processes) if (!one.wire.isCut) await one.app.close()
    await end()
  })
  return {
    store,
    async open(workflows, more = {}) {
      const line = wire(store)
      const clock = mortalClock(more.clock ?? options.clock ?? systemClock, line)
      const app = await spanwise({
        store: line.store,
        workflows,
        log: silent,
        grace: 300,
        ...options,
        ...more,
        clock,
      })
      const opened = openApps().find(({ home }) => home.clock === clock)
      if (opened !== undefined) void line.whenCut.then(() => appClosed(opened))
      const process: Process = { app, wire: line, crash: line.cut }
      processes.push(process)
      return process
    },
  }
}

/** Timers die with the process. */
function mortalClock(clock: Clock, line: Wire): Clock {
  const open = new Set<() => void>()
  void line.whenCut.then(() => {
    for (const cancel of open) cancel()
  })
  const kept = (arm: (callback: () => void) => () => void, callback: () => void): (() => void) => {
    if (line.isCut) return () => {}
    const cancel = arm(() => {
      open.delete(cancel)
      callback()
    })
    open.add(cancel)
    return () => {
      open.delete(cancel)
      cancel()
    }
  }
  return {
    now: () => clock.now(),
    at: (at, callback) => kept((call) => clock.at(at, call), callback),
    after: (ms, callback) => kept((call) => clock.after(ms, call), callback),
  }
}

/** Keys of a run's entries of these kinds, in order. */
export async function keys(store: Store, run: string, ...kinds: EntryKind[]): Promise<string[]> {
  const entries = await store.entries(run)
  return entries.filter((entry) => kinds.length === 0 || kinds.includes(entry.kind)).map((entry) => entry.key)
}

export async function kinds(store: Store, run: string): Promise<EntryKind[]> {
  return (await store.entries(run)).map((entry) => entry.kind)
}

/** Waits until something is so; says what it was when it never is. */
export async function until<T>(read: () => T | Promise<T>, is: (value: T) => boolean, ms = 5_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const value = await read()
    if (is(value)) return value
    if (Date.now() > end) throw new Error(`it never came to that; last seen: ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export const reaches = (run: Run<unknown>, status: RunStatus, ms?: number): Promise<unknown> =>
  until(
    async () => (await run.status()).status,
    (now) => now === status,
    ms,
  )

/** The error of a promise that must fail. */
export async function errorOf(promise: Promise<unknown>): Promise<Error & { code?: string; hint?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error & { code?: string }
  }
  throw new Error('it did not fail')
}

export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** What must hold for every history, whatever happened to it. */
export function checkHistory(entries: readonly Entry[]): void {
  const fail = (why: string, entry: Entry) => {
    throw new Error(`${why}: entry ${entry.index} (${entry.kind} ${entry.key}) of run ${entry.run}`)
  }
  let at = 0
  let position = 0
  let outcomes = new Set<string>()
  for (const entry of entries) {
    if (entry.index !== position++) fail('history has a gap', entry)
    if (entry.at < at) fail('time went back', entry)
    at = entry.at
    if (entry.index > 0 && entry.after >= entry.index) fail('issued after itself', entry)
    if (entry.kind === 'run.resumed') outcomes = new Set()
    if (settles.has(entry.kind)) {
      if (outcomes.has(entry.key)) fail('a second outcome', entry)
      outcomes.add(entry.key)
    }
  }
}

const settles = new Set<EntryKind>([
  'step.result',
  'step.error',
  'timer.fired',
  'approval.decided',
  'child.settled',
  'item.pulled',
])

/** Time that runs so many times faster. */
export function fastClock(times: number): Clock {
  const start = Date.now()
  const now = () => start + (Date.now() - start) * times
  const after = (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms / times)
    return () => clearTimeout(timer)
  }
  return {
    now,
    after,
    at(at, callback) {
      let cancel: () => void
      const arm = () => {
        cancel = after(Math.max(at - now(), 0), () => (now() >= at ? callback() : arm()))
      }
      arm()
      return () => cancel()
    },
  }
}
