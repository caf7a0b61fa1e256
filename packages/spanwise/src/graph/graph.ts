import { SpanwiseError } from '../journal/index.ts'
import type { Duration, StandardSchemaV1 } from '../workflow/index.ts'
import type { Graph, GraphFactory } from './builder.ts'
import { checkGraph } from './check.ts'
import { invalidGraph } from './errors.ts'
import {
  callAsNode,
  end,
  type GraphEdge,
  type GraphModel,
  type GraphNode,
  type Reducer,
  type State,
  start,
  targetsOf,
} from './model.ts'
import {
  type ApprovalSettings,
  type ManySettings,
  makeApproval,
  makeBody,
  makeMany,
  makeNode,
  makeWait,
  type NodeSettings,
  type WaitSettings,
  type Work,
} from './node.ts'
import { drawing } from './picture/drawing.ts'
import { callGraph, runGraph } from './run.ts'

interface Options {
  readonly input?: StandardSchemaV1
  readonly state: StandardSchemaV1
  readonly output?: StandardSchemaV1
  readonly reducers?: Readonly<Record<string, Reducer>>
  readonly initial?: (input: never) => unknown
  readonly finish?: (state: never) => unknown
  readonly maxSteps?: number
  readonly deadline?: Duration
}

/** supersteps of a graph that does not say how many it may take */
const defaultSteps = 100

/**
 * Defines a graph: nodes that change a typed state, and edges that say what comes next. It starts like a workflow; called in a run it
 * is a scope of that run.
 * @example
 * const support = graph('support', { input: Question, state: Case })
 *   .node('classify', classify).node('answer', answer)
 *   .edge('start', 'classify').route('classify', (state) => state.intent, { question: 'answer' }, { otherwise: 'end' })
 *   .edge('answer', 'end')
 */
export const graph: GraphFactory = ((name: string, options: Options) => {
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~()]/.test(name)) throw invalidName('graph', name)
  const { maxSteps = defaultSteps, deadline } = options
  if (!(Number.isSafeInteger(maxSteps) && maxSteps > 0))
    throw invalidGraph(name, `maxSteps is ${maxSteps}.`, 'Say how many supersteps it may take: 1 or more.')
  const model: GraphModel = {
    name,
    input: options.input,
    state: options.state,
    output: options.output,
    reducers: options.reducers ?? {},
    initial: options.initial as ((input: unknown) => unknown) | undefined,
    finish: options.finish as ((state: State) => unknown) | undefined,
    maxSteps,
    deadline,
    nodes: new Map(),
    edges: [],
  }
  return build(model)
}) as never

/** A graph as far as it is built; each method gives another one. */
function build(model: GraphModel): Graph<unknown, unknown, State, State, string> {
  let checked = false
  const ready = (): GraphModel => {
    if (!checked) checkGraph(model)
    checked = true
    return model
  }
  const withNode = (node: GraphNode) =>
    build({ ...model, nodes: new Map([...model.nodes, [named(model, node.name), node]]) })
  const withEdge = (edge: GraphEdge) => build({ ...model, edges: [...model.edges, known(model, edge)] })

  const call = (input: unknown) => callGraph(ready(), input, 'close')
  const methods = {
    node: (name: string, work: Work, settings: NodeSettings = {}) =>
      withNode(makeNode(model.name, name, work, settings)),
    each: (name: string, work: Work, settings: ManySettings) => withNode(makeMany(model.name, name, work, settings)),
    body: (name: string, body: (state: never) => unknown, settings: { readonly budget?: string } = {}) =>
      withNode(makeBody(model.name, name, body, settings)),
    approval: (name: string, settings: ApprovalSettings) => withNode(makeApproval(name, settings)),
    wait: (name: string, what: never, settings: WaitSettings = {}) => withNode(makeWait(name, what, settings)),
    edge: (from: string | readonly string[], to: string, options: EdgeSettings = {}) =>
      withEdge(plainEdge(from, to, options)),
    route: (from: string, choose: never, targets: Readonly<Record<string, string>>, options: RouteSettings = {}) =>
      withEdge({
        kind: 'route',
        from,
        choose,
        targets,
        otherwise: options.otherwise,
        many: options.many ?? false,
        ...bound(options),
      }),
    onError: (from: string, to: string, options: ErrorSettings = {}) =>
      withEdge({ kind: 'error', from, to, when: options.when, update: options.update, ...bound(options) }),
    goto: (from: string, targets: readonly string[]) => withEdge({ kind: 'goto', from, targets }),
    check: () => build(ready()),
    kind: 'graph',
    input: model.input,
    output: model.output,
    deadline: model.deadline,
    describe: () => ({ graph: drawing(ready()) }),
    [modelKey]: ready,
    [callAsNode]: (input: unknown) => callGraph(ready(), input, 'leave'),
  }
  const made = Object.assign(call, methods)
  Object.defineProperty(made, 'name', { value: model.name })
  // read when it is registered, started or continued: by then it has to be whole
  Object.defineProperty(made, 'fn', { get: () => runOf(ready()) })
  return made as never
}

const modelKey: unique symbol = Symbol.for('spanwise.graph.model') as never

/** What a graph is made of, checked. @throws NOT_A_GRAPH, GRAPH_INVALID */
export function modelOf(value: unknown): GraphModel {
  const ready = (value as { [modelKey]?: () => GraphModel } | undefined)?.[modelKey]
  if (ready !== undefined) return ready()
  throw new SpanwiseError({
    code: 'NOT_A_GRAPH',
    message: `${String((value as { name?: unknown } | undefined)?.name ?? value)} is no graph.`,
    hint: "Pass what graph('name', …) or loadGraph(…) returned.",
  })
}

const runs = new WeakMap<GraphModel, (input: unknown) => Promise<unknown>>()

function runOf(model: GraphModel): (input: unknown) => Promise<unknown> {
  const run = runs.get(model) ?? ((input: unknown) => runGraph(model, input))
  runs.set(model, run)
  return run
}

interface BoundSettings {
  readonly max?: number
  readonly beyond?: string
}

interface EdgeSettings extends BoundSettings {
  readonly join?: 'all' | 'any' | number
}

interface RouteSettings extends BoundSettings {
  readonly otherwise?: string
  readonly many?: boolean
}

interface ErrorSettings extends BoundSettings {
  readonly when?: (error: Error, state: State) => boolean
  readonly update?: (error: Error, state: State) => unknown
}

function bound({ max, beyond }: BoundSettings): BoundSettings {
  return { ...(max === undefined ? {} : { max }), ...(beyond === undefined ? {} : { beyond }) }
}

function plainEdge(from: string | readonly string[], to: string, { join = 'all', ...rest }: EdgeSettings): GraphEdge {
  const sources = typeof from === 'string' ? [from] : from
  const need = sources.length === 1 || join === 'any' ? 1 : join === 'all' ? sources.length : join
  return { kind: 'edge', from: sources, to, need, ...bound(rest) }
}

function named(model: GraphModel, name: string): string {
  if (typeof name !== 'string' || name === '' || /[#/[\]:@~+→]/.test(name)) throw invalidName('node', name)
  if (name === start || name === end)
    throw invalidGraph(model.name, `a node cannot be named "${name}".`, 'That is where every graph begins and ends.')
  if (model.nodes.has(name))
    throw invalidGraph(model.name, `two nodes are named "${name}".`, 'Give one of them another name.')
  return name
}

/** Told where the edge is written. */
function known(model: GraphModel, edge: GraphEdge): GraphEdge {
  const sources = edge.kind === 'edge' ? edge.from : [edge.from]
  const lost = sources.find((name) => !(model.nodes.has(name) || (name === start && edge.kind !== 'error')))
  const nodes = [...model.nodes.keys()]
  if (lost !== undefined)
    throw invalidGraph(model.name, `an edge leaves "${lost}", which is no node of it.`, hint(nodes))
  const unknown = targetsOf(edge).find((name) => name !== end && !model.nodes.has(name))
  if (unknown !== undefined)
    throw invalidGraph(model.name, `${sources.join(' + ')} → ${unknown}: there is no node "${unknown}".`, hint(nodes))
  if (edge.kind !== 'goto' && edge.max !== undefined && !(Number.isSafeInteger(edge.max) && edge.max > 0))
    throw invalidGraph(
      model.name,
      `the edge from ${sources.join(' + ')} may be taken ${edge.max} times.`,
      'Bounds are 1 or more.',
    )
  if (edge.kind === 'edge' && !(Number.isSafeInteger(edge.need) && edge.need > 0))
    throw invalidGraph(
      model.name,
      `${sources.join(' + ')} → ${edge.to} waits for ${edge.need}.`,
      "join is 'all', 'any', or a number from 1 on.",
    )
  return edge
}

function hint(nodes: readonly string[]): string {
  return `Add the node before its edges. There are: ${nodes.join(', ') || 'none yet'}.`
}

function invalidName(what: string, name: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_NAME',
    message: `A ${what} cannot be named ${JSON.stringify(name)}.`,
    hint: 'Use a name without # / [ ] : @ ~ ( ) + →, like "support".',
  })
}
