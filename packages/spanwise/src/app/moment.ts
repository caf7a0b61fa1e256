import { isStart, type RunStatus, SpanwiseError } from '../journal/index.ts'
import type { RunEvent } from './event.ts'
import { liveEvents, type OperationFact, operationsOf } from './history.ts'

/** A run as it stood when an entry had just been written. */
export interface RunMoment {
  readonly run: string
  readonly index: number
  readonly at: Date
  readonly status: RunStatus
  readonly input: unknown
  /** asked for and without an outcome, as far as the history tells: what never left a trace is not in it */
  readonly open: readonly { readonly key: string; readonly kind: OperationFact['kind']; readonly since: number }[]
  /** what had an outcome, in the order in which it came */
  readonly done: readonly OperationFact[]
}

/** @throws ENTRY_UNKNOWN */
export function momentOf(run: string, events: readonly RunEvent[], index: number): RunMoment {
  const entry = events.find((event) => event.index === index)
  if (entry === undefined) {
    throw new SpanwiseError({
      code: 'ENTRY_UNKNOWN',
      message: `Run ${run} has no entry ${index}: its last one is ${events.at(-1)?.index ?? 'not there'}.`,
      hint: `spanwise runs show ${run} --entries lists them.`,
      run,
    })
  }
  const past = events.filter((event) => event.index <= index)
  const live = liveEvents(past)
  const facts = operationsOf(live)
  const done = facts.filter(({ outcome }) => outcome.state !== 'open')
  const settled = new Set(done.map(({ key }) => key))
  const start = live.findLast(isStart)
  // a step that was under way has left nothing yet: what came of it later says since when
  const later = operationsOf(events.filter((event) => event.index > index && event.after <= index && event.key !== ''))
  const known = new Map([...facts, ...later].filter(({ key }) => !settled.has(key)).map((fact) => [fact.key, fact]))
  const open = [...known.values()].map(({ key, kind, after }) => ({ key, kind, since: after }))
  return {
    run,
    index,
    at: entry.at,
    status: statusAt(past, open),
    input: (start?.payload as { readonly input?: unknown } | undefined)?.input,
    open,
    done,
  }
}

function statusAt(past: readonly RunEvent[], open: RunMoment['open']): RunStatus {
  for (const { kind } of past.toReversed()) {
    if (kind === 'run.completed') return 'completed'
    if (kind === 'run.failed') return 'failed'
    if (kind === 'run.cancelled') return 'cancelled'
    if (kind === 'run.parked') return 'needs attention'
    if (kind === 'run.resumed' || kind === 'run.forked') break
  }
  const works = open.some(({ kind }) => kind === 'step' || kind === 'item' || kind === 'model')
  return open.length > 0 && !works ? 'waiting' : 'running'
}
