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
 * @param turns nodes of each round, by its number: of the first one, and as snapshots name those after it
 */
export function nodeStates(
  operations: readonly Operation[],
  instance: string,
  turns: ReadonlyMap<number, readonly string[]>,
  status: RunStatus,
): ReadonlyMap<string, NodeState> {
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled'
  const current = Math.max(0, ...turns.keys())
  const nodes = new Map<string, Map<number, Operation[]>>()
  const at = (node: string, round: number): Operation[] => {
    const rounds = nodes.get(node) ?? new Map<number, Operation[]>()
    nodes.set(node, rounds)
    const found = rounds.get(round) ?? []
    rounds.set(round, found)
    return found
  }
  // some nodes leave no entry of their own: one that waits for a signal, or a step that is under way
  for (const [round, names] of turns) if (round < current || !isOver) for (const name of names) at(name, round)
  for (const operation of operations) {
    if (operation.isSuperseded || !operation.key.startsWith(`${instance}[`)) continue
    const match = /^\[(\d+)\]\/([^/]+)\//.exec(operation.key.slice(instance.length))
    if (match !== null) at(match[2] as string, Number(match[1])).push(operation)
  }
  const isBad = status === 'needs attention' || status === 'failed'
  return new Map(
    [...nodes].map(([node, rounds]): readonly [string, NodeState] => {
      const latest = Math.max(...rounds.keys())
      const last = rounds.get(latest) ?? []
      const hasFailed = isBad && latest >= current && last.some(({ state }) => state === 'failed')
      const isOn = !isOver && !hasFailed && latest >= current
      const through = [...rounds].filter(([round, some]) => some.length > 0 || round < current)
      return [
        node,
        {
          count: through.length,
          state: hasFailed ? 'failed' : isOn ? 'on' : 'done',
          ms: through.reduce((sum, [, some]) => sum + spanOf(some), 0),
          entry: last.at(-1)?.entries.at(-1)?.index,
        },
      ]
    }),
  )
}

function spanOf(operations: readonly Operation[]): number {
  if (operations.length === 0) return 0
  const from = Math.min(...operations.map(({ asked }) => asked))
  return Math.max(...operations.map(({ last }) => last)) - from
}
