import { encode, isTerminal, SpanwiseError } from '../journal/index.ts'
import { type Execution, type Operation, type OperationHistory, stepPayload } from '../workflow/index.ts'
import { approvalId } from './approval-id.ts'
import type { Flight } from './cache/index.ts'
import { childRunId, newChild } from './children.ts'
import { encodeError } from './error-text.ts'
import { ModelRunner, type ModelRunnerHome } from './model-runner.ts'
import type { EngineContext } from './options.ts'
import { pullItem } from './pull.ts'
import type { RunHome } from './run-home.ts'
import { StepCalls } from './step-models.ts'
import { type StepHome, StepRunner } from './step-runner.ts'
import { runTransaction } from './transaction.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** What effects need of the run in memory that they belong to. */
export interface EffectsHome extends RunHome, ModelRunnerHome {
  readonly waitingRoom: WaitingRoom
  begins(step: string): Promise<void> | undefined
  /** calls back once everything up to this index is durable */
  whenDurable(index: number, then: () => void): void
  /** calls back at a time; kept over parking by the run's wake-up */
  wakeAt(operation: Operation, at: number, then: () => void): void
  /** offers `timer.fired` at a time */
  arm(operation: Operation, due: number): void
  /** forgets what the operation waits for */
  disarm(operation: Operation): void
  /** one thing less in flight */
  settle(): void
}

/** Brings about what the operations of one execution want: steps, transactions, pulled items, questions, children, mail. */
export class Effects implements StepHome {
  readonly execution: Execution
  readonly engine: EngineContext
  readonly #home: EffectsHome
  readonly #runners = new Map<Operation, StepRunner | ModelRunner>()
  readonly #pulls = new Set<Operation>()
  /** results that others wait for, on their way to the store */
  readonly #flights = new Set<Flight>()
  #transactions = 0
  /** children of a fork's source that are being looked at: what is found is not mail, so the run must not leave meanwhile */
  #looks = 0
  #leaving = false

  constructor(home: EffectsHome, execution: Execution) {
    this.#home = home
    this.execution = execution
    this.engine = home.engine
  }

  // ---- what is under way

  /** something will call back by itself */
  get isBusy(): boolean {
    return this.#pulls.size > 0 || this.#looks > 0 || this.isInFlight
  }

  /** something is in the middle of an effect */
  get isInFlight(): boolean {
    if (this.#transactions > 0) return true
    for (const runner of this.#runners.values()) if (runner.inFlight) return true
    return false
  }

  /** a step waits for a limit: others have to end first, or time has to pass */
  get isQueued(): boolean {
    for (const runner of this.#runners.values()) if (runner.isQueued) return true
    return false
  }

  get inFlight(): readonly object[] {
    const runners = [...this.#runners.values()].filter((runner) => runner.inFlight)
    return this.#transactions > 0 ? [...runners, ...this.#pulls, this] : [...runners, ...this.#pulls]
  }

  /** an effect is wanted; waits and children come by themselves */
  get isWanted(): boolean {
    for (const { spec } of this.execution.operations) if (isWork(spec.effect.type)) return true
    return false
  }

  /** Begins nothing new and repeats nothing; what is in flight may end. */
  leave(): void {
    this.#leaving = true
    this.hold()
  }

  /** Repeats nothing, and tells nobody. */
  hold(): void {
    for (const runner of this.#runners.values()) runner.stop('parked', undefined)
  }

  abandon(why: () => unknown): void {
    for (const flight of this.#flights) flight.leave()
    // most runs have nothing in flight when they go
    if (this.#runners.size === 0) return
    const reason = why()
    for (const runner of this.#runners.values()) {
      runner.detach()
      runner.stop('abandoned', reason)
    }
  }

  /** A runner whose intent carries this claim. */
  claimed(claim: string): StepRunner | ModelRunner | undefined {
    for (const runner of this.#runners.values()) if (runner.claim === claim) return runner
    return undefined
  }

  // ---- what steps need

  get row(): RunHome['row'] {
    return this.#home.row
  }

  get waitingRoom(): WaitingRoom {
    return this.#home.waitingRoom
  }

  whenDurable(index: number, then: () => void): void {
    this.#home.whenDurable(index, then)
  }

  wakeAt(operation: Operation, at: number, then: () => void): void {
    this.#home.wakeAt(operation, at, then)
  }

  begins(step: string): Promise<void> | undefined {
    return this.#home.begins(step)
  }

  idle(): void {
    this.#home.settle()
  }

  land(flight: Flight, { key }: Operation): void {
    const { pending } = this.#home
    const entry = pending.entries.at(-1)
    // late: a note, or nothing at all
    if (entry?.kind !== 'step.result' || entry.key !== key) return flight.leave()
    pending.results.push({ flight, entry })
    this.#flights.add(flight)
    this.#home.whenDurable(entry.index, () => {
      this.#flights.delete(flight)
      flight.land()
    })
  }

  calls(operation: Operation): StepCalls {
    return new StepCalls(this.#home, operation)
  }

  // ---- begin

  start(operation: Operation, history: OperationHistory | undefined): void {
    const { effect, kind } = operation.spec
    const home = this.#home
    const due = this.execution.dueOf(operation)
    if (due !== undefined) home.arm(operation, due)
    // what is begun now would only be dropped: whoever takes the run over begins it
    if (this.#leaving && isWork(effect.type)) return
    if ((effect.type === 'step' || effect.type === 'transaction') && this.#isGiven(operation, effect.text)) return
    switch (effect.type) {
      case 'step':
        this.#runners.set(operation, new StepRunner(this, operation, history))
        return
      case 'model':
        this.#runners.set(operation, new ModelRunner(home, operation, history))
        return
      case 'transaction':
        this.#startTransaction(operation, history)
        return
      case 'wait':
        if (kind === 'approval' && history?.announcement === undefined) home.reopenApproval(operation)
        return
      case 'child':
        if (this.execution.isShared(childRunId(home, operation))) void this.#lookAfter(operation)
        // asked for again after a resume: its outcome may have come when nobody waited for it
        else if (history?.announcement === undefined || this.execution.recorded.resumed)
          home.pending.children.push(newChild(home, operation))
        return
      case 'mail': {
        const order = () => encode({ reason: effect.name, by: `run ${home.row.run}` })
        home.pending.send.push({
          run: effect.run,
          kind: effect.mail,
          name: effect.mail === 'signal' ? effect.name : '',
          payload: effect.mail === 'signal' ? effect.payload : order(),
          dedupe: `${home.row.run}/${operation.key}`,
          at: home.now(),
        })
        this.execution.offer({ kind: 'step.result', operation, attempt: 1, input: operation.spec.input })
        return
      }
      case 'pull':
        this.#pulls.add(operation)
        home.whenDurable(operation.after, () => void this.#pull(operation))
        return
    }
  }

  /** In a fork an operator may have said what it gives, so that it need not be done. */
  #isGiven(operation: Operation, input: string): boolean {
    const results = this.execution.dry?.results
    if (results === undefined || !Object.hasOwn(results, operation.key)) return false
    this.execution.offer({
      kind: 'step.result',
      operation,
      attempt: 1,
      meta: { edited: true },
      payload: stepPayload(input, encode(results[operation.key], 'edited result')),
      input: operation.spec.input,
    })
    return true
  }

  /** A child that the source of a fork had started: it may have ended when nobody here waited for it. */
  async #lookAfter(operation: Operation): Promise<void> {
    const run = childRunId(this.#home, operation)
    this.#looks++
    try {
      const outcome = await this.engine.store.outcome(run)
      if (outcome !== undefined && !isTerminal(outcome.status)) return
      const { status, payload } = outcome ?? { status: 'failed', payload: encodeError(goneChild(run)) }
      this.execution.offer({
        kind: 'child.settled',
        operation,
        payload: JSON.stringify({ run, status, outcome: payload ?? null }),
        input: operation.spec.input,
      })
    } catch (error) {
      if (!this.#home.dropped) this.#home.discard(`its child ${run} could not be read: ${String(error)}`, true)
    } finally {
      this.#looks--
      this.#home.settle()
    }
  }

  #startTransaction(operation: Operation, history: OperationHistory | undefined): void {
    const last = history?.attempts.at(-1)
    const first = { attempt: (history?.attempts.length ?? 0) + 1, at: Number(last?.meta['retryAt'] ?? 0) }
    const edited = history?.edited
    if (first.at > this.#home.now()) this.#retryTransaction(operation, first, edited)
    else this.#home.whenDurable(operation.after, () => void this.#transact(operation, first.attempt, edited))
  }

  async #transact(operation: Operation, attempt: number, edited: OperationHistory['edited']): Promise<void> {
    if (operation.state !== 'open') return
    this.#transactions++
    try {
      const again = await runTransaction(this.#home, operation, attempt, edited)
      if (again !== undefined && !this.#home.dropped) this.#retryTransaction(operation, again, edited)
    } finally {
      this.#transactions--
      this.#home.settle()
    }
  }

  #retryTransaction(
    operation: Operation,
    again: { readonly attempt: number; readonly at: number },
    edited: OperationHistory['edited'],
  ): void {
    this.#home.wakeAt(operation, again.at, () => void this.#transact(operation, again.attempt, edited))
  }

  async #pull(operation: Operation): Promise<void> {
    const offer = await pullItem(this.engine, this.execution, operation)
    this.#pulls.delete(operation)
    this.execution.offer(offer)
    this.#home.settle()
  }

  // ---- end

  /** True when something of it is in flight and will be offered late. */
  stop(operation: Operation, why: 'cancelled' | 'abandoned' | 'settled' | 'parked'): boolean {
    if (why !== 'parked' || operation.spec.kind !== 'approval') this.#home.disarm(operation)
    const runner = this.#runners.get(operation)
    if (runner !== undefined) return this.#stopStep(operation, runner, why)
    if (why === 'parked') return false
    if (operation.spec.kind === 'approval') this.#withdraw(operation, why === 'settled')
    if (why !== 'settled') this.#leaveChild(operation)
    return false
  }

  #stopStep(
    operation: Operation,
    runner: StepRunner | ModelRunner,
    why: 'cancelled' | 'abandoned' | 'settled' | 'parked',
  ): boolean {
    if (why !== 'parked' || !runner.inFlight) this.#runners.delete(operation)
    if (why === 'settled') return false
    const { abort } = this.execution
    const inFlight = runner.stop(why, abort.aborted ? abort.reason : unwanted(operation))
    if (inFlight) this.#runners.set(operation, runner)
    return inFlight
  }

  /** The question is not open any more. An answered one is closed by its answer. */
  #withdraw(operation: Operation, settled: boolean): void {
    const id = approvalId(this.#home.row.run, operation.key)
    this.#home.pending.approvals.push({ close: { id, state: settled ? 'expired' : 'withdrawn' } })
    if (!settled) this.execution.record(operation, { kind: 'approval.withdrawn', attempt: 0 })
  }

  #leaveChild(operation: Operation): void {
    const { effect } = operation.spec
    const { row, pending } = this.#home
    if (effect.type !== 'child' || effect.onParentClose === 'abandon') return
    if (this.execution.isShared(childRunId(this.#home, operation))) return
    pending.send.push({
      run: childRunId(this.#home, operation),
      kind: 'cancel',
      name: '',
      payload: encode({ reason: 'its parent does not wait for it any more', by: `run ${row.run}` }),
      dedupe: `${row.run}/${operation.key}/close`,
      at: this.#home.now(),
    })
  }
}

function isWork(type: Operation['spec']['effect']['type']): boolean {
  return type === 'step' || type === 'model' || type === 'transaction' || type === 'pull'
}

function unwanted(operation: Operation): SpanwiseError {
  return new SpanwiseError({
    code: 'ABANDONED',
    message: `The result of "${operation.key}" is not wanted any more.`,
    hint: 'Its branch or run is over.',
  })
}

function goneChild(run: string): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `The child ${run} is not in this store any more.`,
    hint: 'Fork the run from before its child was started, so that it starts one of its own.',
    run,
  })
}
