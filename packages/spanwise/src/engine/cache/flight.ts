import type { NewCachedResult, NewEntry } from '../../journal/index.ts'
import type { Lease } from '../limiter/index.ts'

/** Where a result is looked for, as the store knows it. */
export interface Place {
  readonly token: string
  readonly key: string
  readonly step: string
  readonly tags: readonly string[]
  readonly tenant: string
  /** ms */
  readonly lifetime: number
}

/** Somebody computes a result that others may wait for. */
export class Flight {
  readonly place: Place
  readonly #lease: Lease
  readonly #landed = Promise.withResolvers<void>()
  readonly #gone: (flight: Flight, landed: boolean) => void
  #spoilt = false
  /** its result is on its way to the store, or there */
  #handedOver = false

  constructor(place: Place, lease: Lease, gone: (flight: Flight, landed: boolean) => void) {
    this.place = place
    this.#lease = lease
    this.#gone = gone
  }

  /** What it computes may be made of what was invalid already: it is not for others. */
  spoil(): void {
    this.#spoilt = true
  }

  /** Resolves when what it had handed over is in the store, or lost; undefined when it hands over nothing any more. */
  get landing(): Promise<void> | undefined {
    return this.#handedOver ? this.#landed.promise : undefined
  }

  /** What is kept of its result, which is written from now on. */
  handOver({ index, at }: NewEntry): NewCachedResult | undefined {
    if (this.#spoilt) return undefined
    this.#handedOver = true
    const { token, key, step, tags, lifetime } = this.place
    return { token, key, step, tags, index, at, expires: Math.floor(at + lifetime) }
  }

  /** What it handed over is on disk: all who wait may look. */
  land(): void {
    this.#end(this.#handedOver)
  }

  /** It gives nothing: the next one may compute. Again does nothing. */
  leave(): void {
    this.#end(false)
  }

  #end(landed: boolean): void {
    this.#gone(this, landed)
    this.#landed.resolve()
    this.#lease.release()
  }
}
