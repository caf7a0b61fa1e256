import type { Run, RunEvent, RunState } from '../../app/index.ts'
import { eventMessage, message, type Payloads } from './message.ts'

/** entries that are kept for viewers who are a little behind; who is further behind reads the store */
const kept = 512

/** The end of one run's history, read once for everybody who looks at it. */
export class Tail {
  readonly #run: Run<unknown>
  /** the last entries, in order */
  #ring: { readonly event: RunEvent; readonly texts: Partial<Record<Payloads, string>> }[] = []
  /** index of the next entry to read */
  #next: number
  #state: RunState | undefined
  /** how it stands, as a message: made once for all viewers */
  #told = ''
  /** goes up with every change of state or progress */
  #version = 0
  #isReading = false
  #again = false
  readonly #waiting = new Set<() => void>()
  readonly #unwatch: () => void
  viewers = 0

  constructor(run: Run<unknown>, from: number) {
    this.#run = run
    this.#next = from
    this.#unwatch = run.watch(() => this.#look())
    this.#look()
  }

  /** Entries from an index on, as messages; undefined when they are not kept here any more. */
  since(from: number, payloads: Payloads): { readonly text: string; readonly next: number } | undefined {
    const first = this.#ring[0]?.event.index ?? this.#next
    if (from < first) return undefined
    let text = ''
    let next = from
    for (const item of this.#ring) {
      if (item.event.index < from) continue
      item.texts[payloads] ??= eventMessage(item.event, payloads)
      text += item.texts[payloads]
      next = item.event.index + 1
    }
    return { text, next }
  }

  get state(): RunState | undefined {
    return this.#state
  }

  get told(): string {
    return this.#told
  }

  get version(): number {
    return this.#version
  }

  /** Resolves at a change after the version that is known, at the abort, or with `late` when nothing happens. */
  async wait(known: number, signal: AbortSignal, patience: number): Promise<'late' | undefined> {
    if (this.#version !== known || signal.aborted) return undefined
    const { promise, resolve } = Promise.withResolvers<'late' | undefined>()
    const wake = (): void => resolve(undefined)
    const timer = setTimeout(() => resolve('late'), patience)
    this.#waiting.add(wake)
    signal.addEventListener('abort', wake)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(wake)
      signal.removeEventListener('abort', wake)
    }
  }

  close(): void {
    this.#unwatch()
  }

  #look(): void {
    this.#again = true
    if (this.#isReading) return
    this.#isReading = true
    this.#read()
      // the store is closing or gone: viewers come back, and ask it themselves
      .catch(() => {})
      .finally(() => {
        this.#isReading = false
      })
  }

  async #read(): Promise<void> {
    while (this.#again) {
      this.#again = false
      // the state before the entries: an end is told when all that led to it is here
      const [state, progress] = await Promise.all([this.#run.status(), this.#run.progress()])
      for await (const event of this.#run.events({ from: this.#next })) {
        this.#ring.push({ event, texts: {} })
        this.#next = event.index + 1
      }
      if (this.#ring.length > kept) this.#ring = this.#ring.slice(-kept)
      this.#state = state
      this.#told = message('state', { ...state, progress })
      this.#version++
      for (const wake of [...this.#waiting]) wake()
    }
  }
}
