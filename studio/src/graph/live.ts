import type { RunEvent, RunStatus } from '../api/types.ts'
import type { Operation } from '../run/operations.ts'

/** What a run did in one node of a graph. */
export interface NodeState {
  /** rounds that it was gone through in */
  readonly count: number
  /** on: it is its turn now · done: it was gone through · failed: its latest round ended badly */
  readonly state: 'on' | 'done' | 'failed'
  /** ms from being asked to its end, all rounds together */
  readonly ms: number
  /** the latest entry about it */
  readonly entry: number | undefined
}

/** One call of a graph in a run: `graph(support)#0`. */
export interface Instance {
  readonly key: string
  readonly graph: string
}

const pattern = /(?:^|\/)graph\(([^)]+)\)#\d+(?=\[)/g

/** Calls of graphs that a run's entries tell of, in their order. */
export function instancesOf(events: readonly RunEvent[]): readonly Instance[] {
  const found = new Map<string, Instance>()
  for (const { key } of events) {
    for (const match of key.matchAll(pattern)) {
      const instance = key.slice(0, match.index + match[0].length)
      if (!found.has(instance)) found.set(instance, { key: instance, graph: match[1] as string })
    }
  }
  return [...found.values()]
}

/** Snapshots of a graph or an agent: one for each round that is over. */
export function roundsOf(events: readonly RunEvent[], instance: string): readonly RunEvent[] {
  return events.filter(
    ({ kind, key, meta }) => kind === 'scope.snapshot' && key === instance && typeof meta['round'] === 'number',
  )
}

/**
 * Where a run stands in a graph.
 * @param next nodes of the round that is under way, as its latest snapshot names them
 */
export function nodeStates(
  operations: readonly Operation[],
  instance: string,
  next: readonly string[],
  status: RunStatus,
): ReadonlyMap<string, NodeState> {
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled'
  const found = new Map<string, { rounds: Map<number, Operation[]> }>()
  let latest = 0
  for (const operation of operations) {
    if (operation.isSuperseded || !operation.key.startsWith(`${instance}[`)) continue
    const match = /^\[(\d+)\]\/([^/]+)\//.exec(operation.key.slice(instance.length))
    if (match === null) continue
    const [round, node] = [Number(match[1]), match[2] as string]
    latest = Math.max(latest, round)
    const { rounds } = found.get(node) ?? { rounds: new Map<number, Operation[]>() }
    found.set(node, { rounds })
    rounds.set(round, [...(rounds.get(round) ?? []), operation])
  }
  const states = new Map<string, NodeState>()
  for (const [node, { rounds }] of found) {
    const all = [...rounds.values()]
    const last = rounds.get(Math.max(...rounds.keys())) ?? []
    const isBad = last.some(({ state }) => state === 'failed') && (status === 'needs attention' || status === 'failed')
    const isOn = !isOver && !isBad && (last.some(({ state }) => state === 'open') || next.includes(node))
    states.set(node, {
      count: rounds.size,
      state: isBad && rounds.has(latest) ? 'failed' : isOn ? 'on' : 'done',
      ms: all.reduce((sum, some) => sum + spanOf(some), 0),
      entry: last.at(-1)?.entries.at(-1)?.index,
    })
  }
  if (!isOver)
    for (const node of next) {
      // a step that is under way has no entry yet
      if (!states.has(node)) states.set(node, { count: 0, state: 'on', ms: 0, entry: undefined })
    }
  return states
}

function spanOf(operations: readonly Operation[]): number {
  const from = Math.min(...operations.map(({ asked }) => asked))
  return Math.max(...operations.map(({ last }) => last)) - from
}
