import {
  type BudgetChange,
  checkPayloadSize,
  type Entry,
  type Meta,
  type NewEntry,
  SpanwiseError,
} from '../journal/index.ts'
import { StreamRedaction } from '../redaction/index.ts'
import type { Execution, LazyAbort, ModelCall, ModelOutcome, ModelRequest, Operation } from '../workflow/index.ts'
import { encodeError } from './error-text.ts'
import type { RunHome } from './run-home.ts'

/** What model calls need of the run in memory that they belong to. */
export interface ModelCallHome extends RunHome {
  readonly execution: Execution
  /** calls back once everything up to this index is durable */
  whenDurable(index: number, then: () => void): void
}

/** One time that a provider is asked: announced on disk, then sent. */
export interface Generation {
  readonly home: ModelCallHome
  readonly operation: Operation
  readonly request: ModelRequest
  /** opaque name of the call within the run */
  readonly key: string
  readonly step: string | undefined
  readonly number: number
  /** what is asked is not on record yet */
  readonly isFirst: boolean
  readonly abort: LazyAbort
  /** writes an entry about this call */
  record(kind: 'model.call', meta: Meta, payload: string | undefined): NewEntry
}

/** Asks the provider. Never rejects: an answer that is too large to be recorded is a failure. */
export async function generate(of: Generation): Promise<ModelOutcome> {
  const { home, request } = of
  let held: Promise<void> | undefined
  const stream = new StreamRedaction(home.execution.redactor.within(of.operation.spec.redact))
  const shown = (part: unknown, first: boolean) => stream.push(part, first)
  const call: ModelCall = {
    home: home.engine.models,
    run: {
      id: home.row.run,
      workflow: home.row.workflow,
      tenant: home.row.tenant,
      team: home.execution.started.team,
      subject: home.execution.started.subject,
      tags: home.execution.started.tags,
      step: of.step,
      priority: home.row.priority,
      deadline: home.row.deadline,
    },
    generation: of.number,
    signal: of.abort.signal,
    key: of.key,
    since: of.operation.issuedAt,
    show: (part, first) => home.engine.events.forming(home.row.run, of.key, part, first, shown),
    hold(changes, meta) {
      // said once, before anything is sent: a crash from here on leaves it on record that something may have been asked
      held ??= announce(of, changes, meta)
      return held
    },
  }
  const outcome = await request.perform(call)
  if (outcome.state !== 'answered') return outcome
  try {
    checkPayloadSize(outcome.payload, `The answer of model "${request.alias}"`)
    return outcome
  } catch (error) {
    return { ...outcome, state: 'failed', error }
  }
}

function announce(
  { home, request, isFirst, abort, record }: Generation,
  changes: readonly BudgetChange[],
  meta: Meta,
): Promise<void> {
  // a later generation asks the same: it is on record already
  const entry = record('model.call', meta, isFirst ? request.text : undefined)
  home.pending.budgets.push(...changes)
  return whenDurable(home, entry.index, abort)
}

/** Resolves once it is on disk; rejects when nobody waits for it any more. */
export function whenDurable(home: ModelCallHome, index: number, abort: LazyAbort): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(abort.reason)
    if (abort.aborted) return stop()
    abort.signal.addEventListener('abort', stop, { once: true })
    home.whenDurable(index, () => {
      abort.signal.removeEventListener('abort', stop)
      resolve()
    })
  })
}

/** What is told about a call that was on its way when its process died: charged as the most that it can have cost. */
export function lost(intent: Pick<Entry, 'meta' | 'attempt'>): { readonly meta: Meta; readonly payload: string } {
  const { bound } = intent.meta
  return {
    meta: { ...intent.meta, ...(bound === undefined ? {} : { cost: bound }), unconfirmed: true, tries: 1 },
    payload: encodeError(
      new SpanwiseError({
        code: 'MODEL_UNCONFIRMED',
        message: 'The process ended while the model was being asked: whether it answered is not known.',
        hint: 'It is asked again. The provider may charge for both; its invoice says.',
      }),
    ),
  }
}
