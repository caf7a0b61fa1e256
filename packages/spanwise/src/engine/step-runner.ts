import { hash, randomUUID } from 'node:crypto'
import {
  checkPayloadSize,
  decode,
  type Entry,
  encode,
  isSpanwiseError,
  type Meta,
  type RunRow,
} from '../journal/index.ts'
import {
  bytes,
  cachePlace,
  classify,
  type Duration,
  decisionMeta,
  type Execution,
  type FailureClass,
  milliseconds,
  type Operation,
  type OperationHistory,
  OutcomeUnknownError,
  runFunction,
  type StepContext,
  type StepDefinition,
  stepClaims,
  stepPayload,
} from '../workflow/index.ts'
import { Attempt, type AttemptHome, type AttemptLimits, type AttemptResult, unlimited } from './attempt.ts'
import { backoffDelay, retryAfter } from './backoff.ts'
import type { Flight, Wanted } from './cache/index.ts'
import { Cited } from './cited.ts'
import { encodeError } from './error-text.ts'
import type { ExternalTask } from './external/index.ts'
import { judge } from './judge.ts'
import type { Lease, LimitRequest } from './limiter/index.ts'
import type { EngineContext } from './options.ts'
import { obtain, type Pass } from './pass.ts'
import type { StepCalls } from './step-models.ts'
import { isRefusal, type Seat, type WaitingRoom } from './waiting-room.ts'

/** What a step in progress needs of its run. */
export interface StepHome {
  readonly execution: Execution
  readonly engine: EngineContext
  readonly row: Pick<RunRow, 'tenant' | 'workflow' | 'priority' | 'deadline'>
  readonly waitingRoom: WaitingRoom
  /** where the process may die of it: on record when it resolves */
  begins(step: string): Promise<void> | undefined
  /** calls back once everything up to this index is durable */
  whenDurable(index: number, then: () => void): void
  /** calls back at a time; kept over parking by the run's wake-up */
  wakeAt(operation: Operation, at: number, then: () => void): void
  /** one thing less in flight */
  idle(): void
  /** the entry that was just written is the result that a flight was for: others get it when it is durable */
  land(flight: Flight, operation: Operation): void
  /** the model calls of a step */
  calls(operation: Operation): StepCalls
}

/** entries of attempts that do not count as one: a question, a lost process, models that nobody could reach */
const notTries = ['asked', 'lost', 'outage'] as const
const defaultAttempts = 3
const defaultBackoff = 1_000
/** questions to a reconcile function that does not know, before a person is asked */
const mostAsks = 10

/**
 * Brings about one step of a run: attempts, back-off, time limits, intent and reconciliation.
 * A default step writes one row; an intent row comes first where the effect must not be repeated blindly or is placed elsewhere.
 */
export class StepRunner implements AttemptHome {
  readonly operation: Operation
  readonly #home: StepHome
  readonly #definition: StepDefinition
  readonly #input: string
  readonly #edits: number
  #cited: Cited | undefined
  #calls: StepCalls | undefined
  #attempt: Attempt | undefined
  #number = 1
  #asks = 0
  #stopped: 'no' | 'parked' | 'abandoned' = 'no'
  #claim: string | undefined
  #uncertain = false
  #lastTry: number | undefined
  #seat: Seat | undefined
  #lease: Lease | undefined
  #flight: Flight | undefined
  /** its result waits for its turn: until then others wait for it */
  #isOffered = false
  #waited = 0

  constructor(home: StepHome, operation: Operation, history: OperationHistory | undefined) {
    this.operation = operation
    this.#home = home
    this.#definition = (operation.spec.effect as { definition: unknown }).definition as StepDefinition
    this.#edits = history?.edited?.count ?? 0
    this.#input = inputOf(operation, history?.edited)
    if (home.execution.recorded.stepCalls.has(operation.key)) this.#calls = home.calls(operation)
    const retryAt = history === undefined ? undefined : this.#recall(history)
    if (typeof retryAt === 'number' && retryAt > home.engine.clock.now())
      home.wakeAt(operation, retryAt, () => this.#next())
    else home.whenDurable(runsAhead(this.#definition) ? 0 : operation.after, () => this.#next())
  }

  /** Goes on where an earlier worker was; answers when the next attempt is due, where that is known. */
  #recall({ attempts: recorded, intent }: OperationHistory): unknown {
    const attempts = recorded.filter(({ meta }) => notTries.every((why) => meta[why] === undefined))
    this.#number = attempts.length + 1
    this.#uncertain = intent !== undefined || attempts.length > 0
    this.#claim = intent?.meta['claim'] as string | undefined
    this.#ask(recorded, intent)
    return recorded.at(-1)?.meta['retryAt']
  }

  /** What an earlier worker knew: when the latest attempt may still have been under way, and how often it has asked since. */
  #ask(recorded: readonly Entry[], intent: Entry | undefined): void {
    this.#lastTry = recorded.findLast(({ meta }) => meta['asked'] === undefined)?.at
    for (const { meta } of recorded) this.#asks = meta['asked'] === undefined ? 0 : this.#asks + 1
    if (intent === undefined || this.#definition.reconcile === undefined) return
    if (recorded.some(({ index }) => index > intent.index)) return
    // its process died during the attempt, nobody knows when: now at the latest, and that is kept
    const lost = this.#home.execution.record(this.operation, {
      kind: 'step.attempt',
      attempt: this.#number,
      meta: { class: 'unknown outcome', lost: true },
      payload: stepPayload(
        this.#input,
        encodeError(new OutcomeUnknownError(this.operation.clearKey ?? this.operation.key)),
      ),
      input: this.operation.spec.input,
    })
    this.#lastTry = lost.at
  }

  /** Whether an attempt is under way right now. */
  get inFlight(): boolean {
    return this.#attempt !== undefined
  }

  /** waits for a limit: nothing calls back before others end, or time passes */
  get isQueued(): boolean {
    return this.#seat !== undefined
  }

  /** Its run leaves memory: what it waits for is kept for it. */
  detach(): void {
    this.#seat?.detach()
    this.#seat = undefined
  }

  get claim(): string | undefined {
    return this.#claim
  }

  /** True when an attempt is under way and its result will be offered late. */
  stop(why: 'cancelled' | 'abandoned' | 'parked', reason: unknown): boolean {
    this.#stopped = why === 'parked' ? 'parked' : 'abandoned'
    this.#seat?.leave()
    this.#seat = undefined
    if (this.#attempt === undefined) {
      this.#free()
      if (why !== 'parked') this.#leaveFlight()
      return false
    }
    if (why !== 'parked') this.#attempt.abort(reason)
    return true
  }

  #next(): void {
    if (this.#stopped !== 'no' || this.operation.state !== 'open') return
    const { options, reconcile } = this.#definition
    const once = options.effect === 'at-most-once'
    if (this.#uncertain && once && reconcile === undefined)
      return this.#fail(new OutcomeUnknownError(this.operation.clearKey ?? this.operation.key), 'unknown outcome', 0)
    if (this.#uncertain && reconcile !== undefined) {
      const settled = (this.#lastTry ?? 0) + milliseconds(options.settleAfter ?? 0, 'settleAfter')
      if (settled > this.#home.engine.clock.now()) return this.#home.wakeAt(this.operation, settled, () => this.#next())
    }
    if (options.concurrency === undefined && options.rate === undefined && !this.#isCached) return this.#proceed()
    this.#queue()
  }

  /** A fork finds out what happens: it neither takes what others have found, nor is what it finds for them. */
  get #isCached(): boolean {
    return this.#definition.options.cache !== undefined && this.#home.execution.dry === undefined
  }

  /** Waits for the step's limits, and for whoever computes the same. Nothing of the attempt has begun, its timeout least of all. */
  #queue(): void {
    let request: LimitRequest
    let wanted: Wanted | undefined
    try {
      request = this.#request()
      wanted = this.#wanted()
    } catch (error) {
      return this.#fail(error, classify(error), 0)
    }
    const { waitingRoom, execution, engine } = this.#home
    const seat = waitingRoom.enter(execution.run.id, this.operation.key, (signal) =>
      obtain(engine, { ...request, signal }, wanted),
    )
    this.#seat = seat
    seat.listen(() => {
      // not while the run is on its way out of memory: then whoever has it next is called
      // where nothing is begun, the run goes on ahead of the disk
      const after = seat.isReused ? 0 : this.operation.after
      if (this.#seat === seat) this.#home.whenDurable(after, () => this.#admitted(seat))
    })
  }

  #request(): LimitRequest {
    const { row } = this.#home
    const { name, options } = this.#definition
    const deadline = Math.min(this.#deadline(), row.deadline ?? Number.POSITIVE_INFINITY)
    return {
      claims: stepClaims(name, options, decode(this.#input)),
      tenant: row.tenant,
      priority: options.priority ?? row.priority,
      ...(deadline === Number.POSITIVE_INFINITY ? {} : { deadline }),
    }
  }

  #wanted(): Wanted | undefined {
    const { row } = this.#home
    const { name, options, output } = this.#definition
    if (options.cache === undefined || !this.#isCached) return undefined
    const asker = { tenant: row.tenant, workflow: row.workflow, subject: this.operation.scope.subject }
    return { ...cachePlace(name, options.cache, decode(this.#input), asker), step: name, tenant: row.tenant, output }
  }

  #admitted(seat: Seat): void {
    if (this.#seat !== seat) return
    this.#seat = undefined
    const admission = seat.take()
    if (admission === undefined) return
    if ('error' in admission) {
      if (isRefusal(admission.error)) this.#fail(admission.error, classify(admission.error), 0)
      return
    }
    const { pass } = admission
    this.#waited = pass.waited
    if (pass.reused !== undefined) return this.#reuse(pass.reused)
    this.#lease = pass.lease
    this.#flight = pass.flight
    this.#proceed()
  }

  /** A copy, so that the run needs nothing but its own history; where it comes from stands beside it. */
  #reuse({ run, index, result }: NonNullable<Pass['reused']>): void {
    try {
      this.#offer(result, { cached: true, source: run, sourceIndex: index })
    } catch (error) {
      this.#fail(error, classify(error), 0)
    }
  }

  #free(): void {
    this.#lease?.release()
    this.#lease = undefined
    if (!this.#isOffered) this.#leaveFlight()
  }

  #leaveFlight(): void {
    this.#flight?.leave()
    this.#flight = undefined
  }

  #proceed(): void {
    const { options, reconcile } = this.#definition
    const once = options.effect === 'at-most-once'
    if (this.#uncertain && reconcile !== undefined) return this.#reconcile()
    if (once || reconcile !== undefined || this.#isElsewhere) return this.#announce()
    this.#begin()
  }

  /** in a thread, or in another program */
  get #isElsewhere(): boolean {
    const { pool, external } = this.#definition.options
    return pool !== undefined || external !== undefined
  }

  /** The intent is on disk before the effect begins. */
  #announce(): void {
    this.#claim ??= randomUUID()
    const entry = this.#home.execution.record(this.operation, {
      kind: 'step.intent',
      attempt: this.#number,
      meta: { claim: this.#claim, ...this.#poolMeta() },
      payload: stepPayload(this.#input, 'null'),
      input: this.operation.spec.input,
    })
    this.#home.whenDurable(entry.index, () => {
      if (this.#stopped === 'no' && this.operation.state === 'open') this.#begin()
      else this.#free()
    })
  }

  #begin(): void {
    const started = performance.now()
    const attempt = this.#makeAttempt()
    this.#attempt = attempt
    this.#home.engine.events.attempt(this.run.id, this.step)
    attempt.perform(
      (context) => {
        const noted = this.#home.begins(this.operation.key)
        return noted === undefined ? this.#call(context) : noted.then(() => this.#call(context))
      },
      (result) => this.#ended(result, performance.now() - started),
    )
  }

  #ended(result: AttemptResult, ms: number): void {
    this.#attempt = undefined
    this.#lease?.release()
    this.#lease = undefined
    this.#lastTry = this.engine.clock.now()
    this.#finished(result, Math.round(ms * 1_000) / 1_000)
    // what was not offered, or to nobody, is for the next one to compute
    if (this.#stopped === 'abandoned') this.#leaveFlight()
    else this.#free()
    this.#home.idle()
  }

  #call(context: StepContext): Promise<unknown> {
    const { engine, execution } = this.#home
    const { memory } = this.#definition.options
    const value = decode(this.#input)
    const fake = engine.fakes.get(this.#definition.name)
    // it stands for the function alone: schemas hold
    if (fake !== undefined)
      return runFunction({ ...this.#definition, fn: fake as StepDefinition['fn'] }, value, context)
    const { external } = this.#definition.options
    if (external !== undefined) {
      const place = (input: unknown): Promise<never> => this.#place(external, input, context)
      return runFunction({ ...this.#definition, fn: place }, value, context)
    }
    if (this.#definition.options.pool !== undefined)
      return engine.pool().run(
        {
          step: this.#definition.name,
          module: this.#definition.options.module as string,
          input: this.#input,
          priority: this.#definition.options.priority ?? 0,
          memory: memory === undefined ? undefined : bytes(memory, 'memory'),
          context: { idempotencyKey: context.idempotencyKey, attempt: context.attempt, run: execution.run },
        },
        context,
      )
    return runFunction(this.#definition, value, context)
  }

  #place(pool: string, input: unknown, context: StepContext): Promise<never> {
    const { engine, execution, row } = this.#home
    const task: ExternalTask = {
      run: execution.run.id,
      tenant: row.tenant,
      workflow: row.workflow,
      step: this.#definition.name,
      key: this.operation.key,
      pool,
      attempt: this.#number,
      idempotencyKey: context.idempotencyKey,
      input,
      inputText: this.#input,
      claim: this.#claim as string,
      definition: this.#definition,
    }
    return engine.desk.place(task, context)
  }

  #finished(result: AttemptResult, ms: number): void {
    if (this.#stopped !== 'abandoned') this.#cited?.record(this.#home.execution, this.operation, this.#number)
    if (result.ok) {
      try {
        return this.#succeed(result.value, ms)
      } catch (error) {
        return this.#fail(error, classify(error), ms)
      }
    }
    // the worker closes: whoever takes the run over does it again
    if (isSpanwiseError(result.error) && result.error.code === 'POOL_CLOSED') return
    this.#calls?.failed(result.error)
    const { error, failure, again } = judge(this.#definition, result.error)
    const outage = effectIsRepeatable(this.#definition) && isOutage(error)
    const { attempts = defaultAttempts, backoff = defaultBackoff, effect } = this.#definition.options
    const most = effect === 'at-most-once' ? 1 : attempts
    const delay =
      retryAfter(error) ?? backoffDelay(milliseconds(backoff, 'backoff'), this.#number + 1, this.#home.engine.random)
    const retryAt = this.#home.engine.clock.now() + delay
    if ((!outage && (!again || this.#number >= most)) || this.#stopped === 'abandoned' || retryAt >= this.#deadline())
      return this.#fail(error, failure, ms)
    this.#home.execution.record(this.operation, {
      kind: 'step.attempt',
      attempt: this.#number,
      meta: { class: failure, retryAt, ms, ...this.#poolMeta(), ...(outage ? { outage: true } : {}) },
      payload: stepPayload(this.#input, encodeError(error)),
      input: this.operation.spec.input,
    })
    this.#uncertain = true
    if (!outage) this.#number++
    if (this.#stopped === 'no') this.#home.wakeAt(this.operation, retryAt, () => this.#next())
  }

  #succeed(value: unknown, ms: number, how?: Meta): void {
    const result = encode(value, `result of "${this.step}"`)
    const where = this.#poolMeta()
    this.#offer(result, where === undefined && how === undefined ? { ms } : { ms, ...where, ...how })
  }

  #offer(result: string, how: Meta): void {
    const decision = decisionMeta(this.#definition)
    const waited = this.#waited === 0 ? undefined : { waited: this.#waited }
    const meta = decision === undefined && waited === undefined ? how : { ...how, ...waited, ...decision }
    const payload = stepPayload(this.#input, result)
    checkPayloadSize(payload, `What "${this.#definition.name}" was given and returned`)
    this.#isOffered = true
    this.#home.execution.offer({
      kind: 'step.result',
      operation: this.operation,
      attempt: this.#number,
      meta,
      payload,
      input: this.operation.spec.input,
      taken: this.#flight === undefined ? undefined : () => this.#land(),
    })
  }

  #land(): void {
    const flight = this.#flight
    this.#flight = undefined
    if (flight !== undefined) this.#home.land(flight, this.operation)
  }

  #fail(error: unknown, failure: FailureClass, ms: number): void {
    this.#home.execution.offer({
      kind: 'step.error',
      operation: this.operation,
      quiet: this.#definition.options.external !== undefined,
      attempt: this.#number,
      meta: { class: failure, ms, ...this.#poolMeta(), ...decisionMeta(this.#definition) },
      payload: stepPayload(this.#input, encodeError(error)),
      input: this.operation.spec.input,
    })
  }

  /** An earlier attempt may have taken effect: ask the other side before repeating it. */
  #reconcile(): void {
    const { reconcile } = this.#definition
    const started = performance.now()
    const attempt = this.#makeAttempt()
    this.#attempt = attempt
    attempt.perform(
      (context) => (reconcile as NonNullable<StepDefinition['reconcile']>)(decode(this.#input), context),
      (result) => {
        this.#attempt = undefined
        this.#reconciled(result, performance.now() - started)
        this.#home.idle()
      },
    )
  }

  #reconciled(result: AttemptResult, ms: number): void {
    if (this.operation.state !== 'open') return this.#free()
    this.#cited?.record(this.#home.execution, this.operation, this.#number)
    const answer = readAnswer(result)
    // one that goes on to its next attempt does so under the same limit
    if (answer.done !== false || this.#stopped !== 'no') this.#free()
    if (answer.done === true) {
      try {
        return this.#succeed(answer.result, ms, { reconciled: true })
      } catch (error) {
        return this.#fail(error, classify(error), ms)
      }
    }
    if (answer.done === false) {
      this.#uncertain = false
      if (this.#stopped === 'no') this.#announce()
      return
    }
    if (++this.#asks >= mostAsks) {
      const message = `Whether "${this.operation.clearKey ?? this.operation.key}" took effect is still not known after ${mostAsks} questions to its reconcile function.`
      return this.#fail(new OutcomeUnknownError(this.#definition.name, message), 'unknown outcome', ms)
    }
    const wait =
      answer.retryAfter === undefined
        ? backoffDelay(defaultBackoff, this.#asks + 1, this.#home.engine.random)
        : milliseconds(answer.retryAfter, 'retryAfter')
    const retryAt = this.#home.engine.clock.now() + wait
    // on record, so that being asked again ends some day although the run leaves memory in between
    this.#home.execution.record(this.operation, {
      kind: 'step.attempt',
      attempt: this.#number,
      meta: { class: 'unknown outcome', asked: this.#asks, retryAt, ms },
      payload: stepPayload(this.#input, encodeError(result.ok ? undefined : result.error)),
      input: this.operation.spec.input,
    })
    if (this.#stopped === 'no') this.#home.wakeAt(this.operation, retryAt, () => this.#next())
  }

  #makeAttempt(): Attempt {
    const { timeout, deadline } = this.#definition.options
    const queued = this.#isElsewhere
    if (timeout === undefined && deadline === undefined && !queued) return new Attempt(this, unlimited)
    const limits: AttemptLimits = {
      timeout: timeout === undefined ? undefined : milliseconds(timeout, 'timeout'),
      deadline: deadline === undefined ? undefined : Math.max(0, this.#deadline() - this.engine.clock.now()),
      queued,
    }
    return new Attempt(this, limits)
  }

  // ---- what an attempt needs

  get engine(): EngineContext {
    return this.#home.engine
  }

  get run(): Execution['run'] {
    return this.#home.execution.run
  }

  get step(): string {
    return this.#definition.name
  }

  get number(): number {
    return this.#number
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.#home.execution, this.operation, this.#edits)
  }

  get cite(): StepContext['cite'] {
    this.#cited ??= new Cited(this.step)
    return this.#cited.cite
  }

  progress(value: unknown): void {
    this.engine.events.progress(this.run.id, value)
  }

  models(signal: AbortSignal): ReturnType<StepCalls['attempt']> {
    this.#calls ??= this.#home.calls(this.operation)
    return this.#calls.attempt(signal)
  }

  // ---- what its definition says

  #deadline(): number {
    const { deadline } = this.#definition.options
    return deadline === undefined
      ? Number.POSITIVE_INFINITY
      : this.operation.issuedAt + milliseconds(deadline, 'deadline')
  }

  #poolMeta(): Meta | undefined {
    const { pool, external } = this.#definition.options
    const where = external ?? pool
    return where === undefined ? undefined : { pool: where }
  }
}

function effectIsRepeatable({ options }: StepDefinition): boolean {
  return options.effect !== 'at-most-once'
}

/** No model could be reached: that is waited for, and says nothing about the step. */
function isOutage(error: unknown): boolean {
  return (error as { outage?: unknown } | null)?.outage === true
}

export function idempotencyKey(execution: Execution, operation: Operation, edits: number): string {
  return hash('sha256', `${execution.run.id}\u0000${operation.key}\u0000${edits}`, 'hex').slice(0, 32)
}

type Answer =
  | { readonly done: true; readonly result: unknown }
  | { readonly done: false }
  | { readonly done: 'unknown'; readonly retryAfter: number | undefined }

/** Anything but a clear answer is none: a reconcile function that throws or talks nonsense does not know. */
function readAnswer(result: AttemptResult): Answer {
  const said = result.ok
    ? (result.value as { done?: unknown; result?: unknown; retryAfter?: unknown } | null | undefined)
    : undefined
  if (said?.done === true) return { done: true, result: said.result }
  if (said?.done === false) return { done: false }
  try {
    const after = said?.retryAfter as Duration | undefined
    return { done: 'unknown', retryAfter: after === undefined ? undefined : milliseconds(after) }
  } catch {
    return { done: 'unknown', retryAfter: undefined }
  }
}

/** Codec text of what the step is called with: the operator's, where one was given. */
export function inputOf(operation: Operation, edited: OperationHistory['edited']): string {
  return edited === undefined ? (operation.spec.effect as { text: string }).text : encode(edited.value, 'edited input')
}

/** What only computes does no harm where what it depends on is lost, and computed again. */
function runsAhead({ options, reconcile }: StepDefinition): boolean {
  return options.effect === 'none' && options.pool === undefined && reconcile === undefined
}
