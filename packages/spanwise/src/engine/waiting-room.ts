import type { Pass } from './pass.ts'

export type Admission = { readonly pass: Pass } | { readonly error: unknown }

/** Somebody's place in the queue of a limit, or of those who want the same result. */
export interface Seat {
  /** Calls back when it is decided; at once when it is. */
  listen(decided: () => void): void
  /** It was decided that nothing has to be begun. */
  readonly isReused: boolean
  /** What was decided. The seat is given up. */
  take(): Admission | undefined
  /** Its run leaves memory: it keeps its place, and the run is called for when it is decided. */
  detach(): void
  /** It is not wanted any more. */
  leave(): void
}

/**
 * What waits for a limit, or for a result that another run computes. A run that waits for long leaves memory; its places in the queues
 * stay, and it is called for when one of them is decided.
 */
export class WaitingRoom {
  readonly #call: (run: string) => void
  readonly #seats = new Map<string, Map<string, Taken>>()

  constructor(call: (run: string) => void) {
    this.#call = call
  }

  /** The seat of this name, which the run may have had before it left memory. */
  enter(run: string, name: string, obtain: (signal: AbortSignal) => Promise<Pass>): Seat {
    const before = this.#seats.get(run)?.get(name)
    if (before !== undefined) return before
    const seat = new Taken(obtain, {
      call: () => this.#call(run),
      gone: () => this.#remove(run, name, seat),
    })
    const seats = this.#seats.get(run) ?? new Map<string, Taken>()
    seats.set(name, seat)
    this.#seats.set(run, seats)
    return seat
  }

  has(run: string): boolean {
    return this.#seats.has(run)
  }

  /** Seats that nobody claims although the run is in memory, or is none of ours any more. */
  sweep(run: string): void {
    for (const seat of this.#seats.get(run)?.values() ?? []) if (!seat.isClaimed) seat.leave()
  }

  #remove(run: string, name: string, seat: Taken): void {
    const seats = this.#seats.get(run)
    if (seats?.get(name) !== seat) return
    seats.delete(name)
    if (seats.size === 0) this.#seats.delete(run)
  }
}

class Taken implements Seat {
  readonly #abort = new AbortController()
  readonly #events: { call(): void; gone(): void }
  #decided: (() => void) | undefined
  #admission: Admission | undefined

  constructor(obtain: (signal: AbortSignal) => Promise<Pass>, events: { call(): void; gone(): void }) {
    this.#events = events
    obtain(this.#abort.signal).then(
      (pass) => this.#decide({ pass }),
      (error) => this.#decide({ error }),
    )
  }

  get isClaimed(): boolean {
    return this.#decided !== undefined
  }

  get isReused(): boolean {
    return this.#admission !== undefined && 'pass' in this.#admission && this.#admission.pass.reused !== undefined
  }

  listen(decided: () => void): void {
    this.#decided = decided
    if (this.#admission !== undefined) decided()
  }

  take(): Admission | undefined {
    this.#events.gone()
    return this.#admission
  }

  detach(): void {
    this.#decided = undefined
    // when it has left
    if (this.#admission !== undefined) queueMicrotask(() => this.#events.call())
  }

  leave(): void {
    this.#events.gone()
    if (this.#admission !== undefined && 'pass' in this.#admission) this.#admission.pass.release()
    this.#abort.abort(gone)
  }

  #decide(admission: Admission): void {
    if (this.#abort.signal.aborted) {
      if ('pass' in admission) admission.pass.release()
      return
    }
    this.#admission = admission
    if (this.#decided === undefined) this.#events.call()
    else this.#decided()
  }
}

/** seen by nobody: who leaves does not listen */
const gone = new Error('it is not wanted any more')

/** Whether the step fails with it. What the app's end refuses is begun by whoever takes the run over. */
export function isRefusal(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code !== 'APP_CLOSED'
}
