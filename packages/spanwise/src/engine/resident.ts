import { isTerminal, type LoadedRun, type Mail, type NewEntry, type RunRow, SpanwiseError } from '../journal/index.ts'
import {
  type Ending,
  Execution,
  type Host,
  type Operation,
  type OperationHistory,
  readStarted,
  type WorkflowDefinition,
} from '../workflow/index.ts'
import { approvalId } from './approval-id.ts'
import { runBody } from './body.ts'
import { childRunId } from './children.ts'
import { deliverMail } from './deliver.ts'
import { Effects, type EffectsHome } from './effects.ts'
import { recordEnding, refusedChange } from './endings.ts'
import { codeOf } from './error-text.ts'
import type { EngineContext } from './options.ts'
import { Pending } from './pending.ts'
import { applyResume } from './resume.ts'
import { Timers } from './timers.ts'
import type { Turn } from './turns.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** times as long as other waiting runs, one that waits for a limit stays in memory */
const queuedLinger = 10
/** long before it hurts: replaying as many takes about half a second */
const longHistory = 20_000

/** What a run in memory asks of the engine around it. */
export interface ResidentHome {
  readonly engine: EngineContext
  readonly waitingRoom: WaitingRoom
  /** a run that a process may have died of says what it begins, before it does */
  begins(run: string, step: string): Promise<void> | undefined
  turn(resident: Resident): void
  dirty(resident: Resident): void
  /** one write that `flush` began has ended, well or not */
  written(): void
  /** out of memory now; `again` asks for it to be loaded anew */
  dropped(resident: Resident, again: boolean): void
  woken(runs: readonly string[]): void
}

/** One run in memory under a lease: its execution, its steps, its timers, and what it has to write. */
export class Resident implements Host, EffectsHome, Turn {
  readonly row: RunRow
  readonly engine: EngineContext
  readonly waitingRoom: WaitingRoom
  execution: Execution
  readonly #home: ResidentHome
  readonly #definition: WorkflowDefinition
  readonly #secrets: ReadonlyMap<string, Uint8Array>
  readonly #tokenKey: Uint8Array | undefined
  #effects: Effects
  readonly #timers: Timers<Operation | 'deadline' | 'grace' | 'linger'>
  readonly #gates: { readonly index: number; readonly then: () => void }[] = []
  readonly seenMail = new Set<number>()
  /** never delivered again: in this run's history from its next flush on */
  readonly #takenMail = new Set<number>()
  #delivering: Promise<void> = Promise.resolve()
  /** mail waits until the history is used up: only then it is known what waits for it */
  #held: Mail[] = []
  pending = new Pending()
  /** entries up to here are on disk */
  durable: number
  /** entries up to here are on their way to it */
  #sent = 0
  ending: Ending | undefined
  #writing: Promise<void> | undefined
  #dropped = false
  #parking = false
  #replayed: { readonly value: unknown } | undefined
  queued = false
  /** its window is open: what its code asks for is not known yet */
  #inTurn = false
  /** the commit that gives its lease back is on its way: nothing may begin */
  #givingBack = false
  #leaving = false
  #replayedFrom = 0

  constructor(home: ResidentHome, loaded: LoadedRun, definition: WorkflowDefinition) {
    this.#home = home
    this.engine = home.engine
    this.waitingRoom = home.waitingRoom
    this.row = loaded.row
    this.#definition = definition
    this.#secrets = loaded.secrets
    this.#tokenKey = loaded.tokenKey
    this.#timers = new Timers(home.engine.clock)
    this.durable = (loaded.entries.at(-1) as { index: number }).index
    this.execution = this.#makeExecution(loaded)
    this.#effects = new Effects(this, this.execution)
    this.#armDeadline()
    this.#held = [...loaded.mail]
  }

  #makeExecution(loaded: Pick<LoadedRun, 'entries'>): Execution {
    const { secret, run, workflow, tenant } = this.row
    if (secret === undefined)
      throw new SpanwiseError({
        code: 'ERASED',
        message: `What run ${run} holds was erased.`,
        hint: 'Give the run up.',
        run,
      })
    return new Execution({
      run: { id: run, workflow, tenant },
      secret,
      secrets: this.#secrets,
      tokenKey: this.#tokenKey,
      entries: loaded.entries,
      host: this,
      snapshotAfter: this.engine.snapshotAfter,
      redactor: this.engine.redactor.within(this.#definition.redact),
      started: readStarted,
      body: (execution, _scope, started) =>
        runBody(this.engine, this.#definition, execution, started, (value) => this.#say(execution, value)),
    })
  }

  /** What replayed code says was said before; only where it stands at the end of its history is news. */
  #say(execution: Execution, value: unknown): void {
    if (execution.replaying) this.#replayed = { value }
    else this.engine.events.progress(execution.run.id, value)
  }

  // ---- turns

  get hasTurn(): boolean {
    return !this.#dropped && this.execution.hasTurn
  }

  open(): void {
    this.#parking = false
    this.#inTurn = true
    this.execution.open()
    // somebody ends the run that needed attention: it moves again
    if (this.ending?.status === 'needs attention' && !this.execution.parked) this.ending = undefined
  }

  close(): void {
    this.#inTurn = false
    if (this.#dropped) return
    this.execution.close()
    if (this.#replayed !== undefined && !this.execution.replaying) {
      this.engine.events.progress(this.row.run, this.#replayed.value)
      this.#replayed = undefined
    }
    if (this.#held.length > 0 && this.#isLive) void this.#deliver(this.#held.splice(0))
    this.settle()
  }

  /** Resolves when its history is used up. */
  async whenLive(): Promise<void> {
    while (!this.#dropped && !this.#isLive) await new Promise<void>((resolve) => setImmediate(resolve))
  }

  get #isLive(): boolean {
    return !this.execution.replaying || this.execution.parked
  }

  /** Nothing to do right now: flush, and leave memory when only waits are left. */
  settle(): void {
    if (this.#dropped || this.#inTurn || this.execution.hasTurn) return
    if (!this.pending.isEmpty) this.#home.dirty(this)
    if (this.#leaving && !this.#effects.isInFlight) return this.#park()
    if (this.ending === undefined && !this.#isBusy) {
      // what is due already comes in a moment: parked, it would only be loaded again, for ever
      if ((this.#timers.earliest ?? Number.POSITIVE_INFINITY) <= this.now()) return
      if (this.engine.linger === 0) this.#park()
      else this.#timers.set('linger', this.engine.clock.now() + this.#linger, () => this.#park())
    } else if (this.ending?.status === 'needs attention' && !this.#isBusy) this.#park()
  }

  /** Loading it again costs more than keeping it where others end soon. */
  get #linger(): number {
    return this.engine.linger * (this.#effects.isQueued ? queuedLinger : 1)
  }

  /** Steps, pulls or gated effects: something will call back by itself. */
  get #isBusy(): boolean {
    return this.#gates.length > 0 || this.#effects.isBusy
  }

  #park(): void {
    if (
      this.#dropped ||
      this.#inTurn ||
      this.execution.hasTurn ||
      (!this.#leaving && this.#isBusy) ||
      (this.ending !== undefined && this.ending.status !== 'needs attention')
    )
      return
    const attention = this.ending !== undefined
    this.#timers.delete('linger')
    // work that was only begun in memory, or not begun because the worker closes, has to go on at once elsewhere
    const open = this.#isBusy || (this.#leaving && this.#effects.isWanted)
    const queued = !attention && !open && this.#effects.isQueued
    this.pending.park = { wakeAt: attention ? undefined : open ? 0 : this.#timers.earliest, queued }
    if (!attention) this.pending.row = { status: open ? 'running' : 'waiting' }
    this.#parking = true
    this.#home.dirty(this)
  }

  // ---- flushing

  /** What it has to write may wait a moment: nothing depends on it, and code that it computes ahead of the disk will say more. */
  get mayHold(): boolean {
    return this.ending === undefined && this.#gates.length === 0 && this.pending.isPlain && this.#effects.isInFlight
  }

  /**
   * Hands over what is to be written; called by the engine between turns. One write at a time, so that a failed one is never
   * followed by one that was asked meanwhile: history would have a gap. False where there is nothing to write, or not yet.
   */
  flush(): boolean {
    if (this.#dropped || this.pending.isEmpty || this.#writing !== undefined) return false
    const pending = this.pending
    // a timer may have begun something since, and it may even be through: its result would be lost with the run in memory
    const stirs = this.#inTurn || this.execution.hasTurn || (!this.#leaving && this.#isBusy)
    if (pending.park !== undefined && (!this.#parking || stirs)) pending.unpark()
    if (pending.isEmpty) return false
    this.pending = new Pending()
    this.#writing = this.#append(pending).then(this.#written)
    return true
  }

  readonly #written = (): void => {
    this.#writing = undefined
    this.#home.written()
    if (!this.#dropped && !this.pending.isEmpty) this.#home.dirty(this)
  }

  /** Nothing else of this run is written meanwhile. */
  async writeAlone(write: () => Promise<void>): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
    if (this.#dropped) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#writing = promise
    try {
      await write()
    } finally {
      this.#writing = undefined
      resolve()
      if (!this.#dropped && !this.pending.isEmpty) this.#home.dirty(this)
    }
  }

  async #append(pending: Pending): Promise<void> {
    const last = pending.entries.at(-1)?.index
    this.#sent = last ?? this.#sent
    this.#givingBack = pending.park !== undefined
    try {
      const answer = await this.engine.store.append(pending.change(this.row, this.row.epoch))
      if (this.#dropped) return
      if (answer.state === 'fenced') return this.discard('its lease is lost', false)
      this.wrote(pending, answer.woken)
      if (answer.state === 'busy') this.#givingBack = false
      this.reached(last ?? this.durable)
      this.engine.events.changed(this.row.run, pending.row)
      // what was written says it: the code may have gone on meanwhile
      if (pending.row !== undefined && isTerminal(pending.row.status)) return this.drop(false)
      if (pending.row?.base !== undefined) return await this.#nextGeneration()
      if (pending.park !== undefined) {
        if (answer.state === 'ok') {
          // what arrived in the meantime is in the store, or was offered: then the lease is needed again
          if (this.#inTurn || this.execution.hasTurn || !this.pending.isEmpty)
            return this.discard('something arrived while it was parked', true)
          return this.drop(false)
        }
        this.#parking = false
        // after this write: a resume waits until nothing is being written
        setImmediate(() => void this.#lookAgain())
      }
    } catch (error) {
      if (this.#dropped) return
      if (codeOf(error) === 'PAYLOAD_TOO_LARGE') return await this.#refused(error)
      this.engine.log.error('a run could not be written; it is dropped from memory and tried again', {
        run: this.row.run,
        error,
      })
      this.discard('a write failed', true)
    }
  }

  /** The store will never take what the run has to say, so trying again does not help: it parks as the store knows it. */
  async #refused(error: unknown): Promise<void> {
    const change = refusedChange(this.row, this.durable, Math.max(this.now(), this.execution.time), error)
    this.drop(false)
    try {
      await this.engine.store.append(change)
      this.engine.events.changed(this.row.run, change.row)
      this.#warn(error)
    } catch (failed) {
      this.engine.log.error('a run could not be parked; it is tried again', { run: this.row.run, error: failed })
      this.#home.dropped(this, true)
    }
  }

  /** Whoever has something to do because of it. */
  wrote(pending: Pending, woken: readonly string[] = []): void {
    if (woken.length === 0 && (pending.isPlain || (pending.send.length === 0 && pending.children.length === 0))) return
    const runs = new Set(woken)
    for (const { run } of pending.send) runs.add(run)
    for (const { run } of pending.children) runs.add(run).add(this.row.run)
    if (runs.size > 0) this.#home.woken([...runs])
  }

  /** Entries up to here are on disk: effects that waited for that begin. */
  reached(index: number): void {
    if (index > this.durable) this.durable = index
    if (this.#givingBack) return
    const opened = this.#gates.length > 0
    for (let i = 0; i < this.#gates.length; ) {
      const gate = this.#gates[i] as { index: number; then: () => void }
      if (gate.index > this.durable) {
        i++
        continue
      }
      this.#gates.splice(i, 1)
      gate.then()
    }
    // a gate behind which nothing begins may have been all that kept the run in memory
    if (opened && this.#gates.length === 0) this.settle()
  }

  whenDurable(index: number, then: () => void): void {
    if (index > this.durable || this.#givingBack) this.#gates.push({ index, then })
    else {
      this.#parking = false
      then()
    }
  }

  // ---- what is under way

  get isSettled(): boolean {
    return (
      !this.#inTurn &&
      !this.execution.hasTurn &&
      this.pending.isEmpty &&
      this.#writing === undefined &&
      this.#gates.length === 0
    )
  }

  get inFlight(): readonly object[] {
    return this.#effects.inFlight
  }

  // ---- leaving memory

  /** Forgets the run; what it has durably written is all there is. */
  drop(again: boolean): void {
    if (this.#dropped) return
    this.#dropped = true
    this.execution.detach()
    this.#timers.clear()
    this.#effects.abandon(left)
    this.#home.dropped(this, again)
  }

  /** The process is gone: its attempts are not even told. */
  forget(): void {
    this.#dropped = true
    this.execution.detach()
    this.#timers.clear()
    this.#effects.hold()
  }

  /** The in-memory run is not what the store has: replay it from there, here or elsewhere. */
  discard(why: string, again: boolean): void {
    this.engine.log.warn(`run dropped from memory: ${why}`, { run: this.row.run })
    this.drop(again)
  }

  get dropped(): boolean {
    return this.#dropped
  }

  /** The worker closes: begins nothing new, lets what is in flight end within the grace, gives the lease back. */
  leave(): void {
    this.#leaving = true
    this.#effects.leave()
    this.settle()
  }

  async #nextGeneration(): Promise<void> {
    const entries = await this.engine.store.entries(this.row.run, this.durable)
    if (!this.#dropped) this.restart(entries)
  }

  #armDeadline(): void {
    const { deadline } = this.row
    if (deadline !== undefined)
      this.#timers.set('deadline', deadline, () =>
        this.execution.offer({ kind: 'run.cancelling', meta: { how: 'deadline' } }),
      )
  }

  async fetchMail(): Promise<void> {
    const mail = await this.engine.store.mail(this.row.run)
    if (this.#dropped) return
    if (this.#isLive) await this.#deliver(mail)
    else this.#held = [...mail]
  }

  /** Mail kept it from parking. */
  async #lookAgain(): Promise<void> {
    if (this.#dropped) return
    try {
      await this.fetchMail()
    } catch (error) {
      if (this.#dropped) return
      this.engine.log.error('mail could not be read', { run: this.row.run, error })
      return this.discard('its mail could not be read', true)
    }
    this.settle()
  }

  /** One batch after the other: taking a signal in may wait for its schema, and the next one must not overtake it. */
  #deliver(mail: readonly Mail[]): Promise<void> {
    this.#delivering = this.#delivering
      .then(() => deliverMail(this, mail))
      .catch((error: unknown) => {
        this.engine.log.error('mail of a run could not be delivered', { run: this.row.run, error })
      })
    return this.#delivering
  }

  /** An operator resumes the parked run: a fresh execution over the history as it is then. */
  async resume(mail: Mail): Promise<void> {
    if (!this.execution.parked) return this.took(mail)
    // what is in flight counts at resume: look again when it has ended
    if (this.#isBusy || !this.pending.isEmpty || this.#writing !== undefined) {
      this.seenMail.delete(mail.id)
      return
    }
    const history = await this.engine.store.entries(this.row.run, this.row.base)
    const entries = await applyResume(this.engine.store, this.row, history, mail, this.now())
    if (this.#dropped) return
    if (entries === undefined) return this.discard('its resume was stale or its lease is lost', true)
    // another look into the inbox may be on its way with it
    this.#takenMail.add(mail.id)
    this.restart(entries)
  }

  /** Runs on with another history in a fresh execution. */
  restart(entries: LoadedRun['entries']): void {
    this.durable = (entries.at(-1) as { index: number }).index
    this.ending = undefined
    this.#timers.clear()
    this.execution.detach()
    this.execution = this.#makeExecution({ entries })
    this.#effects = new Effects(this, this.execution)
    if (this.#leaving) this.#effects.leave()
    this.#armDeadline()
    // what was handed to the execution before and did not become history is for this one
    this.seenMail.clear()
    for (const id of this.#takenMail) this.seenMail.add(id)
    this.engine.events.changed(this.row.run, undefined)
    this.#home.turn(this)
    this.#home.woken([this.row.run])
  }

  /** A decision that could not be taken in: the question stands. */
  reopenApproval(operation: Operation): void {
    const role = operation.spec.announce?.('', undefined).meta?.['role']
    this.pending.approvals.push({
      open: {
        id: approvalId(this.row.run, operation.key),
        key: operation.key,
        role: typeof role === 'string' ? role : undefined,
        at: this.now(),
        expiresAt: this.execution.dueOf(operation),
        entry: operation.announced as number,
      },
    })
  }

  // ---- Host

  now(): number {
    return this.engine.clock.now()
  }

  begins(step: string): Promise<void> | undefined {
    return this.#home.begins(this.row.run, step)
  }

  write(entry: NewEntry): void {
    this.pending.add(entry)
    this.#home.dirty(this)
    // what a loop's snapshot stands for is not replayed
    if (typeof entry.meta?.['round'] === 'number' && entry.kind === 'scope.snapshot') this.#replayedFrom = entry.index
    if (entry.index - Math.max(this.execution.recorded.start.index, this.#replayedFrom) === longHistory)
      this.#warnLong()
  }

  #warnLong(): void {
    this.engine.log.warn(
      `a run has ${longHistory} entries, and all are read each time it is loaded: continueAs starts over with an empty history`,
      { run: this.row.run, workflow: this.row.workflow },
    )
  }

  log(level: 'warn', message: string, facts: object): void {
    this.engine.log[level](message, facts)
  }

  ready(): void {
    if (!this.#dropped) this.#home.turn(this)
  }

  subject(subject: string): Promise<{ readonly token: string; readonly secret: Uint8Array }> {
    return this.engine.store.subjects([subject]).then((found) => {
      const one = found.get(subject)
      if (one === undefined)
        throw new SpanwiseError({
          code: 'ERASED',
          message: 'The subject was erased.',
          hint: 'Nothing new is recorded about an erased subject.',
        })
      return one
    })
  }

  childRun(operation: Operation): string {
    return operation.spec.effect.type === 'child' ? childRunId(this, operation) : ''
  }

  start(operation: Operation, history: OperationHistory | undefined): void {
    this.#effects.start(operation, history)
  }

  stop(operation: Operation, why: 'cancelled' | 'abandoned' | 'settled' | 'parked'): boolean {
    return this.#effects.stop(operation, why)
  }

  arm(operation: Operation, due: number): void {
    const { execution } = this
    const { input } = operation.spec
    this.#timers.set(operation, due, () => execution.offer({ kind: 'timer.fired', operation, input, notBefore: due }))
  }

  disarm(operation: Operation): void {
    this.#timers.delete(operation)
  }

  wakeAt(operation: Operation, at: number, then: () => void): void {
    // a next attempt counts on the record of the one before
    const last = this.pending.entries.at(-1)?.index ?? this.#sent
    this.#timers.set(operation, at, () => this.whenDurable(last, then))
  }

  closing(): void {
    this.#timers.set('grace', this.now() + this.engine.grace + 1_000, () => {
      this.execution.graceOver()
      this.settle()
    })
  }

  ended(ending: Ending): void {
    this.ending = ending
    this.#timers.delete('linger')
    const last = () => this.pending.entries.at(-1) as NewEntry
    this.pending.row = recordEnding(this.execution, this.row.workflow, ending, last)
    if (ending.status === 'needs attention') this.#warn(ending.error)
    this.#home.dirty(this)
  }

  #warn(error: unknown): void {
    this.engine.log.warn('a run needs attention', { run: this.row.run, workflow: this.row.workflow, error })
  }

  /** Mail is in the run's history from its next flush on. */
  took(mail: Mail): void {
    this.#takenMail.add(mail.id)
    this.seenMail.add(mail.id)
    this.pending.taken.push(mail.id)
    this.#home.dirty(this)
  }

  /** The step whose intent carries this claim. */
  claimed(claim: string): ReturnType<Effects['claimed']> {
    return this.#effects.claimed(claim)
  }
}

function left(): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_DROPPED',
    message: 'The run left this process.',
    hint: 'It goes on where its lease is.',
  })
}
