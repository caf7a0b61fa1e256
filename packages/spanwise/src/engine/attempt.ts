import { formatDuration, frames, type Log, type RunInfo, type StepContext, TimeoutError } from '../workflow/index.ts'
import type { Clock } from './clock.ts'

/** How one attempt went. */
export type AttemptResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

export interface AttemptInit {
  readonly step: string
  readonly run: RunInfo
  readonly idempotencyKey: string
  readonly attempt: number
  /** ms, for this attempt; counted anew from each heartbeat */
  readonly timeout: number | undefined
  /** ms, until the deadline of all attempts */
  readonly deadline: number | undefined
  /** how long it may take to stop after its signal, ms */
  readonly grace: number
  /** it waits for a place first: its `timeout` counts from its first heartbeat, which is when it begins */
  readonly queued: boolean
  readonly clock: Clock
  readonly log: Log
  readonly progress: (value: unknown) => void
}

/** One attempt of a step: its context, its time limits, its end. */
export class Attempt {
  readonly #abort = new AbortController()
  readonly #init: AttemptInit
  readonly context: StepContext
  #clearTimeout: (() => void) | undefined
  #ended = false
  #giveUp: ((error: unknown) => void) | undefined
  #clearGrace: (() => void) | undefined

  constructor(init: AttemptInit) {
    this.#init = init
    this.context = {
      idempotencyKey: init.idempotencyKey,
      attempt: init.attempt,
      abortSignal: this.#abort.signal,
      heartbeat: () => this.#arm(),
      progress: init.progress,
      log: init.log,
      run: init.run,
    }
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted
  }

  /** Never rejects. A result that comes in spite of the abort signal is a result. */
  async perform(work: (context: StepContext) => Promise<unknown>): Promise<AttemptResult> {
    const deadline = this.#init.deadline
    const tooLate = () => this.abort(new TimeoutError(`Step "${this.#init.step}"`, 'its deadline', this.#init.step))
    const clearDeadline = deadline === undefined ? undefined : this.#init.clock.after(deadline, tooLate)
    if (!this.#init.queued) this.#arm()
    const gaveUp = new Promise<never>((_, reject) => {
      this.#giveUp = reject
    })
    try {
      const frame = { kind: 'step' as const, step: this.#init.step, context: this.context }
      const value = await Promise.race([frames.run(frame, () => work(this.context)), gaveUp])
      return { ok: true, value }
    } catch (error) {
      // what stopped it says more than the AbortError that came of it
      return { ok: false, error: this.aborted ? this.#abort.signal.reason : error }
    } finally {
      this.#ended = true
      this.#clearTimeout?.()
      this.#clearGrace?.()
      clearDeadline?.()
      this.#giveUp = undefined
    }
  }

  /** Asks it to stop; after the grace it is not waited for any more. */
  abort(reason: unknown): void {
    if (this.aborted) return
    this.#clearTimeout?.()
    this.#abort.abort(reason)
    this.#clearGrace = this.#init.clock.after(this.#init.grace, () => this.#giveUp?.(reason))
  }

  #arm(): void {
    const { timeout, step } = this.#init
    if (timeout === undefined || this.aborted || this.#ended) return
    this.#clearTimeout?.()
    const tooLong = () => this.abort(new TimeoutError(`Step "${step}"`, formatDuration(timeout), step))
    this.#clearTimeout = this.#init.clock.after(timeout, tooLong)
  }
}
