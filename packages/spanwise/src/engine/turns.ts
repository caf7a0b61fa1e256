/** turns after which it is worth looking whether the store waits for work */
const pace = 16

/** Something that takes turns: a run in memory. */
export interface Turn {
  open(): void
  close(): void
  readonly hasTurn: boolean
}

/**
 * Gives turns: one run at a time has its window open, for one turn of the event loop, so that everything its code can do with what
 * it was handed is done before anything else is handed to anybody.
 */
export class Turns {
  readonly #queue: Turn[] = []
  readonly #queued = new Set<Turn>()
  readonly #settled: () => void
  readonly #between: () => void
  #active: Turn | undefined
  #scheduled = false
  #head = 0

  /**
   * @param settled called when nobody wants a turn: time to flush
   * @param between called between turns under load: whoever writes may be idle meanwhile
   */
  constructor(settled: () => void, between: () => void) {
    this.#settled = settled
    this.#between = between
  }

  /** somebody has a turn, or is about to */
  get busy(): boolean {
    return this.#scheduled
  }

  add(turn: Turn): void {
    if (this.#queued.has(turn) || turn === this.#active) return
    this.#queued.add(turn)
    this.#queue.push(turn)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#tick)
  }

  #since = 0

  readonly #tick = (): void => {
    this.#scheduled = false
    const before = this.#active
    if (before !== undefined) {
      this.#active = undefined
      before.close()
      if (before.hasTurn) this.add(before)
    }
    const next = this.#queue[this.#head]
    if (next === undefined) {
      this.#queue.length = 0
      this.#head = 0
      this.#since = 0
      return this.#settled()
    }
    this.#head++
    if (this.#head > 1024) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    this.#queued.delete(next)
    if (++this.#since >= pace) {
      this.#since = 0
      this.#between()
    }
    this.#active = next
    this.#schedule()
    next.open()
  }
}
