import { decode, isSpanwiseError } from '../journal/index.ts'
import { isSuperseded, type Resumption, withoutUnfinished } from '../workflow/index.ts'
import type { RunEvent } from './event.ts'

/** What a run's history says of one operation. */
export interface OperationFact {
  /** as in the code: `charge#0`, `each#0[…]/score#1`, `signal(go)#0` */
  readonly key: string
  readonly kind: 'step' | 'wait' | 'signal' | 'approval' | 'child' | 'item' | 'model'
  /** index of the entry that has its outcome; of the last one about it where it has none */
  readonly index: number
  /** index of the delivery that made the code ask for it */
  readonly after: number
  readonly at: Date
  /** ms of the attempt that led to its outcome, where that was measured */
  readonly took: number | undefined
  readonly attempts: number
  readonly input: unknown
  readonly outcome: OperationOutcome
  /** an operator gave its result */
  readonly edited: boolean
}

export type OperationOutcome =
  | { readonly state: 'open' }
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'failed'; readonly error: unknown }

/** Without what resumes and forks have superseded. */
export function liveEvents(events: readonly RunEvent[]): readonly RunEvent[] {
  let live: RunEvent[] = []
  for (const event of events) {
    if (event.kind === 'run.resumed') {
      const resumption = event.payload as Resumption | undefined
      if (resumption !== undefined) live = live.filter((earlier) => !isSuperseded(earlier, resumption))
    } else if (event.kind === 'run.forked') {
      const { reopen } = (event.payload ?? {}) as { readonly reopen?: string }
      live = withoutUnfinished(live.filter((earlier) => !isSuperseded(earlier, { from: event.index, reopen })))
    }
    live.push(event)
  }
  return live
}

/** In the order in which their outcomes came. */
export function operationsOf(live: readonly RunEvent[]): readonly OperationFact[] {
  const facts = new Map<string, OperationFact>()
  const heard = new Map<string, number>()
  for (const event of live) {
    const kind = kindOf(event)
    if (kind === undefined) continue
    let { key } = event
    if (kind === 'signal') {
      const name = `signal(${String(event.meta['signal'])})`
      const count = heard.get(name) ?? 0
      heard.set(name, count + 1)
      key = `${name}#${count}`
    }
    const before = facts.get(key)
    // what settles it stands behind what it was begun with
    if (before !== undefined) facts.delete(key)
    facts.set(key, factOf(key, kind, event, before))
  }
  return [...facts.values()]
}

function factOf(
  key: string,
  kind: OperationFact['kind'],
  event: RunEvent,
  before: OperationFact | undefined,
): OperationFact {
  const { index, after, at, attempt, meta } = event
  return {
    key,
    kind,
    index,
    after: before?.after ?? after,
    at,
    took: typeof meta['ms'] === 'number' ? meta['ms'] : undefined,
    attempts: Math.max(attempt, before?.attempts ?? 0),
    input: inputOf(event) ?? before?.input,
    outcome: outcomeOf(event),
    edited: meta['edited'] === true,
  }
}

function kindOf({ kind }: RunEvent): OperationFact['kind'] | undefined {
  const family = kind.slice(0, kind.indexOf('.'))
  switch (family) {
    case 'step':
    case 'approval':
    case 'child':
    case 'item':
    case 'model':
    case 'signal':
      return family
    case 'timer':
      return 'wait'
    default:
      return undefined
  }
}

function inputOf({ kind, payload }: RunEvent): unknown {
  if (kind.startsWith('step.')) return (payload as { readonly input?: unknown } | undefined)?.input
  if (kind !== 'approval.requested') return undefined
  const { question, of } = (payload ?? {}) as { readonly question?: unknown; readonly of?: unknown }
  return of === undefined ? question : { question, of }
}

function outcomeOf({ kind, payload, meta }: RunEvent): OperationOutcome {
  switch (kind) {
    case 'step.result':
      return { state: 'done', value: (payload as { readonly result?: unknown } | undefined)?.result }
    case 'step.error':
      return { state: 'failed', error: (payload as { readonly error?: unknown } | undefined)?.error }
    case 'model.result':
      return { state: 'done', value: payload }
    case 'model.error':
      return { state: 'failed', error: payload }
    case 'timer.fired':
      return { state: 'done', value: undefined }
    case 'signal.received':
      return { state: 'done', value: payload }
    case 'approval.decided': {
      const { approve, form, reason } = (payload ?? {}) as { approve?: unknown; form?: unknown; reason?: unknown }
      return {
        state: 'done',
        value: { approve, ...(form === undefined ? {} : { form }), ...(reason === undefined ? {} : { reason }) },
      }
    }
    case 'item.pulled':
      return { state: 'done', value: meta['done'] === true ? undefined : payload }
    case 'child.settled':
      return childOutcome(payload)
    default:
      return { state: 'open' }
  }
}

function childOutcome(payload: unknown): OperationOutcome {
  const { status, outcome } = (payload ?? {}) as { readonly status?: unknown; readonly outcome?: string | null }
  const value = typeof outcome === 'string' ? decode(outcome) : undefined
  return status === 'completed' ? { state: 'done', value } : { state: 'failed', error: value ?? status }
}

/** What two errors have to share to be the same one: not their stacks. */
export function errorFacts(error: unknown): unknown {
  if (!Error.isError(error)) return error
  const { name, message } = error as Error
  return { name, message, ...(isSpanwiseError(error) ? { code: error.code } : {}) }
}
