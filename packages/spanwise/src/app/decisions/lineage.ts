import type { Influence, Page } from '../../journal/index.ts'
import { type Duration, milliseconds } from '../../workflow/index.ts'
import type { Backend } from '../backend.ts'
import type { RunEvent } from '../event.ts'
import { liveEvents } from '../history.ts'
import { documentsOf } from './calls.ts'
import { mayInfluence } from './causality.ts'
import { bringUpToDate, type DecisionState, decisionState, operationKey } from './list.ts'
import { decisionsOf, readEnd } from './record.ts'

/** What had a part in a decision, or may have had one: it was there when the decision was asked for. */
export interface LineageSource {
  readonly kind: 'input' | 'step' | 'model' | 'prompt' | 'document' | 'approver' | 'signal' | 'child'
  /** of the operation, the model, the prompt with its version, the document, the person; the run that was a child */
  readonly name: string
  /** of the entry that says so */
  readonly index: number
  /** in the decision itself, not in something before it */
  readonly direct: boolean
  /** the decision that it came from, where it came from one */
  readonly decision: string | undefined
}

export interface DecisionLineage {
  readonly decision: DecisionState
  /** in the order of the run */
  readonly sources: readonly LineageSource[]
}

export type LineageOptions = Influence & {
  readonly from?: Date | Duration
  readonly to?: Date
  readonly tenant?: string
  readonly workflow?: string
  /** cursor: `after` of the page before */
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

/** A decision that something had a part in. */
export interface InfluencedDecision extends DecisionState {
  /** index and operation that carried it: the decision itself, or what was there before it */
  readonly via: { readonly index: number; readonly key: string }
  readonly direct: boolean
}

/** @throws DECISION_UNKNOWN */
export async function lineageOf(backend: Backend, id: string): Promise<DecisionLineage> {
  const { story, end } = await readEnd(backend, id)
  const own = story.events.filter(({ key, index }) => index <= end.index && operationKey(key) === end.key)
  // as it was then: what was resumed or done again later had its part all the same
  const before = liveEvents(story.events.filter(({ index }) => index < end.index)).filter(
    (event) => event.key !== end.key && mayInfluence({ index: event.index, key: operationKey(event.key) }, end),
  )
  const decided = new Set(decisionsOf(story.events).map(({ index }) => index))
  const sources = [
    ...before.flatMap((event) => told(story.run, event, decided, before)),
    ...[...documentsOf(own), ...inModels(own)].map((one) => ({ ...one, kind: kindOf(one), name: nameOf(one) })),
  ].map(
    (one): LineageSource => ({
      kind: one.kind,
      name: one.name,
      index: one.index,
      direct: own.some(({ index }) => index === one.index),
      decision: 'decision' in one ? one.decision : undefined,
    }),
  )
  return { decision: decisionState({ ...story, entry: end, parts: own }), sources: unique(sources) }
}

type Found = Omit<LineageSource, 'direct'>

/** What one entry brought into the run. */
function told(run: string, event: RunEvent, decided: ReadonlySet<number>, live: readonly RunEvent[]): readonly Found[] {
  const { kind, key, index, meta, payload } = event
  const decision = decided.has(index) ? `${run}/${index}` : undefined
  const one = (as: LineageSource['kind'], name: string): Found => ({ kind: as, name, index, decision })
  switch (kind) {
    case 'run.started':
    case 'run.continued':
      return [one('input', 'input')]
    case 'step.result':
    case 'step.error': {
      const inside = live.filter((other) => other.key !== key && operationKey(other.key) === key)
      return [one('step', key), ...documents(inside, index), ...models(inside, index)]
    }
    case 'model.result':
      return key === operationKey(key) ? models([event], index).map((found) => ({ ...found, decision })) : []
    case 'signal.received':
      return [one('signal', String(meta['signal']))]
    case 'child.settled': {
      const { run: child } = (payload ?? {}) as { readonly run?: unknown }
      return [one('child', typeof child === 'string' ? child : key)]
    }
    case 'approval.decided': {
      const { by } = (payload ?? {}) as { readonly by?: unknown }
      return [one('approver', typeof by === 'string' ? by : '(erased)')]
    }
    default:
      return []
  }
}

/** What a step read counts from its result on, which is what the rest of the run saw of it. */
function documents(events: readonly RunEvent[], index: number): readonly Found[] {
  return documentsOf(events).map((one) => ({ kind: 'document', name: nameOf(one), index, decision: undefined }))
}

function models(events: readonly RunEvent[], index: number): readonly Found[] {
  return inModels(events).map((one) => ({ ...one, index, decision: undefined }))
}

function inModels(events: readonly RunEvent[]) {
  return events.flatMap(({ kind, meta, index }) => {
    if (kind !== 'model.result') return []
    const model = { kind: 'model' as const, name: String(meta['answered'] ?? meta['model'] ?? ''), index }
    if (meta['prompt'] === undefined) return [model]
    return [model, { kind: 'prompt' as const, name: `${meta['prompt']}@${meta['promptVersion'] ?? ''}`, index }]
  })
}

function kindOf(one: object): 'model' | 'prompt' | 'document' {
  return 'kind' in one ? (one.kind as 'model' | 'prompt') : 'document'
}

function nameOf(one: { readonly name?: string; readonly id?: string; readonly version?: string }): string {
  return one.name ?? `${one.id}${one.version === undefined ? '' : `@${one.version}`}`
}

function unique(sources: readonly LineageSource[]): readonly LineageSource[] {
  const seen = new Map(sources.map((one) => [`${one.kind} ${one.name} ${one.index}`, one]))
  return [...seen.values()].sort((a, b) => a.index - b.index)
}

export async function influencedBy(
  backend: Backend,
  options: LineageOptions,
  now: number,
): Promise<Page<InfluencedDecision>> {
  const { from, to, tenant, workflow, after: start, limit = 50, ...influence } = options
  await bringUpToDate(backend)
  const since = from === undefined || from instanceof Date ? from?.getTime() : now - milliseconds(from, 'from')
  const query = { since, until: to?.getTime(), tenant, workflow, influence }
  const found: InfluencedDecision[] = []
  let after = start
  do {
    const page = await backend.decisions({ ...query, after, limit: limit - found.length })
    for (const row of page.items) {
      const via = row.via as NonNullable<typeof row.via>
      found.push({ ...decisionState(row), via, direct: via.index === row.entry.index })
    }
    after = page.after
  } while (found.length < limit && after !== undefined)
  return { items: found, after }
}
