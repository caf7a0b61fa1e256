import type { Clock } from '../clock.ts'
import type { KeptRate, LimiterOptions, RateMemory } from './port.ts'

/** after a write that failed, ms */
const again = 1_000

/** Writes what was drawn from rates; what was granted begins when that is on disk. Draws of one turn share a write. */
export class Keeper {
  readonly #memory: RateMemory
  readonly #clock: Clock
  readonly #log: LimiterOptions['log']
  readonly #dirty = new Map<string, () => KeptRate>()
  #waiting: (() => void)[] = []
  #writing = false
  #closed = false

  constructor(memory: RateMemory, { clock, log }: LimiterOptions) {
    this.#memory = memory
    this.#clock = clock
    this.#log = log
  }

  get busy(): boolean {
    return this.#writing
  }

  /** `then` is called when what the rate is at the time of writing is on disk. */
  keep(key: string, rate: () => KeptRate, then?: () => void): void {
    this.#dirty.set(key, rate)
    if (then !== undefined) this.#waiting.push(then)
    if (this.#writing) return
    this.#writing = true
    queueMicrotask(() => void this.#write())
  }

  /** Nothing is written any more, and nobody is called. */
  close(): void {
    this.#closed = true
    this.#waiting = []
    this.#dirty.clear()
  }

  async #write(): Promise<void> {
    while (this.#dirty.size > 0 && !this.#closed) {
      const rates = [...this.#dirty]
      const waiting = this.#waiting
      this.#dirty.clear()
      this.#waiting = []
      try {
        await this.#memory.keep(rates.map(([, rate]) => rate()))
      } catch (error) {
        if (this.#closed) break
        this.#log?.error('what was drawn from rates could not be written; nothing begins before it is', { error })
        for (const [key, rate] of rates) if (!this.#dirty.has(key)) this.#dirty.set(key, rate)
        this.#waiting.unshift(...waiting)
        this.#clock.after(again, () => void this.#write())
        return
      }
      for (const then of waiting) then()
    }
    this.#writing = false
  }
}
