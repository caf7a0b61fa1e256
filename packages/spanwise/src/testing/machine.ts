import { type App, openWorker, type SpanwiseOptions, type Worker } from '../app/index.ts'
import type { Activity, Clock } from '../engine/index.ts'
import { SpanwiseError, type Store } from '../journal/index.ts'
import { knowsStep } from '../workflow/index.ts'
import type { TestClock } from './clock.ts'
import { type FaultPlan, type FaultyStore, faultyStore } from './faulty-store.ts'

export type Code = Pick<SpanwiseOptions, 'workflows' | 'fakes' | 'release'>

interface MachineInit {
  readonly store: Store
  readonly clock: TestClock
  readonly faults: FaultPlan
  readonly rest: Omit<SpanwiseOptions, keyof Code | 'store' | 'clock'>
}

/** One process with an app in it. */
interface Process {
  readonly worker: Worker
  readonly store: FaultyStore
  readonly stopTimers: () => void
  /** resolves when it is gone and nothing of it is answered any more */
  readonly gone: Promise<void>
}

/** What apps run on: its processes die and are started again, its store and its clock stay. */
export class Machine {
  readonly #init: MachineInit
  readonly clock: TestClock
  readonly executions = new Map<string, number>()
  crashes = 0
  #code: Code = { workflows: [] }
  #process: Process | undefined
  #up: Promise<Process> = Promise.reject(new Error('not booted'))
  #appends = 0
  #calls = 0
  #busy = 0
  readonly #unwatch: () => void

  constructor(init: MachineInit) {
    this.#init = init
    this.clock = init.clock
    this.#up.catch(() => {})
    this.#unwatch = this.clock.watch({ activity: () => this.#activity() })
  }

  get workflows(): Code['workflows'] {
    return this.#code.workflows
  }

  get appends(): number {
    return this.#process?.store.appends ?? this.#appends
  }

  async boot(code: Partial<Code> = {}): Promise<void> {
    this.#code = { ...this.#code, ...code }
    this.#busy++
    this.#up = this.#start(this.#code).finally(() => {
      this.#busy--
    })
    await this.#up
  }

  async #start(code: Code): Promise<Process> {
    checkFakes(code.fakes ?? {})
    const { rest, faults } = this.#init
    const store = faultyStore(this.#init.store, faults, this.#appends)
    const { clock, stop } = timersOf(this.clock)
    let kill = (): void => {}
    const opening = openWorker({ ...rest, ...code, store, clock }, (how) => {
      kill = how
    })
    const worker = await Promise.race([opening, store.whenDead.then(() => undefined)])
    if (worker === undefined) {
      // it died while it was opening: nothing that it asks is answered any more
      this.crashes++
      this.#appends = store.appends
      kill()
      stop()
      return this.#start(code)
    }
    worker.watchAttempts((_, step) => this.executions.set(step, (this.executions.get(step) ?? 0) + 1))
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const process: Process = { worker, store, stopTimers: stop, gone }
    this.#process = process
    void store.whenDead.then(() => this.#bury(process).then(resolve))
    return process
  }

  /** A process has died: what it held is gone, and the next one is started on what it has written. */
  async #bury(dead: Process): Promise<void> {
    if (this.#process !== dead) return
    this.crashes++
    this.#process = undefined
    this.#appends = dead.store.appends
    dead.worker.kill()
    dead.stopTimers()
    const { promise, resolve, reject } = Promise.withResolvers<Process>()
    this.#up = promise
    this.#up.catch(() => {})
    this.#busy++
    try {
      // what was asked before the death is done by then, and whoever asked has been answered
      do await turn()
      while (dead.store.pending > 0)
      await turn()
      resolve(await this.#start(this.#code))
    } catch (error) {
      reject(error)
    } finally {
      this.#busy--
    }
  }

  async crash(next: Partial<Code> = {}): Promise<void> {
    const process = await this.#up
    this.#code = { ...this.#code, ...next }
    process.store.die()
    await process.gone
    await this.#up
  }

  async restart(next: Partial<Code> = {}): Promise<void> {
    await this.#stop()
    await this.boot(next)
  }

  async loseLeases(): Promise<void> {
    const { store, worker } = await this.#up
    await store.loseLeases()
    worker.wake()
  }

  async close(): Promise<void> {
    await this.#stop()
    this.#unwatch()
  }

  async #stop(): Promise<void> {
    const process = await this.#up
    await Promise.race([process.worker.app.close(), process.gone])
    this.#process = undefined
    this.#appends = process.store.appends
    process.stopTimers()
  }

  /** Calls the app that is up; when it dies meanwhile, the next one. */
  async ask<T>(call: (app: App) => Promise<T>, waits = false): Promise<T> {
    if (!waits) this.#calls++
    try {
      for (;;) {
        const { worker, store, gone } = await this.#up
        const answer = await Promise.race([
          call(worker.app).then(
            (value) => ({ value }),
            (error: unknown) => {
              if (!store.isDead) throw error
              return undefined
            },
          ),
          gone.then(() => undefined),
        ])
        if (answer !== undefined) return answer.value
        await gone
      }
    } finally {
      if (!waits) this.#calls--
    }
  }

  #activity(): Activity {
    const process = this.#process
    if (process === undefined || this.#busy > 0 || this.#calls > 0 || process.store.pending > 0)
      return { settled: false, inFlight: [] }
    return process.worker.activity()
  }
}

/** Timers die with the process that set them. */
function timersOf(clock: TestClock): { readonly clock: Clock; stop(): void } {
  const open = new Set<() => void>()
  let stopped = false
  const kept = (set: (callback: () => void) => () => void, callback: () => void): (() => void) => {
    if (stopped) return () => {}
    const cancel = set(() => {
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
    clock: {
      now: () => clock.now(),
      at: (at, callback) => kept((fire) => clock.at(at, fire), callback),
      after: (ms, callback) => kept((fire) => clock.after(ms, fire), callback),
    },
    stop() {
      stopped = true
      for (const cancel of open) cancel()
    },
  }
}

function checkFakes(fakes: object): void {
  for (const name of Object.keys(fakes)) {
    if (knowsStep(name)) continue
    throw new SpanwiseError({
      code: 'FAKE_UNKNOWN',
      message: `There is a fake for "${name}" and no step of that name.`,
      hint: 'Fakes are named as the steps that they stand for; import the module that defines the step.',
    })
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
