/** turns after which it is worth looking whether the store waits for work */
const pace = 16

/** Something that takes turns: a run in memory. */
export interface Turn {
  open(): void
  close(): void
  readonly hasTurn: boolean
  /** waits for its turn; kept by whoever gives turns */
  queued: boolean
}

/** turns in one round of the event loop, at most: what else the process does waits for them */
const round = 32
/** ms that they may take together: code that computes between two waits makes a turn long */
const patience = 2

/**
 * Gives turns: one run at a time has its window open, until everything its code can do with what it was handed is done: all promise
 * jobs and ticks of the process, which run between two immediates. Only then is anything else handed to anybody.
 */
export class Turns {
  readonly #queue: Turn[] = []
  readonly #settled: () => void
  readonly #between: () => void
  readonly #now: () => number
  /** when this round of the event loop began, where it has */
  #began: number | undefined
  #active: Turn | undefined
  /** immediates that are to come */
  #ticks = 0
  #head = 0
  #since = 0

  /**
   * @param settled called when nobody wants a turn: time to flush
   * @param between called between turns under load: whoever writes may be idle meanwhile
   * @param now the time, ms
   */
  constructor(settled: () => void, between: () => void, now: () => number) {
    this.#settled = settled
    this.#between = between
    this.#now = now
  }

  /** somebody has a turn, or is about to */
  get busy(): boolean {
    return this.#active !== undefined || this.#head < this.#queue.length
  }

  add(turn: Turn): void {
    if (turn.queued || turn === this.#active) return
    turn.queued = true
    this.#queue.push(turn)
    this.#schedule()
  }

  /** Several at once: a round of the event loop costs as much as a short turn. The last one closes what was opened. */
  #schedule(): void {
    if (this.#ticks > 0) return
    this.#began = undefined
    this.#ticks = Math.min(this.#queue.length - this.#head + 1, round)
    for (let i = 0; i < this.#ticks; i++) setImmediate(this.#tick)
  }

  /** This round has taken its time; at least one has a turn in each. */
  get #isOver(): boolean {
    const now = this.#now()
    this.#began ??= now
    return Math.abs(now - this.#began) >= patience
  }

  readonly #tick = (): void => {
    this.#ticks--
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
      if (before !== undefined) this.#settled()
      return
    }
    if (this.#isOver) {
      // no window is open while others have the event loop
      if (this.#ticks === 0) this.#schedule()
      return
    }
    this.#head++
    if (this.#head > 1024) {
      this.#queue.splice(0, this.#head)
      this.#head = 0
    }
    next.queued = false
    if (++this.#since >= pace) {
      this.#since = 0
      this.#between()
    }
    this.#active = next
    // before its code runs: what that puts off to the next round comes after its window
    if (this.#ticks === 0) this.#schedule()
    next.open()
  }
}
