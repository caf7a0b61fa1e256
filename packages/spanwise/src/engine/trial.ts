import type { EngineContext } from './options.ts'
import type { Resident } from './resident.ts'

/** how long a suspect is tried for the first time, ms; four times as long each further time */
const shortest = 10_000
/** how often it is looked at meanwhile, ms */
const look = 250

interface Accused {
  readonly run: string
  /** when it has lived for long enough */
  readonly until: number
  readonly index: number
}

/**
 * Runs that processes have died of, one at a time: the next one is taken when this one has left memory, has written something,
 * or has lived for long enough.
 */
export class Trials {
  readonly #engine: EngineContext
  readonly #next: () => Promise<Resident | undefined>
  #accused: Accused | undefined
  #open = false
  #cancel: (() => void) | undefined

  constructor(engine: EngineContext, next: () => Promise<Resident | undefined>) {
    this.#engine = engine
    this.#next = next
  }

  /** On record before the step begins, so that a death says what it was. */
  begins(run: string, step: string): Promise<void> | undefined {
    return this.#accused?.run === run ? this.#engine.store.tries(run, step) : undefined
  }

  open(): void {
    this.#open = true
    void this.#call()
  }

  close(): void {
    this.#open = false
    this.#cancel?.()
  }

  async #call(): Promise<void> {
    if (!this.#open) return
    try {
      const resident = await this.#next()
      if (resident === undefined) {
        this.#open = false
        return
      }
      const { row, durable: index } = resident
      const { run } = row
      // what it begins meanwhile is on record too
      this.#accused = { run, until: Number.POSITIVE_INFINITY, index }
      const time = shortest * 4 ** (await this.#engine.store.trials(run))
      this.#accused = { run, until: this.#engine.clock.now() + time, index }
      this.#watch(resident, this.#accused)
    } catch (error) {
      this.#engine.log.error('runs that processes died of could not be read; trying again', { error })
      this.#later(() => void this.#call())
    }
  }

  #watch(resident: Resident, accused: Accused): void {
    this.#later(() => {
      const { run, until, index } = accused
      const lived = this.#engine.clock.now() >= until
      const wentOn = resident.dropped || resident.durable > index
      if (!wentOn && !lived) return this.#watch(resident, accused)
      this.#accused = undefined
      this.#engine.store.tried(run, wentOn).then(
        () => void this.#call(),
        (error: unknown) => {
          this.#engine.log.error('the end of a trial could not be written', { run, error })
          this.#later(() => void this.#call())
        },
      )
    })
  }

  #later(then: () => void): void {
    if (this.#open) this.#cancel = this.#engine.clock.after(look, then)
  }
}
