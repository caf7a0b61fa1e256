import { errorFacts } from '../api/problem.ts'
import type { RunEvent } from '../api/types.ts'

export type OperationKind = 'step' | 'model' | 'timer' | 'approval' | 'child' | 'item' | 'signal' | 'run'

export interface Attempt {
  /** ms since the epoch */
  readonly from: number
  readonly to: number
  readonly state: 'done' | 'failed'
  readonly error: string | undefined
}

/** One operation of a run, as its entries tell it. */
export interface Operation {
  readonly key: string
  /** the last part of its key, or the model that was asked */
  readonly name: string
  /** the scope that it stands in; empty at the top */
  readonly scope: string
  readonly depth: number
  readonly kind: OperationKind
  /** when the code asked for it, ms since the epoch */
  readonly asked: number
  /** when its last entry was written */
  readonly last: number
  readonly state: 'open' | 'done' | 'failed'
  readonly attempts: readonly Attempt[]
  readonly entries: readonly RunEvent[]
  /** an operator went back before it: kept as history, not in force */
  readonly isSuperseded: boolean
  readonly cost: bigint | undefined
}

const kinds: Readonly<Record<string, OperationKind>> = {
  step: 'step',
  model: 'model',
  timer: 'timer',
  approval: 'approval',
  child: 'child',
  item: 'item',
  signal: 'signal',
}

/** In the order in which the code asked for them. */
export function operationsOf(events: readonly RunEvent[]): readonly Operation[] {
  const times = new Map(events.map(({ index, at }) => [index, Date.parse(at)]))
  const generation = supersededBy(events)
  const groups = new Map<string, RunEvent[]>()
  let signals = 0
  for (const event of events) {
    const kind = kinds[event.kind.split('.')[0] as string]
    if (kind === undefined) continue
    const key = kind === 'signal' ? `signal(${String(event.meta['signal'] ?? '')})#${signals++}` : event.key
    const name = `${generation.get(event.index) ?? ''}|${key}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [event])
    else group.push(event)
  }
  const operations = [...groups].map(([name, entries]) =>
    toOperation(name.slice(name.indexOf('|') + 1), entries, times, name[0] !== '|'),
  )
  return operations.sort((a, b) => a.asked - b.asked || first(a) - first(b))
}

function first({ entries }: Operation): number {
  return entries[0]?.index ?? 0
}

function toOperation(
  key: string,
  entries: readonly RunEvent[],
  times: ReadonlyMap<number, number>,
  isSuperseded: boolean,
): Operation {
  const begun = entries[0] as RunEvent
  const ended = entries.at(-1) as RunEvent
  const parts = key.split('/')
  const asked = times.get(begun.after) ?? Date.parse(begun.at)
  return {
    key,
    name: modelOf(ended) ?? parts.at(-1) ?? key,
    scope: parts.at(-2) ?? '',
    depth: parts.length - 1,
    kind: kinds[begun.kind.split('.')[0] as string] ?? 'run',
    asked: begun.kind === 'signal.received' ? Date.parse(begun.at) : asked,
    last: Date.parse(ended.at),
    state: stateOf(ended),
    attempts: entries.flatMap(attemptOf),
    entries,
    isSuperseded,
    cost: costOf(ended),
  }
}

/** Keys of model calls hold a token of what was asked, which says nothing to a reader. */
function modelOf({ kind, meta }: RunEvent): string | undefined {
  if (!kind.startsWith('model.') || meta['alias'] === undefined) return undefined
  return `${String(meta['alias'])} → ${String(meta['answered'] ?? meta['model'])}`
}

function stateOf({ kind, payload, meta }: RunEvent): Operation['state'] {
  if (/\.(result|fired|received|pulled)$/.test(kind)) return 'done'
  if (/\.(error|rejected)$/.test(kind)) return 'failed'
  if (kind === 'child.settled')
    return meta['status'] === undefined || meta['status'] === 'completed' ? 'done' : 'failed'
  if (kind === 'approval.decided')
    return (payload as { approve?: boolean } | undefined)?.approve === false ? 'failed' : 'done'
  if (kind === 'approval.withdrawn') return 'failed'
  return 'open'
}

/** Attempts say how long they took; they end when their entry was written. */
function attemptOf({ kind, at, meta, payload }: RunEvent): readonly Attempt[] {
  const isEnd = /^(step|model)\.(result|error|attempt)$/.test(kind)
  if (!isEnd || typeof meta['ms'] !== 'number') return []
  const to = Date.parse(at)
  const failed = !kind.endsWith('.result')
  const error = (payload as { error?: unknown } | undefined)?.error ?? payload
  return [
    {
      from: to - meta['ms'],
      to,
      state: failed ? 'failed' : 'done',
      error: failed && error !== undefined && typeof error === 'object' ? errorFacts(error).message : undefined,
    },
  ]
}

function costOf({ kind, meta }: RunEvent): bigint | undefined {
  return kind.startsWith('model.') && typeof meta['cost'] === 'number' ? BigInt(meta['cost']) : undefined
}

/** For each entry that an order to resume or a fork went back before: the index of that order. */
function supersededBy(events: readonly RunEvent[]): ReadonlyMap<number, number> {
  const by = new Map<number, number>()
  for (const order of events) {
    if (order.kind !== 'run.resumed' && order.kind !== 'run.forked') continue
    const facts = (order.payload ?? {}) as { from?: unknown; reopen?: unknown }
    const from = order.kind === 'run.forked' ? order.index : facts.from
    if (typeof from !== 'number') continue
    for (const event of events) {
      if (event.index >= order.index) break
      const isKept = /^(run\.started|run\.continued|signal\.received)$/.test(event.kind)
      if (!isKept && !by.has(event.index) && (event.after >= from || event.key === facts.reopen))
        by.set(event.index, order.index)
    }
  }
  return by
}
