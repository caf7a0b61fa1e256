import type { App, SpanwiseOptions } from '../app/index.ts'
import { openMemoryStore, openStore, type Store } from '../journal/index.ts'
import type { Duration, Log, Startable } from '../workflow/index.ts'
import { TestClock } from './clock.ts'
import type { FaultPlan } from './faulty-store.ts'
import { type Code, Machine } from './machine.ts'
import { survivingApp } from './surviving.ts'

export interface TestAppOptions extends Omit<SpanwiseOptions, 'store' | 'clock' | 'work'> {
  /** a fresh one in memory by default; an open one is left open, with its content */
  readonly store?: string | Store
  readonly clock?: TestClock
  /** what goes wrong by itself; see also `crash` and `loseLeases` */
  readonly faults?: FaultPlan
}

/** Code of another version. What is not given stays. */
export interface NextCode {
  readonly workflows?: readonly Startable<never, unknown>[]
  readonly fakes?: NonNullable<SpanwiseOptions['fakes']>
  readonly release?: string
}

/** An app with which tests do what happens to apps. It and its runs can be used on over crashes. */
export interface TestApp extends App {
  readonly clock: TestClock
  /** Resolves when nothing moves any more: every run has ended, waits or needs attention. Skips no time. */
  idle(): Promise<void>
  /** Moves the clock on, and lets everything that comes of it happen. */
  advance(duration: Duration): Promise<void>
  /** Dies as a killed process does, and is opened again, perhaps with other code. What was not written is lost. */
  crash(next?: NextCode): Promise<void>
  /** Closes and opens again, as a deployment does, perhaps with other code. */
  restart(next?: NextCode): Promise<void>
  /** Another worker takes over every run and gives it back: what is in memory is stale. */
  loseLeases(): Promise<void>
  /** how often it died */
  readonly crashes: number
  /** appends so far: what faults are counted by */
  readonly appends: number
  /** how often a step was really executed, by every process: attempts, and those that a crash left unrecorded */
  executions(step: string): number
  /** what was logged */
  readonly logged: readonly LogLine[]
}

export interface LogLine {
  readonly level: keyof Log
  readonly message: string
  readonly facts: object | undefined
}

/**
 * Opens an app for a test: in memory, with a clock that skips waiting, and silent; crashes are the test's, so none is held against a run. A run that waits leaves memory at once, so that
 * every test also tests that replaying a run equals living it.
 * @throws FAKE_UNKNOWN when a fake is named as no step is
 * @example
 * await using app = await testApp({ workflows: [refund], fakes: { 'fetch-order': () => ({ total: 900 }) } })
 * const run = await app.start(refund, { orderId: 'o-1' })
 * await app.idle()
 * const [question] = (await app.approvals()).items
 * await app.decide(question.id, { approve: true, by: 'ann' })
 * expect(await run.result()).toEqual({ refunded: 900 })
 * await expectSteps(run, ['fetch-order', 'issue-refund'])
 * @example
 * // survives dying at any moment
 * for (let n = 1; ; n++) {
 *   await using app = await testApp({ workflows: [refund], faults: { crashAfter: n } })
 *   expect(await app.run(refund, request)).toEqual(expected)
 *   if (app.crashes === 0) break
 * }
 */
export async function testApp(options: TestAppOptions): Promise<TestApp> {
  const { store: given, clock = new TestClock(), faults = {}, workflows, fakes, release, ...rest } = options
  const store = typeof given === 'string' ? await openStore(given) : (given ?? openMemoryStore())
  const logged: LogLine[] = []
  const machine = new Machine({
    store,
    clock,
    faults,
    rest: { linger: 0, grace: 100, quarantineAfter: false, log: options.log ?? recorder(logged), ...rest },
  })
  const code: Code = {
    workflows,
    ...(fakes === undefined ? {} : { fakes }),
    ...(release === undefined ? {} : { release }),
  }
  await machine.boot(code)
  const close = async (): Promise<void> => {
    await machine.close()
    if (given === undefined || typeof given === 'string') await end(store)
  }
  return Object.defineProperties(
    {
      ...survivingApp(machine),
      clock,
      logged,
      idle: () => clock.settled(),
      advance: (duration: Duration) => clock.advance(duration),
      crash: (next?: NextCode) => machine.crash(next),
      restart: (next?: NextCode) => machine.restart(next),
      loseLeases: () => machine.loseLeases(),
      executions: (step: string) => machine.executions.get(step) ?? 0,
      close,
      [Symbol.asyncDispose]: close,
    },
    {
      workflows: { get: () => machine.workflows, enumerable: true },
      crashes: { get: () => machine.crashes, enumerable: true },
      appends: { get: () => machine.appends, enumerable: true },
    },
  ) as unknown as TestApp
}

async function end(store: Store): Promise<void> {
  await store.close()
  if (Symbol.dispose in store) (store as Disposable)[Symbol.dispose]()
}

function recorder(lines: LogLine[]): Log {
  const keep = (level: keyof Log) => (message: string, facts?: object) => {
    lines.push({ level, message, facts })
  }
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
