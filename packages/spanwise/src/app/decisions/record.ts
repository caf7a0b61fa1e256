import { SpanwiseError } from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import type { RunEvent } from '../event.ts'
import { liveEvents, type OperationFact, operationsOf } from '../history.ts'
import { allEvents } from '../run.ts'
import { unknownRun } from '../unknown-run.ts'
import { approvalsOf, type DecisionApproval } from './approvals.ts'
import { type CitedDocument, callsOf, type DecisionCall, documentsOf, toolResults } from './calls.ts'
import { mayInfluence } from './causality.ts'
import { type DecisionState, decisionState, operationKey } from './list.ts'

/** All that is on record about one decision. Computed from the entries of its run, each time that it is asked for. */
export interface DecisionRecord extends DecisionState {
  /** readable; undefined where it has none, or was erased */
  readonly subject: string | undefined
  /** of the code that the run was started with */
  readonly release: string | undefined
  /** indexes of the entries of the operation itself */
  readonly entries: readonly number[]
  /** what the step was given; of a model call, what it was asked */
  readonly input: unknown
  readonly result: unknown
  readonly error: unknown
  readonly calls: readonly DecisionCall[]
  /** that it read itself (`direct`), and that steps before it read */
  readonly documents: readonly DecisionDocument[]
  /** attempts that failed before the one that counts */
  readonly retries: readonly {
    readonly index: number
    readonly at: Date
    readonly why: string
    readonly error: unknown
  }[]
  /** before it: what people had decided when it was begun; after it: what they were asked once it was there */
  readonly approvals: { readonly before: readonly DecisionApproval[]; readonly after: readonly DecisionApproval[] }
  /** what the run did once it was there; `direct` what it asked for at once */
  readonly effects: readonly DecisionEffect[]
  /** an operator gave the result */
  readonly edited: boolean
  /** index of the entry by which it was set aside: an operator resumed the run from before it */
  readonly superseded: number | undefined
}

export interface DecisionDocument extends CitedDocument {
  readonly direct: boolean
}

export interface DecisionEffect {
  readonly key: string
  readonly kind: OperationFact['kind'] | 'end'
  readonly index: number
  readonly state: OperationFact['outcome']['state']
  readonly direct: boolean
}

/** The entries of one run, and whose they are. */
export interface Story {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly release: string | undefined
  readonly subject: string | undefined
  readonly events: readonly RunEvent[]
}

export async function readStory(backend: Backend, run: string): Promise<Story> {
  const row = await backend.run(run)
  if (row === undefined) throw unknownRun(run)
  const events = await allEvents(backend, run)
  const { subject } = (events[0]?.payload ?? {}) as { readonly subject?: string }
  const release = events[0]?.meta['release']
  return {
    run,
    workflow: row.workflow,
    tenant: row.tenant,
    release: typeof release === 'string' ? release : row.release,
    subject,
    events,
  }
}

/** @param id `run/index`, the index of any entry of the operation. @throws DECISION_UNKNOWN, RUN_UNKNOWN */
export async function readDecision(backend: Backend, id: string): Promise<DecisionRecord> {
  const { story, end } = await readEnd(backend, id)
  return decisionOf(story, end)
}

/** A decision's run, and the entry with its outcome. @throws DECISION_UNKNOWN, RUN_UNKNOWN */
export async function readEnd(
  backend: Backend,
  id: string,
): Promise<{ readonly story: Story; readonly end: RunEvent }> {
  const [, run, index] = /^(.+)\/(\d+)$/.exec(id) ?? []
  if (run === undefined) throw unknownDecision(id)
  const story = await readStory(backend, run)
  const end = outcomeAt(story.events, Number(index))
  if (end === undefined) throw unknownDecision(id)
  return { story, end }
}

/** The entry with the outcome of the operation that an entry is about, where that is a decision. */
function outcomeAt(events: readonly RunEvent[], index: number): RunEvent | undefined {
  const named = events.find((event) => event.index === index)
  if (named === undefined) return undefined
  const key = operationKey(named.key)
  return decisionsOf(events).find((end) => end.key === key && end.index >= index)
}

const ends: ReadonlySet<RunEvent['kind']> = new Set(['step.result', 'step.error', 'model.result', 'model.error'])

/** Entries with the outcome of a decision, in order: the rule that the store's index follows too. */
export function decisionsOf(events: readonly RunEvent[]): readonly RunEvent[] {
  const asked = new Set<string>()
  return events.filter(({ kind, key, meta }) => {
    const isText = kind.startsWith('model.') && meta['call'] !== 'embedding'
    if (isText) asked.add(operationKey(key))
    if (!ends.has(kind) || key !== operationKey(key)) return false
    if (kind.startsWith('model.')) return isText
    return asked.has(key) || (meta['decision'] ?? false) !== false
  })
}

export function decisionOf(story: Story, end: RunEvent): DecisionRecord {
  const { events } = story
  const own = events.filter(({ key, index }) => index <= end.index && operationKey(key) === end.key)
  const results = toolResults(events)
  const calls = callsOf(own, results)
  const approvals = approvalsOf(events)
  const isStep = end.kind.startsWith('step.')
  const { input, result, error } = (isStep ? (end.payload ?? {}) : {}) as Record<'input' | 'result' | 'error', unknown>
  const failed = end.kind.endsWith('.error')
  return {
    ...decisionState({ ...story, entry: end, parts: own }),
    subject: story.subject,
    release: story.release,
    entries: own.map(({ index }) => index),
    input: isStep ? input : calls[0]?.asked,
    result: failed ? undefined : isStep ? result : end.payload,
    error: failed ? (isStep ? error : end.payload) : undefined,
    calls,
    documents: documentsFor(events, own, end),
    retries: own
      .filter(({ kind }) => kind === 'step.attempt')
      .map(({ index, at, meta, payload }) => ({
        index,
        at,
        why: String(meta['class'] ?? ''),
        error: (payload as { readonly error?: unknown } | undefined)?.error,
      })),
    approvals: {
      before: approvals.filter(({ entries, key, decidedAt }) =>
        decidedAt === undefined ? false : mayInfluence({ index: entries[1] as number, key }, end),
      ),
      after: approvals.filter(({ entries, key }) =>
        mayInfluence(end, { key, after: events.find(({ index }) => index === entries[0])?.after ?? -1 }),
      ),
    },
    effects: effectsOf(events, end),
    edited: end.meta['edited'] === true,
    superseded: supersededBy(events, end),
  }
}

/** What a step before it read counts where the step's result was there. */
function documentsFor(
  events: readonly RunEvent[],
  own: readonly RunEvent[],
  end: RunEvent,
): readonly DecisionDocument[] {
  const before = new Set(
    events.filter((event) => event.kind === 'step.result' && mayInfluence(event, end)).map(({ key }) => key),
  )
  const earlier = events.filter(({ key, index }) => index < end.index && before.has(operationKey(key)))
  return [
    ...documentsOf(earlier.filter(({ key }) => operationKey(key) !== end.key)).map((one) => ({
      ...one,
      direct: false,
    })),
    ...documentsOf(own).map((one) => ({ ...one, direct: true })),
  ]
}

function effectsOf(events: readonly RunEvent[], end: RunEvent): readonly DecisionEffect[] {
  const live = liveEvents(events)
  const effects: DecisionEffect[] = operationsOf(live.filter(({ key }) => key === operationKey(key)))
    .filter((fact) => fact.key !== end.key && mayInfluence(end, fact))
    .map(({ key, kind, index, after, outcome }) => ({
      key,
      kind,
      index,
      state: outcome.state,
      direct: after === end.index,
    }))
  const last = live.findLast(
    ({ kind }) => kind === 'run.completed' || kind === 'run.failed' || kind === 'run.cancelled',
  )
  if (last !== undefined && last.index > end.index) {
    const state = last.kind === 'run.completed' ? 'done' : 'failed'
    effects.push({ key: last.kind, kind: 'end', index: last.index, state, direct: last.after === end.index })
  }
  return effects.sort((a, b) => a.index - b.index)
}

function supersededBy(events: readonly RunEvent[], end: RunEvent): number | undefined {
  if (liveEvents(events).includes(end)) return undefined
  // the first resume after which it does not count any more
  return events.find(
    (event, at) =>
      (event.kind === 'run.resumed' || event.kind === 'run.forked') &&
      event.index > end.index &&
      !liveEvents(events.slice(0, at + 1)).includes(end),
  )?.index
}

function unknownDecision(id: string): SpanwiseError {
  return new SpanwiseError({
    code: 'DECISION_UNKNOWN',
    message: `There is no decision ${id}.`,
    hint: 'Name it as run/index, as the list has it: spanwise audit decisions.',
  })
}
