import {
  formatDuration,
  frames,
  LazyAbort,
  type Log,
  type ModelAnswer,
  type ModelHome,
  type ModelRequest,
  type RunInfo,
  type StepContext,
  type StepModels,
  TimeoutError,
} from '../workflow/index.ts'
import type { Clock } from './clock.ts'

/** How one attempt went. */
export type AttemptResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

export interface AttemptInit {
  readonly step: string
  readonly run: RunInfo
  readonly idempotencyKey: () => string
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
  readonly cite: StepContext['cite']
  readonly home: ModelHome
  /** records the model calls of this attempt */
  readonly models: (signal: AbortSignal) => Pick<StepModels, 'call' | 'whole'>
}

/** One attempt of a step: its context, its time limits, its end. What most steps never look at is made when it is looked at. */
export class Attempt implements StepModels {
  readonly #init: AttemptInit
  readonly context: StepContext
  readonly #abort = new LazyAbort()
  #ended = false
  #models: Pick<StepModels, 'call' | 'whole'> | undefined
  #end: ((result: AttemptResult) => void) | undefined
  #clearTimeout: (() => void) | undefined
  #clearDeadline: (() => void) | undefined
  #clearGrace: (() => void) | undefined

  constructor(init: AttemptInit) {
    this.#init = init
    const abort = this.#abort
    this.context = {
      get idempotencyKey() {
        return init.idempotencyKey()
      },
      attempt: init.attempt,
      get abortSignal() {
        return abort.signal
      },
      heartbeat: () => this.#arm(),
      progress: init.progress,
      cite: init.cite,
      log: init.log,
      run: init.run,
    }
  }

  get home(): ModelHome {
    return this.#init.home
  }

  get aborted(): boolean {
    return this.#abort.aborted
  }

  /** Never rejects. A result that comes in spite of the abort signal is a result. */
  perform(work: (context: StepContext) => Promise<unknown>): Promise<AttemptResult> {
    const { step, deadline, queued, clock } = this.#init
    return new Promise((resolve) => {
      this.#end = resolve
      if (deadline !== undefined) {
        const tooLate = () => this.abort(new TimeoutError(`Step "${step}"`, 'its deadline', step))
        this.#clearDeadline = clock.after(deadline, tooLate)
      }
      if (!queued) this.#arm()
      const stray = (error: unknown): void => this.#stray(error)
      frames.run({ kind: 'step', step, context: this.context, stray, models: this }, work, this.context).then(
        (value) => this.#finish({ ok: true, value }),
        // what stopped it says more than the AbortError that came of it
        (error) => this.#finish({ ok: false, error: this.aborted ? this.#abort.reason : error }),
      )
    })
  }

  /** A model call of this attempt. Most steps make none, so what records them is made when one does. */
  call(request: ModelRequest): Promise<ModelAnswer> {
    return this.#ownModels.call(request)
  }

  get whole(): boolean {
    return this.#ownModels.whole
  }

  get #ownModels(): Pick<StepModels, 'call' | 'whole'> {
    this.#models ??= this.#init.models(this.context.abortSignal)
    return this.#models
  }

  #finish(result: AttemptResult): void {
    if (this.#ended) return
    this.#ended = true
    this.#clearTimeout?.()
    this.#clearGrace?.()
    this.#clearDeadline?.()
    this.#end?.(result)
  }

  /** A promise that the step forgot was rejected: it fails with that, if it still can. */
  #stray(error: unknown): void {
    const { step, run, log } = this.#init
    if (this.#ended) log.error(`a promise that step "${step}" forgot was rejected after it`, { run: run.id, error })
    else this.#finish({ ok: false, error })
  }

  /** Asks it to stop; after the grace it is not waited for any more. */
  abort(reason: unknown): void {
    if (this.aborted || this.#ended) return
    this.#clearTimeout?.()
    this.#clearGrace = this.#init.clock.after(this.#init.grace, () => this.#finish({ ok: false, error: reason }))
    this.#abort.abort(reason)
  }

  #arm(): void {
    const { timeout, step, clock } = this.#init
    if (timeout === undefined || this.aborted || this.#ended) return
    this.#clearTimeout?.()
    const tooLong = () => this.abort(new TimeoutError(`Step "${step}"`, formatDuration(timeout), step))
    this.#clearTimeout = clock.after(timeout, tooLong)
  }
}
