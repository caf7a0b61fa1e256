import { CancelledError, loop, openBranch, parse, type Turn } from '../workflow/index.ts'
import { changedGraph, stepLimit } from './errors.ts'
import { begin, type Finished, follow, type Place } from './follow.ts'
import { isGoto } from './goto.ts'
import type { ErrorEdge, GraphModel, GraphNode, State } from './model.ts'
import { firstState, reduce } from './state.ts'

/** All that a superstep knows of those before. */
interface Continuation extends Place {
  readonly state: State
}

/** A graph as the body of a run. What is in flight when it fails is left to finish: it counts when the run is resumed. */
export async function runGraph(
  model: GraphModel,
  input: unknown,
  onFailure: 'close' | 'leave' = 'leave',
): Promise<unknown> {
  const state = await firstState(model, model.initial === undefined ? input : await model.initial(input))
  const last = await loop<Continuation, State>(
    {
      name: `graph(${model.name})`,
      start: { state, ...begin(model, state) },
      snapshots: 'every',
      onFailure,
      rewrite,
    },
    (continuation, round) => superstep(model, continuation, round),
  )
  return model.finish === undefined ? last : model.finish(last)
}

/** The same in a run, as a scope of it. Code that calls it may catch its failure; a graph around it closes what it leaves. */
export async function callGraph(model: GraphModel, input: unknown, onFailure: 'close' | 'leave'): Promise<unknown> {
  const parsed = await parse(model.input, input, 'INVALID_INPUT', `The input of graph "${model.name}"`)
  const result = await runGraph(model, parsed, onFailure)
  return parse(model.output, result, 'INVALID_OUTPUT', `The result of graph "${model.name}"`)
}

/** What an operator says in place of a recorded state: `{ state }` alone, or with where to go on. */
function rewrite(continuation: Continuation, edit: unknown): Continuation {
  const { state, next, ...rest } = (edit ?? {}) as { readonly state?: State; readonly next?: readonly string[] }
  const isWhole = typeof state === 'object' && Object.keys(rest).length === 0
  return isWhole
    ? { ...continuation, state, next: next ?? continuation.next }
    : { ...continuation, state: edit as State }
}

async function superstep(
  model: GraphModel,
  { state, ...place }: Continuation,
  round: number,
): Promise<Turn<Continuation, State>> {
  if (place.next.length === 0) return { done: state, last: { state, ...place } }
  if (round >= model.maxSteps) throw stepLimit(model.name, model.maxSteps, place.next)
  const nodes = place.next.map((name) => model.nodes.get(name) ?? missing(model, name))
  const finished = await Promise.all(nodes.map((node) => runNode(model, node, state)))
  const after = await reduce(
    model,
    state,
    finished.map(({ node, update }) => ({ node, values: update })),
  )
  const next: Continuation = Object.freeze({ state: after, ...follow(model, place, finished, after) })
  return next.next.length === 0 ? { done: after, last: next } : { next }
}

function missing(model: GraphModel, name: string): never {
  throw changedGraph(model.name, name)
}

/** One node in a branch of its own. A failure that an error edge takes is one of the ways on. */
async function runNode(
  model: GraphModel,
  node: GraphNode,
  state: State,
): Promise<Finished & { readonly update: unknown }> {
  const branch = openBranch(node.name)
  try {
    const value = await branch.run(() => node.run(state))
    if (isGoto(value)) return { node: node.name, goto: value['~goto'], update: value.update }
    return { node: node.name, update: value }
  } catch (error) {
    const edge = errorEdge(model, node.name, error, state)
    if (edge === undefined) throw error
    branch.close()
    return { node: node.name, failed: edge, update: edge.update?.(error as Error, state) }
  }
}

function errorEdge(model: GraphModel, node: string, error: unknown, state: State): ErrorEdge | undefined {
  // a run that is told to end does not go another way
  if (error instanceof CancelledError || !(error instanceof Error)) return undefined
  return model.edges.find(
    (edge): edge is ErrorEdge =>
      edge.kind === 'error' && edge.from === node && (edge.when === undefined || edge.when(error, state)),
  )
}
