import type { Clock } from '../../packages/spanwise/src/index.ts'
import type { Dice } from './dice.ts'

interface Event {
  readonly at: number
  /** order among events of one moment */
  readonly tie: number
  readonly what: () => void
  taken: boolean
}

/** noon of the first day, so that a wall clock that is set back is still after 1970 */
export const start = Date.UTC(2026, 0, 1, 12)

/**
 * All that happens outside of the code, in the order of its time: timers, answers of the store, ends of attempts, people, faults.
 * Nothing here takes real time. The wall clock can be set; the order of events is by a time that only moves on.
 */
export class Timeline {
  #now = 0
  #offset = 0
  readonly #events: Event[] = []
  readonly #dice: Dice

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** ms since the simulation began */
  get now(): number {
    return this.#now
  }

  /** ms since 1970, as processes see it */
  get wall(): number {
    return start + this.#now + this.#offset
  }

  /** Sets the wall clock, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#offset += ms
  }

  /** Calls back after a while; returns what takes it back. */
  later(ms: number, what: () => void): () => void {
    const event: Event = { at: this.#now + Math.max(0, Math.ceil(ms)), tie: this.#dice.next(), what, taken: false }
    this.#push(event)
    return () => {
      event.taken = true
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.later(ms, resolve))
  }

  /** ms until the next event. */
  get distance(): number {
    while (this.#events[0]?.taken === true) this.#pop()
    return (this.#events[0]?.at ?? Number.POSITIVE_INFINITY) - this.#now
  }

  /** Lets the next event happen; false when there is none. */
  step(): boolean {
    for (;;) {
      const event = this.#pop()
      if (event === undefined) return false
      if (event.taken) continue
      this.#now = event.at
      event.what()
      return true
    }
  }

  /** The clock of one process: its timers die with it. */
  clock(isAlive: () => boolean): Clock {
    const at = (wall: number, callback: () => void): (() => void) => {
      let cancel = (): void => {}
      const arm = (): void => {
        cancel = this.later(wall - this.wall, () => {
          if (!isAlive()) return
          // the wall clock may have been set back meanwhile
          if (this.wall < wall) arm()
          else callback()
        })
      }
      arm()
      return () => cancel()
    }
    return {
      now: () => this.wall,
      at,
      after: (ms, callback) =>
        this.later(ms, () => {
          if (isAlive()) callback()
        }),
    }
  }

  // a binary heap

  #push(event: Event): void {
    const heap = this.#events
    let i = heap.push(event) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (!isBefore(event, heap[up] as Event)) break
      heap[i] = heap[up] as Event
      i = up
    }
    heap[i] = event
  }

  #pop(): Event | undefined {
    const heap = this.#events
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Event, heap[down] as Event)) down++
      if (!isBefore(heap[down] as Event, last)) break
      heap[i] = heap[down] as Event
      i = down
    }
    heap[i] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie)
}
