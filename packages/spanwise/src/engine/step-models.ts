import type { Entry, EntryKind, Meta, NewEntry } from '../journal/index.ts'
import {
  answerOf,
  LazyAbort,
  type ModelAnswer,
  type ModelRequest,
  type Operation,
  refusesAnswer,
  type StepModels,
} from '../workflow/index.ts'
import { encodeError } from './error-text.ts'
import { generate, lost, type ModelCallHome, whenDurable } from './model-call.ts'

/** An answer on record. */
interface Answer {
  readonly name: string
  readonly payload: string | undefined
  readonly meta: Meta
  /** id that the provider gave it, where it gave one */
  used: boolean
}

/**
 * The model calls of one step. What was answered once is handed out again when the step is tried again, in whatever order it asks:
 * calls are known by what they ask. An answer that made the step fail because of what it says is not handed out again.
 */
export class StepCalls {
  readonly #home: ModelCallHome
  readonly #operation: Operation
  readonly #answers: Answer[] = []
  /** calls so far, by name without occurrence */
  readonly #counts = new Map<string, number>()
  #latest: Answer | undefined

  constructor(home: ModelCallHome, operation: Operation) {
    this.#home = home
    this.#operation = operation
    for (const entry of home.execution.recorded.stepCalls.get(operation.key) ?? []) this.#recall(entry)
    for (const [name, intent] of this.#open) {
      const { meta, payload } = lost(intent)
      this.#record('model.attempt', name, { meta, payload, attempt: intent.attempt })
    }
    this.#open.clear()
  }

  /** announced, and nothing is known of what came of it */
  readonly #open = new Map<string, Entry>()

  #recall(entry: Entry): void {
    const name = entry.key.slice(entry.key.indexOf('~') + 1)
    const at = name.lastIndexOf('#')
    const base = name.slice(0, at)
    this.#counts.set(base, Math.max(this.#counts.get(base) ?? 0, Number(name.slice(at + 1)) + 1))
    if (entry.kind === 'model.call') this.#open.set(name, entry)
    else this.#open.delete(name)
    if (entry.kind === 'model.result')
      this.#answers.push({ name, payload: entry.payload, meta: entry.meta, used: false })
    if (entry.kind === 'model.rejected') this.#forget(name)
  }

  #forget(name: string): void {
    const at = this.#answers.findIndex((one) => one.name === name)
    if (at >= 0) this.#answers.splice(at, 1)
  }

  /** For one attempt: every answer can be used once in each. */
  attempt(signal: AbortSignal): Pick<StepModels, 'call' | 'whole' | 'redactor'> {
    for (const answer of this.#answers) answer.used = false
    this.#latest = undefined
    const redactor = this.#home.execution.redactor.within(this.#operation.spec.redact)
    return { whole: redactor.values === 'label', redactor, call: (request) => this.#call(request, signal) }
  }

  /** The attempt failed. Where that was for what a model said, that answer is not used again. */
  failed(error: unknown): void {
    const refused = refusesAnswer(error)
    if (!refused.answer) return
    const one =
      this.#answers.find(({ meta }) => refused.id !== undefined && meta['response'] === refused.id) ?? this.#latest
    if (one === undefined) return
    this.#forget(one.name)
    this.#record('model.rejected', one.name, { meta: {}, payload: encodeError(error), attempt: 0 })
  }

  async #call(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const home = this.#home
    const { execution } = home
    const base = `model[${execution.keyToken(request.hash, this.#operation.scope.subject)}]`
    const known = this.#answers.find(({ name, used }) => !used && name.startsWith(`${base}#`))
    if (known !== undefined) return this.#use(known)
    const count = this.#counts.get(base) ?? 0
    this.#counts.set(base, count + 1)
    const name = `${base}#${count}`
    const abort = new LazyAbort()
    const stop = () => abort.abort(signal.reason)
    if (signal.aborted) throw signal.reason
    signal.addEventListener('abort', stop, { once: true })
    const record = (kind: EntryKind, meta: Meta, payload: string | undefined) =>
      this.#record(kind, name, { meta, payload, attempt: 1, input: request.hash })
    try {
      const outcome = await generate({
        home,
        operation: this.#operation,
        request,
        key: `${this.#operation.key}~${name}`,
        step: this.#operation.clearKey ?? this.#operation.key,
        number: 1,
        isFirst: true,
        abort,
        record,
      })
      const { budgets = [], release = () => {} } = outcome
      home.pending.budgets.push(...budgets)
      if (outcome.state !== 'answered') {
        // who asks again is the step: its next attempt finds what was answered before
        const kind = outcome.state === 'again' ? 'model.attempt' : 'model.error'
        this.#whenWritten(name, record(kind, outcome.meta, encodeError(outcome.error)).index, release)
        throw outcome.error
      }
      const entry = this.#answered(record, outcome, (index) => this.#whenWritten(name, index, release))
      const answer: Answer = { name, payload: entry.payload, meta: outcome.meta, used: false }
      this.#answers.push(answer)
      // what the step does next may depend on it
      await whenDurable(home, entry.index, abort)
      return this.#use(answer)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** An answer that must not be written is none; it was paid for all the same. */
  #answered(
    record: (kind: EntryKind, meta: Meta, payload: string) => NewEntry,
    { meta, payload }: { readonly meta: Meta; readonly payload: string },
    written: (index: number) => void,
  ): NewEntry {
    try {
      const entry = record('model.result', meta, payload)
      written(entry.index)
      return entry
    } catch (error) {
      written(record('model.error', meta, encodeError(error)).index)
      throw error
    }
  }

  #whenWritten(name: string, index: number, then: () => void): void {
    const home = this.#home
    home.whenDurable(index, () => {
      then()
      home.engine.events.formed(home.row.run, `${this.#operation.key}~${name}`, index)
    })
  }

  #use(answer: Answer): ModelAnswer {
    answer.used = true
    this.#latest = answer
    return { value: answerOf({ payload: answer.payload, key: answer.name }), meta: answer.meta }
  }

  #record(
    kind: EntryKind,
    name: string,
    entry: {
      readonly meta: Meta
      readonly payload: string | undefined
      readonly attempt: number
      readonly input?: string
    },
  ): NewEntry {
    return this.#home.execution.recordCall(this.#operation, name, { kind, ...entry })
  }
}
