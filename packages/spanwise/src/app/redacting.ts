import type { ForkRequest } from '../engine/index.ts'
import { decode, encode, mediaType, type NewMail, type PutSchedule, type StreamData } from '../journal/index.ts'
import {
  decisionParts,
  orderParts,
  type Part,
  type Redacted,
  type Redaction,
  Redactor,
  reasonParts,
  redactParts,
  redactStreamData,
  scheduleParts,
  startParts,
  valueRefused,
} from '../redaction/index.ts'
import type { Log, Startable } from '../workflow/index.ts'
import { workflowDefinition } from '../workflow/index.ts'
import type { Backend } from './backend.ts'

/** What must not be written, by workflow. */
export class Redactors {
  readonly app: Redactor
  readonly #own: ReadonlyMap<string, Redactor>

  /** @throws INVALID_OPTION */
  constructor(app: Redaction | false | undefined, workflows: readonly Startable<never, unknown>[]) {
    this.app = Redactor.of(app)
    const definitions = workflows.map(workflowDefinition)
    this.#own = new Map(definitions.map(({ name, redact }) => [name, this.app.within(redact)]))
  }

  of(workflow: string): Redactor {
    return this.#own.get(workflow) ?? this.app
  }

  /** What its runs will start with. @throws VALUE_REFUSED */
  schedule<P extends Pick<PutSchedule, 'id' | 'workflow' | 'start'>>(put: P): P {
    const what = `The input of schedule "${put.id}"`
    const redacted = redactValue(put.start, scheduleParts, this.of(put.workflow), what)
    if (redacted === undefined) return put
    // its runs say so
    const start = decode(redacted.text) as object
    return { ...put, start: encode({ ...start, redacted: redacted.found }) }
  }

  /** whether any of them has to look into it */
  mayHold(text: string): boolean {
    return this.app.mayHold(text) || [...this.#own.values()].some((one) => one.mayHold(text))
  }
}

/** What comes from outside is redacted before the store has it: inputs, letters to runs, schedules, reasons of operators. */
export function redacting(backend: Backend, redactors: Redactors): Backend {
  const ofRun = async (run: string): Promise<Redactor> => {
    const row = await backend.run(run)
    return row === undefined ? redactors.app : redactors.of(row.workflow)
  }
  const published = (data: StreamData, type: string | undefined, name: string): StreamData =>
    type === undefined ? data : redactStreamData(data, type, name, redactors.app)
  return {
    ...backend,
    begin: async (begin) => {
      const what = `The input of workflow "${begin.workflow}"`
      const redacted = redactValue(begin.payload, startParts, redactors.of(begin.workflow), what)
      return backend.begin(
        redacted === undefined ? begin : { ...begin, payload: redacted.text, redacted: redacted.found },
      )
    },
    send: async (mail) => {
      if (mail.payload === undefined || !redactors.mayHold(mail.payload)) return backend.send(mail)
      return backend.send({ ...mail, payload: letter(mail, mail.payload, await ofRun(mail.run)) })
    },
    fork: async (request) => backend.fork(edited(request, await ofRun(request.source))),
    act: (act) => backend.act({ ...act, reason: redactors.app.text(act.reason).text }),
    changeSchedule: (change) =>
      backend.changeSchedule('pause' in change ? { ...change, pause: redactors.app.text(change.pause).text } : change),
    putSchedule: async (put) => backend.putSchedule(redactors.schedule(put)),
    createStream: async (stream) => {
      const { first, fork } = stream
      if (first === undefined || redactors.app.values === 'keep') return backend.createStream(stream)
      const source = fork && (await backend.stream({ tenant: stream.tenant, name: fork.source, now: stream.at }))
      const type = stream.type ?? (typeof source === 'object' ? source.type : undefined)
      return backend.createStream({ ...stream, first: published(first, type, stream.name) })
    },
    appendStream: async (append) => {
      const { add } = append
      if (add === undefined || redactors.app.values === 'keep') return backend.appendStream(append)
      const row = await backend.stream({ tenant: append.tenant, name: append.name, now: append.at })
      const type = typeof row === 'object' ? row.type : append.make && (append.make.type ?? append.type)
      // what was not looked through is not written, should there be a stream a moment later
      if (type === undefined) return { state: row === 'gone' ? row : 'unknown' }
      // refused by the store
      if (append.type !== undefined && mediaType(append.type) !== mediaType(type)) return backend.appendStream(append)
      return backend.appendStream({ ...append, add: published(add, type, append.name) })
    },
  }
}

/** @throws VALUE_REFUSED, REDACTION_FAILED */
function redactValue(
  text: string,
  parts: readonly Part[] | undefined,
  redactor: Redactor,
  what: string,
): Redacted | undefined {
  if (redactor.values === 'keep') return undefined
  const redacted = parts === undefined ? redactor.encoded(text) : redactParts(text, parts, redactor)
  if (redacted !== undefined && redactor.values === 'refuse') throw valueRefused(what, redacted.found)
  return redacted
}

function value(text: string, parts: readonly Part[] | undefined, redactor: Redactor, what: string): string {
  return redactValue(text, parts, redactor, what)?.text ?? text
}

function letter({ kind, name }: NewMail, payload: string, redactor: Redactor): string {
  switch (kind) {
    case 'signal':
      return value(payload, undefined, redactor, `Signal "${name}"`)
    case 'decision':
      return value(payload, decisionParts, redactor, 'The decision')
    case 'resume':
      return value(payload, orderParts, redactor, 'The edit')
    case 'step':
      return value(payload, [{ text: 'payload' }], redactor, `The result of "${name}"`)
    case 'cancel':
    case 'give-up':
      return redactParts(payload, reasonParts, redactor)?.text ?? payload
    default:
      return payload
  }
}

/** What an operator writes into a history. */
function edited(request: ForkRequest, redactor: Redactor): ForkRequest {
  if (redactor.values === 'keep') return request
  const { value: clean, found } = redactor.value({ edit: request.edit, results: request.results })
  if (found === '') return request
  if (redactor.values === 'refuse') throw valueRefused('The edit', found)
  return { ...request, ...(clean as Pick<ForkRequest, 'edit' | 'results'>) }
}

/** What is logged, shown and traced is no record, and kept by others: secrets have no place there either. */
export function redactedLog(log: Log, redactor: Redactor): Log {
  if (redactor.isIdle) return log
  const clean = (level: keyof Log) => (message: string, facts?: object) =>
    log[level](shown(message, redactor) as string, shown(facts, redactor) as object | undefined)
  const levels: Log = { debug: clean('debug'), info: clean('info'), warn: clean('warn'), error: clean('error') }
  // whatever else a log of the user's can do, it still can
  return Object.assign(Object.create(log), levels)
}

/** What cannot be told apart is not shown. */
export function shown(what: unknown, redactor: Redactor): unknown {
  try {
    return redactor.value(what).value
  } catch {
    return typeof what === 'string' ? '[not shown]' : {}
  }
}
