import type { Duration, StandardSchemaV1 } from '../workflow/index.ts'

/** A value of a graph's state: a record, whatever its schema says of the keys. */
export type State = Readonly<Record<string, unknown>>

/**
 * How what a node returns for a key becomes the key's new value. `'replace'`: it is the new value; two nodes of one superstep may not
 * both say one. `'append'`: a list, or one item, behind what is there. `'merge'`: keys of a record. Or a pure function.
 */
export type Reducer = 'replace' | 'append' | 'merge' | ((value: never, update: never) => unknown)

export const start = 'start'
export const end = 'end'

/** On a built graph: calls it as a node of another one. */
export const callAsNode: unique symbol = Symbol.for('spanwise.graph') as never

/** A graph as its driver, its check and its pictures see it. */
export interface GraphModel {
  readonly name: string
  readonly input: StandardSchemaV1 | undefined
  readonly state: StandardSchemaV1
  readonly output: StandardSchemaV1 | undefined
  readonly reducers: Readonly<Record<string, Reducer>>
  /** the first state; the input itself when absent */
  readonly initial: ((input: unknown) => unknown) | undefined
  /** the result; the last state when absent */
  readonly finish: ((state: State) => unknown) | undefined
  readonly maxSteps: number
  readonly deadline: Duration | undefined
  readonly nodes: ReadonlyMap<string, GraphNode>
  readonly edges: readonly GraphEdge[]
}

export type NodeKind = 'function' | 'step' | 'body' | 'workflow' | 'graph' | 'agent' | 'approval' | 'wait'

/** What the builder was given for a node, for whoever writes the graph down. */
export interface NodeSource {
  /** a function, step, graph, agent or workflow; the code of a body; what is waited for */
  readonly work?: unknown
  readonly settings: Readonly<Record<string, unknown>>
}

export interface GraphNode {
  readonly name: string
  readonly source: NodeSource
  readonly kind: NodeKind
  /** done for each of some items */
  readonly many: boolean
  /** Called in a branch of its own. @returns an update, a `Goto`, or nothing */
  run(state: State): Promise<unknown>
}

export type GraphEdge = PlainEdge | RouteEdge | ErrorEdge | GotoEdge

/** `max`: how often it is taken in a run; then it leads to `beyond`, or the run needs attention. */
interface Bounded {
  readonly max?: number | undefined
  readonly beyond?: string | undefined
}

export interface PlainEdge extends Bounded {
  readonly kind: 'edge'
  readonly from: readonly string[]
  readonly to: string
  /** how many of `from` have to be through; one where they do not wait for each other */
  readonly need: number
}

export interface RouteEdge extends Bounded {
  readonly kind: 'route'
  readonly from: string
  choose(state: State): string | readonly string[]
  readonly targets: Readonly<Record<string, string>>
  readonly otherwise: string | undefined
  /** `choose` may name several: then they are not alternatives */
  readonly many: boolean
}

export interface ErrorEdge extends Bounded {
  readonly kind: 'error'
  readonly from: string
  readonly to: string
  readonly when: ((error: Error, state: State) => boolean) | undefined
  readonly update: ((error: Error, state: State) => unknown) | undefined
}

/** Where a node's code may go by itself. */
export interface GotoEdge {
  readonly kind: 'goto'
  readonly from: string
  readonly targets: readonly string[]
}

/** Names an edge in a continuation and to people, and stays the same when others are added. */
export function edgeName(edge: GraphEdge): string {
  switch (edge.kind) {
    case 'edge':
      return `${edge.from.join(' + ')} → ${edge.to}`
    case 'route':
      return `${edge.from} → ?`
    case 'error':
      return `${edge.from} → ${edge.to} (error)`
    case 'goto':
      return `${edge.from} → ${edge.targets.join(' | ')}`
  }
}

export function sourcesOf(edge: GraphEdge): readonly string[] {
  return edge.kind === 'edge' ? edge.from : [edge.from]
}

/** Everywhere that an edge may lead. */
export function targetsOf(edge: GraphEdge): readonly string[] {
  const last = edge.kind === 'goto' || edge.beyond === undefined ? [] : [edge.beyond]
  switch (edge.kind) {
    case 'route':
      return [...Object.values(edge.targets), ...(edge.otherwise === undefined ? [] : [edge.otherwise]), ...last]
    case 'goto':
      return edge.targets
    default:
      return [edge.to, ...last]
  }
}
