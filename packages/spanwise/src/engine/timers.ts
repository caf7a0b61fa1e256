import type { Clock } from './clock.ts'

/** Many times, one timer: calls back for each key when it is due. */
export class Timers<K> {
  readonly #clock: Clock
  readonly #due = new Map<K, { readonly at: number; readonly callback: () => void }>()
  #armed: { readonly at: number; readonly cancel: () => void } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  set(key: K, at: number, callback: () => void): void {
    this.#due.set(key, { at, callback })
    if (this.#armed === undefined || at < this.#armed.at) this.#arm(at)
  }

  delete(key: K): boolean {
    const found = this.#due.delete(key)
    if (this.#due.size === 0) this.clear()
    return found
  }

  get earliest(): number | undefined {
    let earliest: number | undefined
    for (const { at } of this.#due.values()) if (earliest === undefined || at < earliest) earliest = at
    return earliest
  }

  clear(): void {
    this.#due.clear()
    this.#armed?.cancel()
    this.#armed = undefined
  }

  #arm(at: number): void {
    this.#armed?.cancel()
    this.#armed = { at, cancel: this.#clock.at(at, () => this.#fire()) }
  }

  #fire(): void {
    this.#armed = undefined
    const now = this.#clock.now()
    const due = [...this.#due].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at)
    for (const [key, { callback }] of due) {
      if (this.#due.delete(key)) callback()
    }
    const next = this.earliest
    if (next !== undefined && (this.#armed === undefined || next < (this.#armed as { at: number }).at)) this.#arm(next)
  }
}
