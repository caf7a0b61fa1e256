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
  type StepFrame,
  type StepModels,
  TimeoutError,
} from '../workflow/index.ts'
import type { Clock } from './clock.ts'

/** How one attempt went. */
export type AttemptResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/** What an attempt needs of the step that it belongs to. */
export interface AttemptHome {
  readonly step: string
  readonly run: RunInfo
  /** of this attempt, from 1 */
  readonly number: number
  /** opaque, and the same over retries, crashes and resumes */
  readonly idempotencyKey: string
  readonly cite: StepContext['cite']
  readonly engine: {
    /** how long it may take to stop after its signal, ms */
    readonly grace: number
    readonly clock: Clock
    readonly log: Log
    readonly models: ModelHome
  }
  progress(value: unknown): void
  /** records the model calls of this attempt */
  models(signal: AbortSignal): Pick<StepModels, 'call' | 'whole' | 'redactor'>
}

/** Time limits of one attempt. */
export interface AttemptLimits {
  /** ms, for this attempt; counted anew from each heartbeat */
  readonly timeout: number | undefined
  /** ms, until the deadline of all attempts */
  readonly deadline: number | undefined
  /** it waits for a place first: its `timeout` counts from its first heartbeat, which is when it begins */
  readonly queued: boolean
}

/** What most steps have: no limit. */
export const unlimited: AttemptLimits = { timeout: undefined, deadline: undefined, queued: false }

/** One attempt of a step: its frame, its time limits, its end. What most steps never look at is made when it is looked at. */
export class Attempt implements StepFrame, StepModels {
  readonly kind = 'step'
  readonly context: StepContext
  readonly #home: AttemptHome
  readonly #limits: AttemptLimits
  readonly #number: number
  readonly #abort = new LazyAbort()
  #ended = false
  #models: Pick<StepModels, 'call' | 'whole' | 'redactor'> | undefined
  #end: ((result: AttemptResult) => void) | undefined
  #clearTimeout: (() => void) | undefined
  #clearDeadline: (() => void) | undefined
  #clearGrace: (() => void) | undefined

  constructor(home: AttemptHome, limits: AttemptLimits) {
    this.#home = home
    this.#limits = limits
    this.#number = home.number
    this.context = new AttemptContext(this, home)
  }

  get step(): string {
    return this.#home.step
  }

  get number(): number {
    return this.#number
  }

  get models(): StepModels {
    return this
  }

  get home(): ModelHome {
    return this.#home.engine.models
  }

  get aborted(): boolean {
    return this.#abort.aborted
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Tells `end` once how it went. A result that comes in spite of the abort signal is a result. */
  perform(work: (context: StepContext) => Promise<unknown>, end: (result: AttemptResult) => void): void {
    this.#end = end
    const { deadline, queued } = this.#limits
    if (deadline !== undefined) {
      const tooLate = () => this.abort(new TimeoutError(`Step "${this.step}"`, 'its deadline', this.step))
      this.#clearDeadline = this.#home.engine.clock.after(deadline, tooLate)
    }
    if (!queued) this.heartbeat()
    frames.run(this, work, this.context).then(
      (value) => this.#finish({ ok: true, value }),
      // what stopped it says more than the AbortError that came of it
      (error) => this.#finish({ ok: false, error: this.aborted ? this.#abort.reason : error }),
    )
  }

  /** A model call of this attempt. Most steps make none, so what records them is made when one does. */
  call(request: ModelRequest): Promise<ModelAnswer> {
    return this.#ownModels.call(request)
  }

  get whole(): boolean {
    return this.#ownModels.whole
  }

  get redactor(): StepModels['redactor'] {
    return this.#ownModels.redactor
  }

  get #ownModels(): Pick<StepModels, 'call' | 'whole' | 'redactor'> {
    this.#models ??= this.#home.models(this.signal)
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
  stray(error: unknown): void {
    const { run, engine } = this.#home
    if (this.#ended)
      engine.log.error(`a promise that step "${this.step}" forgot was rejected after it`, { run: run.id, error })
    else this.#finish({ ok: false, error })
  }

  /** Asks it to stop; after the grace it is not waited for any more. */
  abort(reason: unknown): void {
    if (this.aborted || this.#ended) return
    const { clock, grace } = this.#home.engine
    this.#clearTimeout?.()
    this.#clearGrace = clock.after(grace, () => this.#finish({ ok: false, error: reason }))
    this.#abort.abort(reason)
  }

  /** It is alive: its timeout counts from now. */
  heartbeat(): void {
    const { timeout } = this.#limits
    if (timeout === undefined || this.aborted || this.#ended) return
    this.#clearTimeout?.()
    const tooLong = () => this.abort(new TimeoutError(`Step "${this.step}"`, formatDuration(timeout), this.step))
    this.#clearTimeout = this.#home.engine.clock.after(timeout, tooLong)
  }
}

/** What the step's function is handed. Its functions may be taken out of it: each is made, bound, when it is looked at. */
class AttemptContext implements StepContext {
  readonly #attempt: Attempt
  readonly #home: AttemptHome

  constructor(attempt: Attempt, home: AttemptHome) {
    this.#attempt = attempt
    this.#home = home
  }

  get idempotencyKey(): string {
    return this.#home.idempotencyKey
  }

  get attempt(): number {
    return this.#attempt.number
  }

  get abortSignal(): AbortSignal {
    return this.#attempt.signal
  }

  get run(): RunInfo {
    return this.#home.run
  }

  get log(): Log {
    return this.#home.engine.log
  }

  get cite(): StepContext['cite'] {
    return this.#home.cite
  }

  get heartbeat(): () => void {
    return () => this.#attempt.heartbeat()
  }

  get progress(): (value: unknown) => void {
    return (value) => this.#home.progress(value)
  }
}
