import type { Meta } from '../journal/index.ts'
import {
  LazyAbort,
  type ModelOutcome,
  type ModelRequest,
  type Operation,
  type OperationHistory,
} from '../workflow/index.ts'
import { encodeError } from './error-text.ts'
import { generate, lost, type ModelCallHome } from './model-call.ts'

export interface ModelRunnerHome extends ModelCallHome {
  /** calls back at a time; kept over parking by the run's wake-up */
  wakeAt(operation: Operation, at: number, then: () => void): void
  /** one thing less in flight */
  settle(): void
}

/** Brings about one model call of a run's body: on record before it is sent, asked again as long as waiting may heal it. */
export class ModelRunner {
  readonly operation: Operation
  readonly #home: ModelRunnerHome
  readonly #request: ModelRequest
  readonly #abort = new LazyAbort()
  #number: number
  #isFirst: boolean
  #stopped = false
  inFlight = false
  readonly claim = undefined
  /** it waits for limits while it is in flight */
  readonly isQueued = false

  constructor(home: ModelRunnerHome, operation: Operation, history: OperationHistory | undefined) {
    this.operation = operation
    this.#home = home
    this.#request = (operation.spec.effect as { request: ModelRequest }).request
    const last = history?.attempts.at(-1)
    const intent = history?.intent
    this.#isFirst = intent === undefined
    this.#number = Math.max(intent?.attempt ?? 0, last?.attempt ?? 0) + 1
    if (intent !== undefined && (last === undefined || last.index < intent.index)) {
      const { meta, payload } = lost(intent)
      this.#record('model.attempt', intent.attempt, meta, payload)
    }
    const retryAt = last?.meta['retryAt']
    if (typeof retryAt === 'number' && retryAt > home.now()) home.wakeAt(operation, retryAt, () => void this.#ask())
    // what it depends on need not be durable yet: that is on disk before the call's own entry, and nothing is sent before that is.
    // So an answer and the call that follows from it share a commit.
    else void this.#ask()
  }

  /** Its run leaves memory: nothing is kept for it elsewhere. */
  detach(): void {}

  /** True when it is being asked right now and its answer will be offered late. */
  stop(why: 'cancelled' | 'abandoned' | 'parked', reason: unknown): boolean {
    this.#stopped = true
    if (!this.inFlight) return false
    if (why !== 'parked') this.#abort.abort(reason)
    return true
  }

  async #ask(): Promise<void> {
    const { operation } = this
    if (this.#stopped || operation.state !== 'open') return
    this.inFlight = true
    const outcome = await generate({
      home: this.#home,
      operation,
      request: this.#request,
      key: operation.key,
      step: undefined,
      number: this.#number,
      isFirst: this.#isFirst,
      abort: this.#abort,
      record: (kind, meta, payload) => {
        this.#isFirst = false
        return this.#record(kind, this.#number, meta, payload)
      },
    })
    this.inFlight = false
    this.#settle(outcome)
    this.#home.settle()
  }

  #settle(outcome: ModelOutcome): void {
    const home = this.#home
    if (home.dropped) return
    const { operation } = this
    const { budgets = [], release = () => {} } = outcome
    if (outcome.state === 'again' && operation.state === 'open') {
      this.#record('model.attempt', this.#number, { ...outcome.meta, retryAt: outcome.at }, encodeError(outcome.error))
      home.pending.budgets.push(...budgets)
      this.#whenWritten(release)
      this.#number++
      if (!this.#stopped) home.wakeAt(operation, outcome.at, () => void this.#ask())
      return
    }
    const answered = outcome.state === 'answered'
    home.execution.offer({
      kind: answered ? 'model.result' : 'model.error',
      operation,
      attempt: this.#number,
      meta: outcome.meta,
      payload: answered ? outcome.payload : encodeError(outcome.error),
      input: operation.spec.input,
      // in the commit of the entry: what is given back before the answer is on record would be missing if it got lost
      taken: () => {
        home.pending.budgets.push(...budgets)
        this.#whenWritten(release)
      },
    })
  }

  /** When what was written last, what came of it, is durable. */
  #whenWritten(then: () => void): void {
    const home = this.#home
    const last = home.pending.entries.at(-1)
    if (last === undefined) return
    home.whenDurable(last.index, () => {
      then()
      home.engine.events.formed(home.row.run, this.operation.key, last.index)
    })
  }

  #record(kind: 'model.call' | 'model.attempt', attempt: number, meta: Meta, payload: string | undefined) {
    return this.#home.execution.record(this.operation, {
      kind,
      attempt,
      meta,
      payload,
      input: this.operation.spec.input,
    })
  }
}
