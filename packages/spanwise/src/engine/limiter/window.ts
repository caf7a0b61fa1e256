import type { Rate, RateMark } from './port.ts'

/** spans of time within a window that are told apart */
const parts = 64

/** Part of what was drawn: all of it counts until a window after its latest. */
export interface Mark {
  /** of the first draw in it */
  readonly from: number
  /** of the latest */
  at: number
  amount: number
  /** draws in it that are not on disk: who drew has not begun, so their time has not come either */
  unkept: number
  gone: boolean
}

/**
 * What was drawn within the last `per`: in no span of that length more than the limit, wherever it begins. Draws that follow each
 * other within a 64th of it count as of the latest, so that memory and time do not grow with the limit.
 */
export class RateWindow {
  limit: number
  #per: number
  readonly #marks: Mark[] = []
  #drawn = 0
  /** drawn by who waits for something else before it may begin: counts, and has no time yet */
  #pending = 0

  constructor({ limit, per }: Rate, kept: readonly RateMark[] = []) {
    this.limit = limit
    this.#per = per
    for (const { at, amount } of kept) this.#add(at, amount)
  }

  get per(): number {
    return this.#per
  }

  set per(per: number) {
    this.#per = per
  }

  drawn(now: number): number {
    this.#expire(now)
    return this.#drawn + this.#pending
  }

  fits(now: number, amount: number): boolean {
    return this.drawn(now) + amount <= this.limit
  }

  /** When time alone makes room, at the earliest; undefined when who waits elsewhere has to move first. */
  fitsAt(now: number, amount: number): number | undefined {
    let over = this.drawn(now) + amount - this.limit
    if (over <= 0) return now
    for (const mark of this.#marks) {
      if (mark.unkept > 0) return undefined
      over -= mark.amount
      if (over <= 0) return mark.at + this.#per
    }
    return undefined
  }

  reserve(amount: number): void {
    this.#pending += amount
  }

  unreserve(amount: number): void {
    this.#pending -= amount
  }

  /** What was reserved is drawn now. */
  draw(now: number, amount: number): Mark {
    this.#pending -= amount
    this.#expire(now)
    return this.#add(now, amount)
  }

  /** What is written now counts from now on: a write that failed may have kept it back for longer than the window. */
  stamp(now: number): void {
    for (const mark of this.#marks) if (mark.unkept > 0) mark.at = Math.max(mark.at, now)
  }

  /** It was more, or less. */
  correct(mark: Mark, by: number): void {
    if (mark.gone) return
    const change = Math.max(by, -mark.amount)
    mark.amount += change
    this.#drawn += change
  }

  get isIdle(): boolean {
    return this.#pending === 0 && this.#marks.length === 0
  }

  /** Nothing that was drawn counts any more. */
  get expires(): number {
    return (this.#marks.at(-1)?.at ?? 0) + this.#per
  }

  get marks(): readonly RateMark[] {
    return this.#marks.map(({ at, amount }) => ({ at, amount }))
  }

  #add(at: number, amount: number): Mark {
    this.#drawn += amount
    const last = this.#marks.at(-1)
    if (last !== undefined && at - last.from < this.#per / parts) {
      last.at = Math.max(last.at, at)
      last.amount += amount
      return last
    }
    const mark: Mark = { from: at, at, amount, unkept: 0, gone: false }
    this.#marks.push(mark)
    return mark
  }

  #expire(now: number): void {
    // the clock was set back: what was drawn counts from now on, rather than for as long as that was
    for (let i = this.#marks.length - 1; i >= 0 && (this.#marks[i] as Mark).at > now; i--)
      (this.#marks[i] as Mark).at = now
    let old = 0
    for (; old < this.#marks.length; old++) {
      const mark = this.#marks[old] as Mark
      if (mark.unkept > 0 || mark.at + this.#per > now) break
      mark.gone = true
      this.#drawn -= mark.amount
    }
    if (old > 0) this.#marks.splice(0, old)
  }
}
