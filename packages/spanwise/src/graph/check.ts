import { invalidGraph } from './errors.ts'
import { edgeName, end, type GraphEdge, type GraphModel, type RouteEdge, sourcesOf, start, targetsOf } from './model.ts'

/**
 * Whether the graph can work, as far as its wiring tells.
 * @throws GRAPH_INVALID: what is unreachable, where it leads nowhere, which cycle has no way out, which join is never met
 */
export function checkGraph(model: GraphModel): void {
  const { name, nodes, edges } = model
  const out = (node: string): readonly GraphEdge[] => edges.filter((edge) => sourcesOf(edge).includes(node))
  if (out(start).length === 0)
    throw invalidGraph(
      name,
      'it has no beginning.',
      `Say where it begins: .edge('start', '${[...nodes.keys()][0] ?? 'node'}').`,
    )

  for (const node of nodes.keys()) {
    if (out(node).every(({ kind }) => kind === 'error'))
      throw invalidGraph(
        name,
        `${path(pathTo(edges, node))} leads nowhere.`,
        `Say what comes behind "${node}", if only .edge('${node}', 'end').`,
      )
  }
  const reached = reachable(edges)
  for (const node of nodes.keys())
    if (!reached.has(node))
      throw invalidGraph(name, `node "${node}" cannot be reached from the start.`, unreachableHint(edges, node))

  const leaves = leavers(edges)
  for (const node of nodes.keys())
    if (!leaves.has(node))
      throw invalidGraph(
        name,
        `${path(cycleFrom(edges, node))} is a cycle with no way out.`,
        "Let an edge, a route, an error edge or `beyond` of a bounded edge lead out of it, at last to 'end'.",
      )

  for (const edge of edges) if (edge.kind === 'edge' && edge.from.length > 1) checkJoin(model, edge)
}

function path(nodes: readonly string[]): string {
  return nodes.join(' → ')
}

function reachable(edges: readonly GraphEdge[]): ReadonlySet<string> {
  const reached = new Set<string>([start])
  for (let grows = true; grows; ) {
    grows = false
    for (const edge of edges) {
      if (!sourcesOf(edge).some((node) => reached.has(node))) continue
      for (const to of targetsOf(edge)) {
        if (reached.has(to)) continue
        reached.add(to)
        grows = true
      }
    }
  }
  return reached
}

/** Nodes from which the end can be come to. */
function leavers(edges: readonly GraphEdge[]): ReadonlySet<string> {
  const leaves = new Set<string>([end])
  for (let grows = true; grows; ) {
    grows = false
    for (const edge of edges) {
      if (!targetsOf(edge).some((to) => leaves.has(to))) continue
      for (const node of sourcesOf(edge)) {
        if (leaves.has(node)) continue
        leaves.add(node)
        grows = true
      }
    }
  }
  return leaves
}

function successors(edges: readonly GraphEdge[], node: string): readonly string[] {
  return edges.filter((edge) => sourcesOf(edge).includes(node)).flatMap(targetsOf)
}

/** The shortest way from the start, or the node alone where there is none. */
function pathTo(edges: readonly GraphEdge[], node: string): readonly string[] {
  return walk(edges, start, node) ?? [node]
}

function walk(edges: readonly GraphEdge[], from: string, to: string): readonly string[] | undefined {
  const seen = new Set([from])
  const paths: (readonly string[])[] = [[from]]
  for (const way of paths) {
    for (const next of successors(edges, way.at(-1) as string)) {
      if (next === to) return [...way, next]
      if (seen.has(next)) continue
      seen.add(next)
      paths.push([...way, next])
    }
  }
  return undefined
}

/** From a node that cannot leave every way goes round at last. */
function cycleFrom(edges: readonly GraphEdge[], node: string): readonly string[] {
  const way: string[] = [node]
  for (;;) {
    const next = successors(edges, way.at(-1) as string)[0] as string
    const at = way.indexOf(next)
    way.push(next)
    if (at >= 0) return way.slice(at)
  }
}

function unreachableHint(edges: readonly GraphEdge[], node: string): string {
  const before = edges.find((edge) => targetsOf(edge).includes(node))
  return before === undefined
    ? `Lead an edge or a route to "${node}", or take it out.`
    : `Only ${edgeName(before)} leads to it, which is not reached either.`
}

// ---- joins

/**
 * A route that is taken once chooses one of its targets. Nodes that are each reached by another choice are never all through, so a
 * join that waits for them is never met.
 */
function checkJoin(model: GraphModel, join: Extract<GraphEdge, { kind: 'edge' }>): void {
  const { name, edges } = model
  if (join.need > join.from.length)
    throw invalidGraph(
      name,
      `${edgeName(join)} waits for ${join.need} of ${join.from.length} nodes: that can never be met.`,
      'Ask for as many as there are at most.',
    )
  for (const route of edges) {
    if (route.kind !== 'route' || route.many || isOnCycle(edges, route.from)) continue
    const targets = [...new Set(targetsOf(route))]
    const best = Math.max(...targets.map((target) => throughOf(edges, route, target, join.from)))
    if (best >= join.need) continue
    throw invalidGraph(
      name,
      `${edgeName(join)} can never be met: the route from "${route.from}" leads to one of ${targets.join(', ')}, and each way passes at most ${best} of ${join.from.join(', ')}.`,
      "Lead each of them to the node by an edge of its own, or let the join be 'any'.",
    )
  }
}

function isOnCycle(edges: readonly GraphEdge[], node: string): boolean {
  return walk(edges, node, node) !== undefined
}

function throughOf(edges: readonly GraphEdge[], route: RouteEdge, target: string, nodes: readonly string[]): number {
  const chosen: GraphEdge = { ...route, targets: { [target]: target }, otherwise: undefined, beyond: undefined }
  const reached = reachable(edges.map((edge) => (edge === route ? chosen : edge)))
  return nodes.filter((node) => reached.has(node)).length
}
