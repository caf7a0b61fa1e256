import { commit, type Entry } from '../../journal/index.ts'
import { ReplayError } from '../errors.ts'
import { inputDifference } from './input-diff.ts'
import type { Delivered, Operation, Recorded } from './model.ts'
import { isDelivery } from './recorded.ts'
import { fits, shapeError } from './shape.ts'

/** What of the run the history is held against. */
interface Code {
  /** the operation of this key that has no outcome yet */
  open(key: string): Operation | undefined
  /** gives an operation the key of the record that it takes */
  rename(operation: Operation, key: string): void
  secretOf(subject: string | undefined): Uint8Array
}

/** Goes through the recorded history, and holds the code against it. */
export class Replay {
  readonly recorded: Recorded
  readonly #run: string
  readonly #code: Code
  #position = 0
  #issued: Operation[] = []
  #on = true
  /** what was issued up to this delivery is what was recorded */
  #checked = -1

  constructor(run: string, recorded: Recorded, code: Code) {
    this.#run = run
    this.#code = code
    this.recorded = recorded
  }

  /** history is being replayed; what the code asks for is not wanted yet */
  get on(): boolean {
    return this.#on
  }

  end(): void {
    this.#on = false
  }

  get isUsedUp(): boolean {
    return this.#position >= this.recorded.deliveries.length
  }

  /** Nothing more is delivered from history. */
  skipRest(): void {
    this.#position = this.recorded.deliveries.length
  }

  /** A signal of this name that is still to be delivered from history. */
  signalAt(index: number, name: string): Entry | undefined {
    return this.recorded.deliveries.find(
      (entry) => entry.index === index && entry.kind === 'signal.received' && entry.meta['signal'] === name,
    )
  }

  /** Signals that are still to be delivered from history. */
  signals(): readonly Entry[] {
    return this.recorded.deliveries.slice(this.#position).filter(({ kind }) => kind === 'signal.received')
  }

  /** Skips to the cancel or give-up that moved a parked run on; false when there is none. */
  skipToControl(): boolean {
    const at = this.recorded.deliveries.findIndex((entry, i) => i >= this.#position && entry.kind === 'run.cancelling')
    if (at >= 0) this.#position = at
    return at >= 0
  }

  /** A cancel or give-up that is still to come. */
  get laterControl(): Entry | undefined {
    return this.recorded.deliveries.slice(this.#position).find(({ kind }) => kind === 'run.cancelling')
  }

  /** The first recorded entry of the operation of a scope that was asked for first. */
  firstIn(prefix: string): Entry | undefined {
    let first: Entry | undefined
    for (const entries of this.recorded.issuedAfter.values())
      for (const entry of entries)
        if (entry.key.startsWith(prefix) && (first === undefined || entry.after < first.after)) first = entry
    return first
  }

  next(): Entry | undefined {
    const entry = this.recorded.deliveries[this.#position]
    if (entry !== undefined) this.#position++
    return entry
  }

  issued(operation: Operation): void {
    this.#issued.push(operation)
  }

  /** What was issued since this was asked last. */
  takeIssued(): readonly Operation[] {
    const issued = this.#issued
    if (issued.length > 0) this.#issued = []
    return issued
  }

  /** It is on record that it was begun, not how it ended, nor that it was taken back. */
  wasAnnounced(key: string): boolean {
    const found = this.recorded.operations.get(key)
    return found?.announcement !== undefined && found.outcome === undefined && !this.recorded.withdrawn.has(key)
  }

  /** Everything that the history says was issued after this delivery must have been issued by the code. */
  checkWindow(delivery: number): void {
    this.#checked = delivery
    const recorded = this.recorded.issuedAfter.get(delivery)
    const issued = this.takeIssued()
    if (recorded === undefined) return
    this.#matchModelCalls(recorded, issued)
    const asked = new Map(issued.map((operation) => [operation.key, operation]))
    for (const entry of recorded) {
      const operation = asked.get(entry.key)
      if (operation === undefined || operation.after !== entry.after || !fits(entry, operation))
        throw this.#shapeError(delivery, recorded, issued)
      // a question that is open, a child that is under way, an effect that may have happened: they stand for this input only
      if (!isDelivery(entry.kind)) this.#hasDrifted(entry, operation)
    }
  }

  /**
   * What a model was asked is in its key, so that calls are known by what they ask. Where the code now asks something else, it takes
   * the record in its place that nobody asked for, and a note says that it drifted.
   */
  #matchModelCalls(recorded: readonly Entry[], issued: readonly Operation[]): void {
    const calls = issued.filter(({ spec }) => spec.kind === 'model')
    if (calls.length === 0) return
    const keys = new Set(recorded.map(({ key }) => key))
    const free = calls.filter(({ key }) => !keys.has(key))
    const asked = new Set(calls.map(({ key }) => key))
    for (const { kind, key, after } of recorded) {
      if (!kind.startsWith('model.') || asked.has(key)) continue
      const at = free.findIndex((call) => call.after === after && key.startsWith(`${call.scope.prefix}model[`))
      const [call] = at < 0 ? [] : free.splice(at, 1)
      if (call !== undefined) this.#code.rename(call, key)
    }
  }

  /** The code is through: so must be the history. */
  checkUsedUp(delivery: number): void {
    this.checkWindow(delivery)
    const rest = this.recorded.deliveries
      .slice(this.#position)
      .filter((entry) => !isFromOutside(entry.kind) && !mayOutlive(entry) && !this.#isOvertaken(entry))
    if (rest.length > 0) throw this.#shapeError(delivery, rest, [])
    this.skipRest()
  }

  /** A recorded outcome must belong to an operation that the code asked for. */
  unclaimed(entry: Delivered): void {
    if (!mayOutlive(entry) && !this.#isOvertaken(entry as Entry))
      throw this.#shapeError(entry.index, [entry as Entry], [])
  }

  /**
   * The operation must be the recorded one. With another input it parks, or is kept where the operation says so.
   * @returns whether a kept result drifted
   */
  checkOutcome(entry: Entry, operation: Operation): boolean {
    if (operation.after !== entry.after || !fits(entry, operation))
      throw this.#shapeError(entry.index, [entry], [operation])
    return this.#hasDrifted(entry, operation)
  }

  #hasDrifted(entry: Entry, operation: Operation): boolean {
    const expected = entry.commitments.input
    const { input } = operation.spec
    const edited = this.recorded.operations.get(operation.key)?.edited
    if (expected === undefined || input === undefined || edited !== undefined) return false
    const secret = this.#code.secretOf(entry.subject)
    if (Buffer.compare(commit(secret, 'input', this.#run, entry.index, input), expected) === 0) return false
    if (operation.spec.onDrift === 'keep') return true
    const key = operation.clearKey ?? operation.key
    const where = entry.payload !== undefined && entry.kind.startsWith('step.') ? differs(entry.payload, input) : ''
    throw new ReplayError({
      code: 'INPUT_CHANGED',
      message: `"${key}" was recorded with another input than the code passes now${where}.`,
      hint: "Bring the old input back and resume, resume with an edit, or set onDrift: 'keep' on the step if the recorded result still serves. now() and random() do not change on replay; Date.now() and Math.random() do.",
      run: this.#run,
      step: key,
    })
  }

  /** After a resume results come in another order: one that was wanted may come too late, as it would have without its record. */
  #isOvertaken({ after }: Entry): boolean {
    return (this.recorded.resumed || this.recorded.forked.length > 0) && after <= this.#checked
  }

  #shapeError(at: number, recorded: readonly Entry[], asked: readonly Operation[]): ReplayError {
    return shapeError(this.#run, at, recorded, asked, (key) => this.#code.open(key))
  }
}

/** Payloads of steps begin with the line of their input. */
function differs(payload: string, input: string): string {
  const where = inputDifference(payload.slice(0, payload.indexOf('\n')), input)
  return where === '' ? '' : `: it differs at ${where}`
}

/** Comes without being asked for: a signal that nobody waited for, a second order to a run that was on its way out. */
function isFromOutside(kind: Entry['kind']): boolean {
  return kind === 'signal.received' || kind === 'run.cancelling'
}

/** A child may be announced or end after its scope is over, and a transaction be committed; any other late result is a note. */
function mayOutlive({ kind, meta }: Pick<Entry, 'kind' | 'meta'>): boolean {
  if (kind === 'child.started' || kind === 'child.settled') return true
  return kind === 'step.result' && meta['transaction'] === true
}
