import type { Entry, EntryKind, Meta, NewEntry } from '../../journal/index.ts'
import { type Redaction, type Redactor, redactEntry } from '../../redaction/index.ts'
import type { Host } from './host.ts'
import type { Operation } from './model.ts'

/** What is known of an entry about an operation before it gets its place. */
export interface OperationEntry {
  readonly kind: EntryKind
  readonly attempt?: number | undefined
  readonly meta?: Meta | undefined
  readonly payload?: string | undefined
  readonly input?: string | undefined
  readonly subject?: string | undefined
  readonly notBefore?: number | undefined
}

type Placeless = Omit<NewEntry, 'index' | 'at'> & {
  readonly notBefore?: number | undefined
  /** what the step that it is about says must not be written */
  readonly redact?: Redaction | false | undefined
}

/** Gives entries their index and their time, which never goes back, and hands them to the host. */
export class HistoryWriter {
  readonly #host: Host
  readonly #redactor: Redactor
  #nextIndex: number
  #lastAt: number
  #written: ((entry: NewEntry) => void) | undefined

  constructor(host: Host, last: Pick<Entry, 'index' | 'at'>, redactor: Redactor) {
    this.#host = host
    this.#redactor = redactor
    this.#nextIndex = last.index + 1
    this.#lastAt = last.at
  }

  write(entry: Placeless): NewEntry {
    const made = this.make(entry)
    this.#host.write(made)
    return made
  }

  /** index of the latest entry */
  get last(): number {
    return this.#nextIndex - 1
  }

  /** Tells of every entry that gets a place from now on. */
  watch(written: (entry: NewEntry) => void): void {
    this.#written = written
  }

  /** Reserves the place of an entry that goes its own way to the store. */
  make(entry: Placeless): NewEntry {
    // before anything else: what is refused has no place
    const { meta, payload } = redactEntry(entry, this.#redactor.within(entry.redact))
    // a clock may count in parts of a ms; the journal does not
    const at = Math.max(Math.floor(this.#host.now()), this.#lastAt, Math.ceil(entry.notBefore ?? 0))
    this.#lastAt = at
    const { after, kind, key, clearKey, attempt, input, subject } = entry
    const made = { index: this.#nextIndex++, after, at, kind, key, clearKey, attempt, meta, payload, input, subject }
    this.#written?.(made)
    return made
  }
}

/** An entry about an operation, but for its place. */
export function ofOperation(operation: Operation, entry: OperationEntry): Placeless {
  const { key, clearKey, after, scope } = operation
  const { kind, attempt = 0, meta, payload, input, subject = scope.subject, notBefore } = entry
  const { redact } = operation.spec
  return { after, kind, key, clearKey, attempt, meta, payload, input, subject, notBefore, redact }
}
