import type { RowChange } from '../journal/index.ts'

type Callback = (change: RowChange | undefined) => void

/** Who waits for news of which run. */
export class Watchers {
  readonly #byRun = new Map<string, Set<Callback>>()
  readonly #progress = new Map<string, unknown>()
  readonly #all = new Set<(run: string, change: RowChange | undefined) => void>()
  readonly #attempts = new Set<(run: string, step: string) => void>()

  watch(run: string, callback: Callback): () => void {
    let callbacks = this.#byRun.get(run)
    if (callbacks === undefined) {
      callbacks = new Set()
      this.#byRun.set(run, callbacks)
    }
    callbacks.add(callback)
    return () => {
      callbacks.delete(callback)
      if (callbacks.size === 0 && this.#byRun.get(run) === callbacks) this.#byRun.delete(run)
    }
  }

  watchAll(callback: (run: string, change: RowChange | undefined) => void): void {
    this.#all.add(callback)
  }

  changed(run: string, change: RowChange | undefined): void {
    for (const callback of this.#all) callback(run, change)
    if (change !== undefined && (change.outcome !== undefined || change.status === 'needs attention'))
      this.#progress.delete(run)
    const callbacks = this.#byRun.get(run)
    if (callbacks === undefined) return
    for (const callback of [...callbacks]) callback(change)
  }

  /** The store is gone: whoever waits for a run looks again, and is told so. */
  gone(): void {
    for (const run of [...this.#byRun.keys()]) this.changed(run, { status: 'needs attention' })
  }

  watchAttempts(callback: (run: string, step: string) => void): void {
    this.#attempts.add(callback)
  }

  attempt(run: string, step: string): void {
    for (const callback of this.#attempts) callback(run, step)
  }

  /** the last one is kept while the run is under way in this process */
  progress(run: string, value: unknown): void {
    this.#progress.set(run, value)
    this.changed(run, undefined)
  }

  lastProgress(run: string): unknown {
    return this.#progress.get(run)
  }
}
