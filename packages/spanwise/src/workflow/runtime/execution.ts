import {
  type Entry,
  type EntryKind,
  encode,
  keyToken,
  keyTokenUnder,
  type Meta,
  type NewEntry,
  SpanwiseError,
} from '../../journal/index.ts'
import { Redactor } from '../../redaction/index.ts'
import { CancelledError, ReplayError } from '../errors.ts'
import { classify, endsRun } from '../failure.ts'
import type { RunInfo } from '../types.ts'
import { type Compensation, runCompensations } from './compensation.ts'
import { type Control, readControl } from './control.ts'
import { erasedContent } from './erased.ts'
import { dryError, dryKeys, hasEffect, isAllowed } from './fork.ts'
import type { Dry } from './fork-mark.ts'
import { HistoryWriter, type OperationEntry, ofOperation } from './history-writer.ts'
import type { Ending, Host, Offer } from './host.ts'
import { LazyAbort } from './lazy-abort.ts'
import { continuationPayload } from './lifecycle.ts'
import { Mailbox, type Placed } from './mailbox.ts'
import type { Delivered, Ground, Operation, OperationSpec, Recorded, Runtime, Scope, Settlement } from './model.ts'
import { OpenOperations } from './open-operations.ts'
import { findOrigin, markOrigin } from './origin.ts'
import { inStep, readRecorded } from './recorded.ts'
import { Replay } from './replay.ts'
import { frames, isClosed, issuedIn, noteTaken, occurrence, rootScope } from './scope.ts'
import type { Letter, Started } from './started.ts'
import { deferred, expectFailure, type TrackedPromise } from './tracked.ts'

export interface ExecutionInit {
  readonly run: RunInfo
  readonly secret: Uint8Array
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** of a fork: what tokens in the keys that it took over were made with */
  readonly tokenKey?: Uint8Array | undefined
  readonly entries: readonly Entry[]
  readonly host: Host
  /** finished items after which `each` takes its first snapshot; 500 */
  readonly snapshotAfter?: number | undefined
  /** what must not be written; secrets by their form where nothing says so */
  readonly redactor?: Redactor | undefined
  /** calls the user's function inside the given scope */
  readonly body: (execution: Execution, scope: Scope, started: Started) => Promise<unknown>
  readonly started: (payload: Entry) => Started
}

type Phase = 'body' | 'parked' | 'closing' | 'compensating' | 'ended'

/**
 * One run in memory: replays its history and then lives on, one delivery at a time.
 *
 * The delivery rule, live and on replay: one result gets its index and is handed over; then the run drains for one turn of the
 * event loop; then the next. Operations may be issued only in that turn (the *window*), so which delivery issued an operation
 * is a fact and plain promises, loops and `try/finally` are deterministic. Pure: no I/O, no clock, no timers of its own.
 */
export class Execution implements Runtime {
  readonly run: RunInfo
  readonly secret: Uint8Array
  readonly root: Scope
  readonly abort = new LazyAbort()
  readonly mailbox: Mailbox
  readonly compensations: Compensation[] = []
  readonly recorded: Recorded
  readonly started: Started
  readonly snapshotAfter: number
  readonly redactor: Redactor
  /** time of the last delivery, ms */
  time: number
  /** index of the last delivery */
  current: number
  #control: Control | undefined

  readonly #host: Host
  readonly #secrets: Map<string, Uint8Array>
  readonly #tokenKey: Uint8Array | undefined
  readonly #body: ExecutionInit['body']
  readonly #operations = new OpenOperations()
  readonly #writer: HistoryWriter
  readonly #replay: Replay
  #queue: Offer[] = []
  /** entries that have their place already, in its order */
  #handover: NewEntry[] = []
  /** place of an entry that is on its way to the store: nothing behind it is handed over before it is there */
  #reserved = Number.POSITIVE_INFINITY
  #tasks: (() => void)[] = []
  #rejected: { readonly promise: TrackedPromise<unknown>; readonly error: unknown }[] = []
  #inFlight = new Set<Operation>()
  readonly #unwanted: { readonly operation: Operation; readonly why: 'cancelled' | 'abandoned' }[] = []
  #drifted: Operation[] = []
  readonly #modelKeys = new Set<string>()
  /** places of signals that a restored scope took before they were replayed */
  readonly #ahead = new Set<number>()
  #open = false
  #phase: Phase = 'body'
  #detached = false
  #outcome: Settlement | undefined
  #final: Ending | undefined
  #continuing: { readonly input: unknown } | undefined
  /** its compensations are due after what is still to be delivered */
  #uncompensated: Ending | undefined
  #compensated: Ending | undefined
  #broken: unknown
  #followed = false
  /** until they are replayed */
  #loaded: readonly Entry[]

  constructor(init: ExecutionInit) {
    this.secret = init.secret
    this.#secrets = new Map(init.secrets)
    this.#tokenKey = init.tokenKey
    this.#host = init.host
    this.#body = init.body
    this.snapshotAfter = init.snapshotAfter ?? 500
    this.recorded = readRecorded(init.entries)
    this.#loaded = init.entries
    this.#replay = new Replay(init.run.id, this.recorded, {
      open: (key) => this.#operations.get(key),
      rename: (operation, key) => {
        this.#operations.rename(operation, key)
        this.#modelKeys.add(key)
      },
      secretOf: (subject) => this.#secretOf(subject),
    })
    this.redactor = init.redactor ?? Redactor.of(undefined)
    this.#writer = new HistoryWriter(init.host, init.entries.at(-1) as Entry, this.redactor)
    this.started = init.started(this.recorded.start)
    this.run = runInfo(init.run, this.started)
    this.time = beginOf(this.recorded.start, init.entries)
    this.current = this.recorded.start.index
    this.root = rootScope(
      this,
      this.started.generation === 0 ? '' : `@${this.started.generation}/`,
      this.recorded.start.subject,
    )
    this.mailbox = new Mailbox(this.started.mailbox, this.recorded.taken)
    this.#tasks.push(() => this.#begin())
  }

  /** Behind a fork point another one, so that what is made of it is not taken for the source's. */
  get seed(): string {
    const mark = this.recorded.forked.findLast(({ index }) => index <= this.current)
    return mark === undefined ? this.started.seed : `${this.started.seed}\u0000${mark.salt}`
  }

  get dry(): Dry | undefined {
    const { dry, forked } = this.recorded
    const { started } = this
    if (forked.length > 0 || started.dry === undefined) return forked.length > 0 ? dry : undefined
    return {
      allow: [...started.dry.allow, ...(dry?.allow ?? [])],
      results: { ...started.dry.results, ...dry?.results },
    }
  }

  get ownCompensations(): readonly Compensation[] {
    const mark = this.recorded.forked.at(-1)
    if (mark === undefined || this.#tookOverCompensating(mark.index)) return this.compensations
    return this.compensations.filter(({ at }) => at > mark.index)
  }

  /** It was forked while its source compensated: what was begun is seen through. */
  #tookOverCompensating(point: number): boolean {
    for (const [key, { outcome }] of this.recorded.operations)
      if (key.startsWith(this.#compensationPrefix) && outcome !== undefined && outcome.index < point) return true
    return false
  }

  /** When an operation is due: what a fork took over goes on with what was left of it. */
  dueOf({ spec, after }: Operation): number | undefined {
    return spec.due === undefined || spec.fixed === true ? spec.due : spec.due + this.#shift(after)
  }

  #shift(after: number): number {
    let shift = 0
    for (const mark of this.recorded.forked) if (mark.index > after) shift += mark.shift
    return shift
  }

  /** It was started by the source of the fork, before it: neither is it this run's to end, nor another one in its place. */
  isShared(run: string): boolean {
    return this.recorded.shared.has(run)
  }

  get replaying(): boolean {
    return this.#replay.on
  }

  get ended(): boolean {
    return this.#phase === 'ended'
  }

  /** The body failed and nobody has mended it yet. */
  get parked(): boolean {
    return this.#phase === 'parked'
  }

  get operations(): Iterable<Operation> {
    return this.#operations.values()
  }

  /** Whether a turn would do anything. */
  get hasTurn(): boolean {
    if (this.#phase === 'ended' || this.#detached) return false
    return this.#tasks.length > 0 || this.#canHandOver || !this.#replay.isUsedUp || this.#canTake
  }

  get #canHandOver(): boolean {
    return (this.#handover[0]?.index ?? Number.POSITIVE_INFINITY) < this.#reserved
  }

  get #canTake(): boolean {
    return this.#queue.length > 0 && this.#reserved === Number.POSITIVE_INFINITY
  }

  // ---- what constructs use

  /** Issues an operation in the current window; `known` settles it at once, without an entry, where replayed code alone decides it. */
  issue<T>(scope: Scope, spec: OperationSpec, known?: Settlement): Promise<T> {
    const refused = this.refusal(scope, spec.name)
    if (refused !== undefined) return this.track(Promise.reject(refused))
    const name = spec.kind === 'model' ? this.#modelName(scope, spec.name) : occurrence(scope, spec.name)
    if (known !== undefined)
      return this.track(known.ok ? Promise.resolve(known.value as T) : Promise.reject(known.error))
    const { after, time } = issuedIn(scope)
    const { operation, promise } = this.#operations.add<T>(scope, spec, name, { after, at: time + this.#shift(after) })
    this.#replay.issued(operation)
    return promise
  }

  /** A call that took the record of another request has taken its key too. */
  #modelName(scope: Scope, name: string): string {
    for (;;) {
      const one = occurrence(scope, name)
      if (this.#modelKeys.has(scope.prefix + one)) continue
      this.#modelKeys.add(scope.prefix + one)
      return one
    }
  }

  /** Why an operation may not be issued now; breaks the run where the code left the promise of replay. */
  refusal(scope: Scope, what: string): unknown {
    if (isClosed(scope)) {
      return new SpanwiseError({
        code: 'SCOPE_CLOSED',
        message: `"${what}" was called from a branch that is over.`,
        hint: 'Await what a branch starts inside the branch: when parallel, race, each or the body settles, its leftovers are dropped.',
        run: this.run.id,
      })
    }
    if (this.#open && !this.#detached) return undefined
    const error = new ReplayError({
      code: 'NOT_ADVANCING',
      message: `"${what}" was called while its run was not being advanced: the code had waited for something that is not recorded (fetch, setTimeout, another run's promise), or the call reached this run through a shared queue or loader.`,
      hint: 'Do I/O inside a step, wait with sleep() or signals, and do not share promises between runs.',
      run: this.run.id,
    })
    if (!this.#detached) this.break(error)
    return error
  }

  /** Wraps a construct's promise, so that its unseen failure counts when the body settles. */
  track<T>(work: Promise<T>): TrackedPromise<T> {
    const { promise, resolve, reject } = deferred<T>()
    work.then(resolve, (error) => {
      this.#failed(promise, error)
      reject(error)
    })
    return promise
  }

  /** Ends a scope: what is open in it is abandoned; waits consume nothing. */
  closeScope(scope: Scope): void {
    scope.closed = true
    for (const operation of this.#operations.within(scope)) this.#abandon(operation)
  }

  #abandon(operation: Operation): void {
    if (operation.state !== 'open') return
    this.#operations.close(operation, 'abandoned')
    if (this.#stop(operation, 'abandoned')) this.#inFlight.add(operation)
    // code that goes on behind a body that is through may close the scope of a child that is waited for
    else if (this.#inFlight.delete(operation)) this.#finishIfQuiet()
  }

  /** True when something of it is still in flight. */
  #stop(operation: Operation, why: 'cancelled' | 'abandoned'): boolean {
    if (operation.started) return this.#host.stop(operation, why)
    if (this.#replay.on && this.#replay.wasAnnounced(operation.key)) this.#unwanted.push({ operation, why })
    return false
  }

  /** An earlier worker began these, and may have died before it took them back: saying it twice does no harm. */
  #takeBack(): void {
    for (const { operation, why } of this.#unwanted.splice(0)) this.#host.stop(operation, why)
  }

  /** History that nothing is delivered from. Written once per key. */
  note(scope: Scope, key: string, meta: Meta, payload?: string): void {
    if (this.recorded.notes.has(key)) return
    const clearKey = clearOf(scope, key)
    const { subject } = scope
    this.#writer.write({ kind: 'note', key, clearKey, after: this.current, attempt: 0, meta, payload, subject })
  }

  /** A construct's continuation as data. False where it may not be on record as it is: then it is not. */
  snapshot(scope: Scope, key: string, payload: string, meta?: Meta): boolean {
    if (this.#replay.on || !this.#mayStand(payload, meta)) return false
    this.#writer.write({
      kind: 'scope.snapshot',
      key,
      clearKey: clearOf(scope, key),
      after: issuedIn(scope).after,
      attempt: 0,
      meta,
      payload,
      subject: scope.subject,
    })
    return true
  }

  /**
   * A continuation that would have to be redacted is not what the code goes on with: none is written, and the history is replayed.
   * The one at the end is for whoever looks, written whole: labels in a patch could meet others.
   */
  #mayStand(payload: string, meta: Meta | undefined): boolean {
    const { values } = this.redactor
    if (values === 'keep' || (values === 'label' && meta?.['done'] === true && meta['patch'] !== true)) return true
    return this.redactor.encoded(payload) === undefined
  }

  /** One construct of the body itself is followed, the first that asks: a body that is a graph or an agent has no other. */
  groundOf(scope: Scope, key: string): Ground {
    const { forked, resumed, taken, snapshots } = this.recorded
    // what resumes and forks say of the history before them is read from it
    if (scope !== this.root || forked.length > 0 || resumed || this.#followed) return () => undefined
    this.#followed = true
    const restored = snapshots.get(key)?.[0]
    const ground = restored === undefined ? this.#lastPlace : Number(restored.meta['ground'] ?? Number.NaN)
    let isAlone = !Number.isNaN(ground)
    // each has to be taken by the construct: one that something else took has to be replayed
    const signals = new Set<number>()
    const see = ({ index, kind, key: about }: Pick<Entry, 'index' | 'kind' | 'key'>): void => {
      if (index <= ground) return
      if (kind === 'signal.received') signals.add(index)
      else isAlone &&= about === key || about.startsWith(`${key}[`)
    }
    this.#loaded.forEach(see)
    for (const index of taken) signals.delete(index)
    this.#writer.watch(see)
    return (more) => {
      for (const index of more) signals.delete(index)
      return isAlone && signals.size === 0 ? ground : undefined
    }
  }

  /** What comes behind it is what the code asks for from now on. */
  get #lastPlace(): number {
    return this.#replay.on ? this.current : this.#writer.last
  }

  /** The next early signal of this name that is there for the scope. */
  takeLetter(scope: Scope, name: string): Letter | undefined {
    const { begun } = scope
    const ahead = begun?.window === this.current ? begun.letters : undefined
    const letter = ahead === undefined ? this.mailbox.take(name) : this.#takeAhead(name, ahead)
    if (letter !== undefined) noteTaken(scope, letter.place)
    return letter
  }

  /** A restored scope had letters whose delivery is still to be replayed. */
  #takeAhead(name: string, places: readonly number[]): Placed | undefined {
    for (const place of places) {
      const waiting = this.mailbox.takeAt(place, name)
      if (waiting !== undefined) return waiting
      const entry = this.#ahead.has(place) ? undefined : this.#replay.signalAt(place, name)
      if (entry === undefined) continue
      this.#ahead.add(place)
      return { name, payload: entry.payload, place }
    }
    return undefined
  }

  /** Short stand-in for a user-made part of a key, under the secret of whom it is about. */
  keyToken(text: string, subject?: string): string {
    if (subject === undefined && this.#tokenKey !== undefined) return keyTokenUnder(this.#tokenKey, text)
    return keyToken(this.#secretOf(subject), text)
  }

  /** Token of a subject, made with its secret where it is new. Not for the body: it waits. */
  async subjectToken(subject: string): Promise<string> {
    const { token, secret } = await this.#host.subject(subject)
    this.#secrets.set(token, secret)
    return token
  }

  #secretOf(subject: string | undefined): Uint8Array {
    if (subject === undefined) return this.secret
    const secret = this.#secrets.get(subject)
    if (secret !== undefined) return secret
    throw new SpanwiseError({
      code: 'ERASED',
      message: 'What this run holds about a subject was erased.',
      hint: 'The run cannot go on with it: give it up, or fork it from before.',
      run: this.run.id,
    })
  }

  continueWith(input: unknown): Promise<never> {
    this.#continuing ??= { input }
    return new Promise<never>(() => {})
  }

  // ---- what the engine uses

  /** Something arrived. It becomes an entry when its turn comes. */
  offer(offer: Offer): void {
    if (this.#phase === 'ended' || this.#detached) return
    const operation = offer.operation
    if (offer.written !== undefined) this.#reserved = Number.POSITIVE_INFINITY
    if (operation !== undefined && operation.state !== 'open') return this.#late(offer, operation)
    // history may have more to say about a body that is through, an order to end above all: that came first
    if (operation !== undefined && this.#phase === 'closing' && !this.#replay.isUsedUp) {
      this.#queue.push(offer)
      return
    }
    // a settled body takes no results, but they count when the run is resumed
    if (operation !== undefined && (this.#phase === 'parked' || this.#phase === 'closing')) {
      this.#operations.close(operation, 'settled')
      if (offer.written === undefined) this.#append(offer)
      offer.taken?.()
      this.#inFlight.delete(operation)
      this.#finishIfQuiet()
      return
    }
    if (offer.written !== undefined) this.#handOver(offer.written)
    else this.#queue.push(offer)
    this.#host.ready()
  }

  #handOver(entry: NewEntry): void {
    const at = this.#handover.findIndex(({ index }) => index > entry.index)
    this.#handover.splice(at < 0 ? this.#handover.length : at, 0, entry)
  }

  /** Cancelled before its code was begun: it never is. */
  withhold(): void {
    this.#tasks = []
    this.#phase = 'parked'
    // a fork that has done nothing of its own yet has a history all the same
    this.#replay.skipRest()
    this.#replay.end()
  }

  /** Dropped from memory: whatever still runs of the code is not this run any more. */
  detach(): void {
    this.#detached = true
    this.#open = false
  }

  #late(offer: Offer, operation: Operation): void {
    if (offer.written === undefined && offer.quiet !== true && /^(step|model)[.](result|error)$/.test(offer.kind)) {
      const { kind, attempt = 0, meta, payload } = offer
      const note = ofOperation(operation, { kind: 'note', attempt, meta: { ...meta, late: kind }, payload })
      this.#writer.write({ ...note, after: this.current })
    }
    // it has a place in the order of deliveries, although nobody is there for it
    if (offer.written !== undefined && this.#isRunning) {
      this.#handOver(offer.written)
      this.#host.ready()
    }
    offer.taken?.()
    this.#inFlight.delete(operation)
    this.#finishIfQuiet()
  }

  /** An entry that is not delivered: a failed attempt, an intent. */
  record(operation: Operation, entry: OperationEntry): NewEntry {
    return this.#writer.write(ofOperation(operation, entry))
  }

  /** An entry about a model call that a step makes. Not delivered: the step is handed its answer. */
  recordCall(operation: Operation, name: string, entry: OperationEntry): NewEntry {
    const { key, clearKey } = operation
    const call = { key: `${key}${inStep}${name}`, clearKey: clearKey && `${clearKey}${inStep}${name}` }
    return this.#writer.write({ ...ofOperation(operation, entry), ...call })
  }

  /** For `step.transaction`: the entry that its commit carries. Reserves the index; `offer` it as `written` afterwards. */
  reserve(operation: Operation, entry: OperationEntry): NewEntry {
    const made = this.#writer.make(ofOperation(operation, entry))
    this.#reserved = made.index
    return made
  }

  /** Opens the window: hands one thing over. The window stays open until `close`, one turn of the event loop later. */
  open(): void {
    if (!this.hasTurn) return
    try {
      const task = this.#tasks.shift()
      if (task !== undefined) {
        this.#open = true
        return task()
      }
      const next = this.#next()
      if (next === undefined) return
      this.#open = this.#phase !== 'parked'
      this.#deliver(next)
    } catch (error) {
      this.break(error)
    }
  }

  #next(): Delivered | undefined {
    if (this.#canHandOver) return asDelivered(this.#handover.shift() as NewEntry)
    if (!this.#replay.isUsedUp) {
      if (this.#replay.on && this.#phase !== 'parked') this.#replay.checkWindow(this.current)
      return this.#replay.next()
    }
    const offer = this.#canTake ? this.#queue.shift() : undefined
    if (offer === undefined) return undefined
    if (offer.operation !== undefined && offer.operation.state !== 'open') {
      this.#late(offer, offer.operation)
      return undefined
    }
    const entry = this.#append(offer)
    offer.taken?.()
    return asDelivered(entry)
  }

  /** Closes the window: what was issued in it is started; a settled body is dealt with. */
  close(): void {
    this.#open = false
    if (this.#phase === 'ended' || this.#phase === 'parked' || this.#detached) return
    try {
      if (this.#phase === 'closing' && this.#replay.isUsedUp)
        for (const offer of this.#queue.splice(0)) this.offer(offer)
      this.#closeWindow()
    } catch (error) {
      this.break(error)
    }
  }

  #closeWindow(): void {
    if (this.#continuing !== undefined) return this.#continue()
    if (this.#outcome !== undefined && this.#phase === 'body' && !this.#owesResumed) this.#settleBody(this.#outcome)
    if (this.#compensated !== undefined && this.#phase === 'compensating') return this.#end(this.#compensated)
    if (!this.#replay.on) this.#startAll(this.#replay.takeIssued())
    else if (this.#replay.isUsedUp && this.#tasks.length === 0 && this.#isRunning) this.#goLive()
    if (this.#rejected.length > 64) this.#rejected = this.#rejected.filter(({ promise }) => !promise.observed)
    this.#checkQuiet()
  }

  /** History is used up: what is open is wanted now. */
  #goLive(): void {
    this.#replay.checkWindow(this.current)
    this.#replay.end()
    this.#loaded = []
    this.#takeBack()
    this.#startAll(this.#operations.all())
  }

  /** All that is wanted at once; or, in a fork, nothing of it where something may not happen. */
  #startAll(operations: readonly Operation[]): void {
    const { dry } = this
    if (dry !== undefined) {
      const refused = operations.filter((operation) => this.#isRefused(operation, dry))
      if (refused.length > 0) throw dryError(this.run.id, refused)
    }
    for (const operation of operations) this.#start(operation)
  }

  #isRefused(operation: Operation, { allow, results }: Dry): boolean {
    if (operation.state !== 'open' || operation.started) return false
    const isGiven = results !== undefined && Object.hasOwn(results, operation.key)
    // what a model answers cannot be given: its shape is the SDK's
    if (isGiven && operation.spec.effect.type !== 'model') return false
    if (this.recorded.operations.get(operation.key)?.announcement?.kind === 'child.started') return false
    return hasEffect(operation, (run) => this.isShared(run)) && !isAllowed(operation, allow)
  }

  /** The body is through without an operation that nobody awaited, but whose failure counted and was resumed: then so does this. */
  get #owesResumed(): boolean {
    if (this.#outcome?.ok !== true || this.#control !== undefined) return false
    for (const key of this.recorded.reopened) if (this.#operations.get(key) !== undefined) return true
    return false
  }

  /** code of the run can move it */
  get #isRunning(): boolean {
    return this.#phase === 'body' || this.#phase === 'compensating'
  }

  /** The grace of a settled body is over: only children that are waited for on purpose are still waited for. */
  graceOver(): void {
    for (const operation of this.#inFlight) if (!isChild(operation)) this.#inFlight.delete(operation)
    this.#finishIfQuiet()
  }

  /** Nothing of the settled body is in flight any more. */
  #finish(): void {
    const final = this.#final as Ending
    if (final.status === 'completed' || this.ownCompensations.length === 0) return this.#end(final)
    this.#phase = 'compensating'
    this.#compensateWhenDue(final)
  }

  /** What came while the body was being closed comes before compensations when it is replayed too. */
  #compensateWhenDue(final: Ending): void {
    const first = this.#replay.on ? this.#replay.firstIn(this.#compensationPrefix) : undefined
    if (first !== undefined && first.after > this.current && !this.#replay.isUsedUp) {
      this.#uncompensated = final
      return
    }
    this.#uncompensated = undefined
    this.#tasks.push(() => this.#compensate(final))
    this.#host.ready()
  }

  get #compensationPrefix(): string {
    return `${this.root.prefix}compensate#0/`
  }

  /** A promise that the code forgot was rejected: counts like a failure of the body, now. */
  fail(error: unknown): void {
    if (this.#phase !== 'body' || this.#detached) return
    this.#outcome = { ok: false, error }
    if (!this.#open) {
      this.#tasks.push(() => {})
      this.#host.ready()
    }
  }

  /** The run left what can be replayed, or its history does not fit: it parks with this error. What is in flight may finish. */
  break(error: unknown): void {
    if (this.#broken !== undefined || this.#phase === 'ended' || this.#phase === 'parked') return
    this.#broken = error
    this.#parkHere()
    // on record already where a fork that waits for a word is only looked at again
    const known = dryKeys(error) !== undefined && this.recorded.parked?.meta['code'] === 'FORK_DRY'
    this.#host.ended({ status: 'needs attention', error, operation: undefined, known })
  }

  // ---- the body

  #begin(): void {
    const settle = (outcome: Settlement) => {
      if (this.#outcome !== undefined || this.#continuing !== undefined) return
      this.#outcome = outcome
      if (!this.#open && this.#phase !== 'ended' && this.#broken === undefined) this.refusal(this.root, 'return')
    }
    let work: Promise<unknown>
    try {
      work = frames.run(this.root, () => this.#body(this, this.root, this.started))
    } catch (error) {
      work = Promise.reject(error)
    }
    work.then(
      (value) => settle({ ok: true, value }),
      (error) => settle({ ok: false, error }),
    )
  }

  #settleBody(outcome: Settlement): void {
    const result = this.#judge(outcome)
    if (result.status !== 'needs attention') return this.#closeRoot(result)
    const known = this.#replay.on && this.recorded.parked !== undefined
    this.#parkHere()
    // it may have parked here and then been cancelled or given up: go on from there
    if (this.#replay.skipToControl()) return
    this.#replay.skipRest()
    if (!known) this.#takeBack()
    this.#host.ended({ ...result, known })
  }

  /** Nobody but an operator moves the run from here; what is in flight is left to finish and counts at resume. */
  #parkHere(): void {
    this.#open = false
    this.root.closed = true
    this.#phase = 'parked'
    this.#tasks = []
    for (const operation of this.#operations.all())
      if (!operation.started || !this.#host.stop(operation, 'parked')) this.#operations.close(operation, 'abandoned')
    for (const offer of this.#queue.splice(0)) this.offer(offer)
  }

  #judge(outcome: Settlement): Exclude<Ending, { status: 'continued' }> {
    if (this.#control !== undefined) return this.#control
    const unseen = outcome.ok ? this.#rejected.find(({ promise }) => !promise.observed) : undefined
    if (outcome.ok && unseen === undefined) return { status: 'completed', value: outcome.value }
    const error = unseen !== undefined ? unseen.error : (outcome as { error: unknown }).error
    if (endsRun(error)) return { status: 'failed', error }
    return { status: 'needs attention', error, operation: findOrigin(error)?.clearKey, known: false }
  }

  #closeRoot(final: Ending): void {
    this.#final = final
    this.root.closed = true
    this.#phase = 'closing'
    const isWanted = ({ key, spec }: Operation): boolean =>
      final.status === 'completed' &&
      spec.effect.type === 'child' &&
      spec.effect.onParentClose === 'wait' &&
      this.recorded.operations.get(key)?.outcome === undefined
    const wanted = this.#operations.all().filter(isWanted)
    if (wanted.length > 0 && this.#replay.on) {
      // the code is through and its history still goes on: what comes now is about children only
      this.#replay.checkWindow(this.current)
      this.#replay.end()
    } else if (final.status === 'completed' && this.#replay.on) {
      // what the body left had come to its end before it was told to stop
      const later = this.#replay.laterControl
      if (later !== undefined) this.#final = readControl(later)
    }
    for (const operation of this.#operations.all()) {
      if (wanted.includes(operation)) {
        this.#start(operation)
        this.#inFlight.add(operation)
      } else this.#abandon(operation)
    }
    // what had arrived already is about a body that is through
    for (const offer of this.#queue.splice(0)) this.offer(offer)
    if (this.#phase !== 'closing') return
    if (this.#inFlight.size === 0) this.#finish()
    else if ([...this.#inFlight].some((operation) => !isChild(operation))) this.#host.closing()
  }

  #finishIfQuiet(): void {
    if (this.#phase === 'closing' && this.#inFlight.size === 0) this.#finish()
  }

  #compensate(final: Ending): void {
    const scope = rootScope(this, this.#compensationPrefix, this.root.subject)
    frames.run(scope, () =>
      runCompensations(this.ownCompensations).then(
        () => {
          this.#compensated = final
        },
        (error) => {
          this.#compensated = {
            status: 'needs attention',
            error,
            operation: findOrigin(error)?.clearKey,
            known: this.#replay.on && this.recorded.parked !== undefined,
          }
        },
      ),
    )
  }

  #continue(): void {
    if (this.#replay.on) {
      this.#keepLetters()
      this.#replay.checkUsedUp(this.current)
    }
    const { input } = this.#continuing as { input: unknown }
    this.root.closed = true
    for (const operation of this.#operations.all()) this.#abandon(operation)
    this.#takeBack()
    const generation = this.started.generation + 1
    this.#writer.write({
      kind: 'run.continued',
      key: '',
      after: this.current,
      attempt: 0,
      meta: { generation },
      payload: continuationPayload(this, input, generation),
      subject: this.root.subject,
    })
    this.#phase = 'ended'
    this.#host.ended({ status: 'continued' })
  }

  /**
   * After a resume the code may come here sooner than it did before: signals that are on record behind this place were taken from
   * the inbox, and nothing else would hand them to the next generation.
   */
  #keepLetters(): void {
    for (const entry of this.#replay.signals()) if (!this.#ahead.has(entry.index)) this.mailbox.put(this.#letter(entry))
  }

  #letter(entry: Delivered): Placed {
    if ((entry as Partial<Entry>).erased === true) throw erasedContent({ run: this.run.id, index: entry.index })
    return { name: String(entry.meta['signal']), payload: entry.payload, place: entry.index }
  }

  #end(ending: Ending): void {
    if (this.#replay.on && ending.status !== 'needs attention') this.#replay.checkUsedUp(this.current)
    this.#phase = ending.status === 'needs attention' ? 'parked' : 'ended'
    this.#takeBack()
    this.#host.ended(ending)
  }

  // ---- delivery

  #deliver(entry: Delivered): void {
    this.current = entry.index
    if (entry.at > this.time) this.time = entry.at
    // whatever the code made of it, it cannot be made again
    if ((entry as Partial<Entry>).erased === true) throw erasedContent({ run: this.run.id, index: entry.index })
    if (this.#uncompensated !== undefined) this.#compensateWhenDue(this.#uncompensated)
    if (entry.kind === 'signal.received') {
      if (this.#ahead.delete(entry.index)) return
      const letter = this.#letter(entry)
      const wait = this.#operations.waitFor(letter.name)
      if (wait === undefined) return this.mailbox.put(letter)
      noteTaken(wait.scope, entry.index)
      this.#settle(wait, entry)
      return
    }
    if (entry.kind === 'run.cancelling') return this.#applyControl(entry)
    const operation = this.#operations.get(entry.key)
    if (operation === undefined) {
      if (this.#replay.on && this.#phase !== 'parked') this.#replay.unclaimed(entry)
      return
    }
    if (this.#replay.on && this.#replay.checkOutcome(entry as Entry, operation)) this.#drifted.push(operation)
    this.#settle(operation, entry)
  }

  #settle(operation: Operation, entry: Delivered): void {
    const settlement = operation.spec.settle(entry)
    if (settlement === undefined) return
    this.#operations.close(operation, 'settled')
    // an open timer or approval of a settled wait is not wanted any more
    if (operation.started) this.#host.stop(operation, 'settled')
    if (settlement.ok) operation.resolve(settlement.value)
    else {
      markOrigin(settlement.error, {
        index: entry.index,
        key: operation.key,
        clearKey: operation.clearKey ?? operation.key,
      })
      this.#reject(operation, settlement.error)
    }
  }

  #applyControl(entry: Delivered): void {
    // it is on its way out already: its cleanup and compensations are not disturbed by asking again
    if (this.#control !== undefined && this.#phase !== 'parked') return
    if (this.#phase === 'compensating') return
    const control = readControl(entry)
    this.#control = control
    this.abort.abort(control.error)
    if (this.#phase === 'parked') {
      // code that no longer fits its history cannot say what to compensate; and a compensation that failed is not begun again
      if (this.#broken !== undefined || this.#compensated !== undefined) this.compensations.length = 0
      return this.#closeRoot(control)
    }
    if (this.#phase === 'closing') return this.#stopWaiting(control)
    for (const operation of this.#operations.inOrder()) {
      const inFlight = this.#stop(operation, 'cancelled')
      this.#operations.close(operation, inFlight ? 'abandoned' : 'settled')
      if (inFlight) this.#inFlight.add(operation)
      this.#reject(operation, new CancelledError(control.reason))
    }
  }

  /** The body is through and waits for children: they are told, and it waits no more. */
  #stopWaiting(control: Control): void {
    if (this.#final?.status === 'completed') this.#final = control
    for (const operation of this.#inFlight) {
      if (!isChild(operation)) continue
      this.#operations.close(operation, 'abandoned')
      this.#host.stop(operation, 'cancelled')
      this.#inFlight.delete(operation)
    }
    this.#finishIfQuiet()
  }

  #reject(operation: Operation, error: unknown): void {
    this.#failed(operation.promise as TrackedPromise<unknown>, error)
    operation.reject(error)
  }

  #failed(promise: TrackedPromise<unknown>, error: unknown): void {
    this.#rejected.push({ promise, error })
    expectFailure(promise)
  }

  #start(operation: Operation): void {
    if (operation.state !== 'open' || operation.started) return
    operation.started = true
    const history = this.recorded.operations.get(operation.key)
    operation.announced = history?.announcement?.index
    if (operation.spec.announce !== undefined && operation.announced === undefined) {
      const { kind, meta, payload } = operation.spec.announce(this.#host.childRun(operation), this.dueOf(operation))
      const entry = this.record(operation, { kind, attempt: 0, meta, payload, input: operation.spec.input })
      operation.announced = entry.index
      if (kind === 'child.started') {
        this.#handOver(entry)
        this.#host.ready()
      }
    }
    this.#host.start(operation, history)
  }

  // ---- replay safety

  #checkQuiet(): void {
    for (const { key, scope } of this.#drifted.splice(0)) this.note(scope, `${key}:drift`, { drift: 'input' })
    if (this.#replay.on || !this.#isRunning) return
    if (this.hasTurn || this.#operations.size > 0 || this.#inFlight.size > 0) return
    throw new ReplayError({
      code: 'UNJOURNALED_WAIT',
      message:
        'The workflow waits for something that is not recorded: nothing of this run is pending, and its code has not returned.',
      hint: 'Do I/O (fetch, files, timers, queues, dynamic import) inside a step; wait with sleep(), signal() or approval().',
      run: this.run.id,
    })
  }

  // ---- writing

  /** What must not be written and is a value that code would get: the operation fails with that, and nothing of it is written. */
  #append(offer: Offer): NewEntry {
    try {
      return this.#write(offer)
    } catch (error) {
      const { operation, kind, payload } = offer
      const failed = operation === undefined ? undefined : failures[kind]
      if (failed === undefined) throw error
      const input = kind === 'step.result' ? (payload?.slice(0, payload.indexOf('\n')) ?? 'null') : 'null'
      const said = kind === 'model.result' ? encode(error, 'error') : `${input}\n${encode(error, 'error')}`
      return this.#write({ ...offer, kind: failed, meta: { ...offer.meta, class: classify(error) }, payload: said })
    }
  }

  #write(offer: Offer): NewEntry {
    const { operation, kind, attempt = 0, meta, payload, input, subject = this.root.subject, notBefore } = offer
    if (operation !== undefined) return this.#writer.write(ofOperation(operation, offer))
    return this.#writer.write({ kind, key: '', after: this.current, attempt, meta, payload, input, subject, notBefore })
  }

  /** Writes an entry about the run itself: its end, its parking. */
  writeEnd(kind: EntryKind, meta: Meta, payload: string | undefined): NewEntry {
    return this.#writer.write({
      kind,
      key: '',
      after: this.current,
      attempt: 0,
      meta,
      payload,
      subject: this.root.subject,
    })
  }
}

/** What an operation comes to where its result cannot be written. */
const failures: Readonly<Partial<Record<EntryKind, EntryKind>>> = {
  'step.result': 'step.error',
  'item.pulled': 'step.error',
  'model.result': 'model.error',
}

/** A key of this scope with its user-made parts readable, where it has some. */
function clearOf({ prefix, clear }: Scope, key: string): string | undefined {
  return prefix === clear || !key.startsWith(prefix) ? undefined : clear + key.slice(prefix.length)
}

function isChild(operation: Operation): boolean {
  return operation.spec.effect.type === 'child'
}

function asDelivered(entry: NewEntry): Delivered {
  if (entry.meta !== undefined) return entry as Delivered
  return {
    kind: entry.kind,
    index: entry.index,
    at: entry.at,
    key: entry.key,
    attempt: entry.attempt,
    meta: entry.meta ?? {},
    payload: entry.payload,
  }
}

function runInfo(run: RunInfo, { schedule }: Started): RunInfo {
  if (schedule === undefined) return run
  return { ...run, schedule: { id: schedule.id, due: new Date(schedule.due), trigger: schedule.trigger } }
}

/** When the code may begin: a start may be put off, and wait in a queue. What it sleeps for is counted from then. */
function beginOf(start: Entry, entries: readonly Entry[]): number {
  const mark = entries.find(({ index }) => index === start.index + 1)
  const throttled = mark?.kind === 'note' && mark.meta['throttle'] === true ? mark.at : 0
  return Math.max(start.at, Number(start.meta['begins'] ?? 0), throttled)
}
