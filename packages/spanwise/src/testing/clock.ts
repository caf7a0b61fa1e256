import type { Activity, Clock } from '../engine/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'

export interface TestClockOptions {
  /** 2026-01-01T00:00:00Z */
  readonly start?: Date
  /** skip to the next timer when nothing else is left to do and somebody waits for a result; true */
  readonly automatic?: boolean
}

/** Something whose rest the clock waits for: a test app. */
export interface Watched {
  activity(): Activity
}

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** looks at which nothing moved, before it is believed */
const enough = 3
/** after as many looks in a row it waits a little between them: a step does something real */
const eager = 100
/** how long steps under way may hold up `advance`, in real ms */
const patience = 50

/**
 * Time that stands still until it is moved. While somebody waits for a result (`run.result()`, `app.run()`) and every run only
 * waits for a timer, it jumps to the earliest one; `automatic = false` turns that off.
 * @example
 * const clock = new TestClock({ start: new Date('2026-11-01') })
 * await using app = await testApp({ workflows: [reminder], clock })
 * const run = await app.start(reminder, 'u-1')
 * await clock.advance('2d')
 */
export class TestClock implements Clock {
  automatic: boolean
  #now: number
  readonly #timers = new Set<Timer>()
  readonly #watched = new Set<Watched>()
  /** timers that were due when they were set: they fire in a moment */
  #imminent = 0
  #waiting = 0
  #skipping = false

  constructor(options: TestClockOptions = {}) {
    this.#now = (options.start ?? new Date('2026-01-01T00:00:00Z')).getTime()
    this.automatic = options.automatic ?? true
  }

  now(): number {
    return this.#now
  }

  at(at: number, callback: () => void): () => void {
    // as a wall clock, it shows whole ms only
    const timer = { at: Math.ceil(at), callback }
    this.#timers.add(timer)
    if (at <= this.#now) {
      this.#imminent++
      setImmediate(() => {
        this.#imminent--
        this.#fire(timer)
      })
    }
    return () => this.#timers.delete(timer)
  }

  /** Limits of attempts: real time counts too, so that a step that really hangs is really stopped. */
  after(ms: number, callback: () => void): () => void {
    const both = () => {
      cancel()
      clearTimeout(real)
      callback()
    }
    const real = setTimeout(both, Math.min(ms, 2 ** 31 - 1))
    const cancel = this.at(this.#now + ms, both)
    return () => {
      cancel()
      clearTimeout(real)
    }
  }

  /** When the earliest timer is due. */
  get next(): Date | undefined {
    const at = this.#earliest()
    return at === undefined ? undefined : new Date(at)
  }

  /**
   * Moves time on, from timer to timer, and lets everything that comes of it happen. A step that is still under way after 50 ms of
   * real time is left behind: time goes on without it.
   */
  advance(duration: Duration): Promise<void> {
    return this.#moveTo(this.#now + milliseconds(duration, 'advance'))
  }

  /** Moves time on to a date, as `advance` does. To an earlier one it jumps, as a wall clock that is set back. */
  async set(date: Date): Promise<void> {
    if (date.getTime() < this.#now) this.#now = date.getTime()
    else await this.#moveTo(date.getTime())
  }

  /** Resolves when nothing moves at this time any more. */
  async settled(): Promise<void> {
    await this.#rest()
  }

  // ---- used by the app

  /** @internal */
  watch(watched: Watched): () => void {
    this.#watched.add(watched)
    return () => this.#watched.delete(watched)
  }

  /** Skips while the work waits. @internal */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#waiting++
    if (!this.#skipping) void this.#skip()
    try {
      return await work
    } finally {
      this.#waiting--
    }
  }

  async #skip(): Promise<void> {
    this.#skipping = true
    while (this.#waiting > 0) {
      await this.#rest(undefined, () => this.#waiting === 0)
      const next = this.#earliest()
      if (this.#waiting === 0) break
      if (this.automatic && next !== undefined) this.#jump(next)
      // something else than time has to happen
      else await new Promise((resolve) => setTimeout(resolve, 1))
    }
    this.#skipping = false
  }

  async #moveTo(target: number): Promise<void> {
    const left = new Set<object>()
    for (;;) {
      const since = performance.now()
      await this.#rest(() => {
        const { inFlight } = this.#activity()
        if (performance.now() - since >= patience) for (const one of inFlight) left.add(one)
        return inFlight.every((one) => left.has(one))
      })
      const next = this.#earliest()
      if (next === undefined || next > target) break
      this.#jump(next)
    }
    this.#now = Math.max(this.#now, target)
  }

  #jump(to: number): void {
    this.#now = Math.max(this.#now, to)
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)
    for (const timer of due) this.#fire(timer)
  }

  #fire(timer: Timer): void {
    // another one may have taken it back
    if (this.#timers.delete(timer)) timer.callback()
  }

  #earliest(): number | undefined {
    let earliest: number | undefined
    for (const { at } of this.#timers) if (earliest === undefined || at < earliest) earliest = at
    return earliest
  }

  #activity(): Activity {
    const all = [...this.#watched].map((one) => one.activity())
    return {
      settled: this.#imminent === 0 && all.every(({ settled }) => settled),
      inFlight: all.flatMap(({ inFlight }) => inFlight),
    }
  }

  /** Waits until nothing is to be done, and nothing is under way but what may be left. */
  async #rest(mayLeave = () => this.#activity().inFlight.length === 0, stop = () => false): Promise<void> {
    let quiet = 0
    for (let looks = 0; quiet < enough && !stop(); looks++) {
      await new Promise((resolve) => (looks < eager ? setImmediate(resolve) : setTimeout(resolve, 1)))
      quiet = mayLeave() && this.#activity().settled ? quiet + 1 : 0
    }
  }
}
