import { badGoto, badRoute, cycleLimit, joinUnmet } from './errors.ts'
import {
  type ErrorEdge,
  edgeName,
  end,
  type GraphEdge,
  type GraphModel,
  type PlainEdge,
  type RouteEdge,
  type State,
  start,
} from './model.ts'

/** Where a graph stands between two supersteps. */
export interface Place {
  /** nodes of the next superstep, in the order in which they were reached */
  readonly next: readonly string[]
  /** who has arrived at joins that wait for more */
  readonly joins?: Readonly<Record<string, readonly string[]>>
  /** how often bounded edges were taken */
  readonly taken?: Readonly<Record<string, number>>
}

/** A node that is through: by itself, somewhere else, or by an error that has an edge. */
export interface Finished {
  readonly node: string
  readonly goto?: readonly string[]
  readonly failed?: ErrorEdge
}

export function begin(model: GraphModel, state: State): Place {
  return follow(model, { next: [] }, [{ node: start }], state)
}

/** Where the edges of the nodes that are through lead. Each node is there once, however many edges lead to it. */
export function follow(model: GraphModel, place: Place, finished: readonly Finished[], state: State): Place {
  const next = new Set<string>()
  let ends = false
  const joins = { ...place.joins }
  const taken = { ...place.taken }

  const take = (edge: Exclude<GraphEdge, { kind: 'goto' }>, to: string): void => {
    if (edge.max === undefined) return add(to)
    // a route is bounded for each of its targets
    const name = edge.kind === 'route' ? `${edge.from} → ${to}` : edgeName(edge)
    const count = taken[name] ?? 0
    if (count < edge.max) {
      taken[name] = count + 1
      return add(to)
    }
    if (edge.beyond === undefined) throw cycleLimit(model.name, name, edge.max)
    add(edge.beyond)
  }
  const add = (to: string): void => {
    if (to === end) ends = true
    else next.add(to)
  }

  for (const { node, goto, failed } of finished) {
    if (failed !== undefined) take(failed, failed.to)
    else if (goto !== undefined) for (const to of allowed(model, node, goto)) add(to)
    else
      for (const edge of model.edges) {
        if (edge.kind === 'route' && edge.from === node) for (const to of chosen(model, edge, state)) take(edge, to)
        else if (edge.kind === 'edge' && edge.from.includes(node) && isMet(edge, node, joins)) take(edge, edge.to)
      }
  }
  // it stops, and nothing has led to the end: somebody waits in vain
  if (next.size === 0 && !ends) checkJoins(model, joins)
  return {
    next: [...next],
    ...(Object.keys(joins).length === 0 ? {} : { joins }),
    ...(Object.keys(taken).length === 0 ? {} : { taken }),
  }
}

/** Notes who has arrived. True at the one arrival that makes it enough; when all are there, it begins anew. */
function isMet(edge: PlainEdge, node: string, joins: Record<string, readonly string[]>): boolean {
  if (edge.from.length === 1) return true
  const name = edgeName(edge)
  const before = joins[name] ?? []
  // it comes a second time before the others: a new round
  const arrived = before.includes(node) ? [node] : [...before, node]
  if (arrived.length === edge.from.length) delete joins[name]
  else joins[name] = arrived
  return arrived.length === edge.need
}

function checkJoins(model: GraphModel, joins: Readonly<Record<string, readonly string[]>>): void {
  for (const edge of model.edges) {
    const arrived = joins[edgeName(edge)]
    if (edge.kind !== 'edge' || arrived === undefined || arrived.length >= edge.need) continue
    const rest = edge.from.filter((node) => !arrived.includes(node))
    throw joinUnmet(
      model.name,
      `"${edge.to}" waits for ${edge.need} of ${edge.from.join(', ')}, and nothing leads to ${rest.join(', ')} any more.`,
    )
  }
}

function chosen(
  model: GraphModel,
  { from, choose, targets, otherwise, many }: RouteEdge,
  state: State,
): readonly string[] {
  const key = choose(state)
  const keys = many && Array.isArray(key) ? (key as readonly string[]) : [key as string]
  return keys.map((one) => {
    const to = Object.hasOwn(targets, String(one)) ? targets[String(one)] : otherwise
    if (to === undefined) throw badRoute(model.name, from, one, Object.keys(targets))
    return to
  })
}

function allowed(model: GraphModel, from: string, to: readonly string[]): readonly string[] {
  const known = model.edges.flatMap((edge) => (edge.kind === 'goto' && edge.from === from ? edge.targets : []))
  for (const one of to) if (!known.includes(one)) throw badGoto(model.name, from, one, known)
  return to
}
