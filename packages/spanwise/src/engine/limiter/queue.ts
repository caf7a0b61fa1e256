import { Heap, type Places } from './heap.ts'

/** Something that waits in a queue: at one place at a time. */
export interface Waiter {
  readonly tenant: string
  readonly priority: number
  /** order of arrival */
  readonly order: number
  /** place in its line */
  place: number
}

/** Who waits of one tenant at one priority. */
interface Line<W extends Waiter> {
  readonly tenant: string
  readonly waiters: Heap<W>
  readonly level: Level<W>
  place: number
}

interface Level<W extends Waiter> {
  readonly priority: number
  readonly lines: Heap<Line<W>>
  place: number
}

/** finish times are looked through for the first time when there are as many */
const slack = 64

/**
 * Who goes next: the higher priority, then the tenant that has had least for its weight, then who came first. Fairness is
 * start-time fair queueing: every tenant has a finish time, moved on by what it is given divided by its weight; one that comes
 * back begins where the queue is, so that nobody saves up. Every call takes the logarithm of what waits.
 */
export class FairQueue<W extends Waiter> {
  readonly #weight: (tenant: string) => number
  readonly #finish = new Map<string, number>()
  #virtual = 0
  #size = 0
  #pruneAt = slack
  readonly #levels = new Heap<Level<W>>((a, b) => a.priority > b.priority, placeOf())
  readonly #byPriority = new Map<number, Level<W>>()
  /** lines of a tenant, one a priority */
  readonly #lines = new Map<string, Map<number, Line<W>>>()

  constructor(weight: (tenant: string) => number) {
    this.#weight = weight
  }

  get size(): number {
    return this.#size
  }

  peek(): W | undefined {
    return this.#levels.peek()?.lines.peek()?.waiters.peek()
  }

  add(waiter: W): void {
    this.#size++
    const line = this.#lineOf(waiter)
    line.waiters.add(waiter)
    if (line.place < 0) line.level.lines.add(line)
    else if (line.waiters.peek() === waiter) line.level.lines.moved(line)
  }

  remove(waiter: W): void {
    const lines = this.#lines.get(waiter.tenant) as Map<number, Line<W>>
    const line = lines.get(waiter.priority) as Line<W>
    const { level } = line
    line.waiters.remove(waiter)
    this.#size--
    if (line.waiters.size > 0) return level.lines.moved(line)
    level.lines.remove(line)
    lines.delete(waiter.priority)
    if (lines.size === 0) this.#lines.delete(waiter.tenant)
    if (level.lines.size > 0) return
    this.#levels.remove(level)
    this.#byPriority.delete(level.priority)
  }

  /** Its tenant was given that much. */
  charge(tenant: string, amount: number): void {
    const start = Math.max(this.#startOf(tenant), this.#virtual)
    this.#virtual = start
    this.#finish.set(tenant, start + amount / this.#weight(tenant))
    for (const line of this.#lines.get(tenant)?.values() ?? []) line.level.lines.moved(line)
    if (this.#finish.size > this.#pruneAt) this.#prune()
  }

  /** Order of arrival of who has waited longest. */
  get oldest(): W | undefined {
    let oldest: W | undefined
    for (const lines of this.#lines.values()) {
      for (const { waiters } of lines.values()) {
        const first = waiters.peek() as W
        if (oldest === undefined || first.order < oldest.order) oldest = first
      }
    }
    return oldest
  }

  /** A finish time in the past says nothing of a tenant that does not wait. */
  #prune(): void {
    for (const [tenant, finish] of this.#finish) {
      if (finish <= this.#virtual && !this.#lines.has(tenant)) this.#finish.delete(tenant)
    }
    this.#pruneAt = 2 * this.#finish.size + slack
  }

  #lineOf({ tenant, priority }: W): Line<W> {
    let lines = this.#lines.get(tenant)
    if (lines === undefined) {
      lines = new Map()
      this.#lines.set(tenant, lines)
    }
    let line = lines.get(priority)
    if (line === undefined) {
      const earlier = (a: W, b: W): boolean => a.order < b.order
      line = { tenant, waiters: new Heap(earlier, placeOf()), level: this.#levelOf(priority), place: -1 }
      lines.set(priority, line)
    }
    return line
  }

  #levelOf(priority: number): Level<W> {
    let level = this.#byPriority.get(priority)
    if (level === undefined) {
      level = { priority, lines: new Heap(this.#goesBefore, placeOf()), place: -1 }
      this.#byPriority.set(priority, level)
      this.#levels.add(level)
    }
    return level
  }

  readonly #goesBefore = (a: Line<W>, b: Line<W>): boolean => {
    const difference = this.#startOf(a.tenant) - this.#startOf(b.tenant)
    if (difference !== 0) return difference < 0
    return (a.waiters.peek()?.order ?? 0) < (b.waiters.peek()?.order ?? 0)
  }

  #startOf(tenant: string): number {
    return this.#finish.get(tenant) ?? 0
  }
}

function placeOf<T extends { place: number }>(): Places<T> {
  return {
    of: (item) => item.place,
    set: (item, at) => {
      item.place = at
    },
  }
}
