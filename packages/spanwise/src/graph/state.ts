import { SpanwiseError } from '../journal/index.ts'
import type { GraphModel, Reducer, State } from './model.ts'

/** What the nodes of one superstep return, in their order. */
export interface Update {
  readonly node: string
  readonly values: unknown
}

/** The state behind a superstep. @throws GRAPH_STATE */
export async function reduce(model: GraphModel, state: State, updates: readonly Update[]): Promise<State> {
  const next: Record<string, unknown> = { ...state }
  const replacedBy = new Map<string, string>()
  let changed = false
  for (const { node, values } of updates) {
    if (values === undefined || values === null) continue
    if (typeof values !== 'object' || Array.isArray(values)) throw notAnUpdate(model, node, values)
    for (const [key, value] of Object.entries(values)) {
      const reducer = model.reducers[key] ?? 'replace'
      if (reducer === 'replace') {
        const other = replacedBy.get(key)
        if (other !== undefined) throw writtenTwice(model, key, other, node)
        replacedBy.set(key, node)
      }
      next[key] = reduced(reducer, next[key], value)
      changed = true
    }
  }
  if (!changed) return state
  const names = [...new Set(updates.map(({ node }) => node))]
  await fit(model, next, `after ${names.map((name) => `"${name}"`).join(', ')}`)
  return frozen(next)
}

function reduced(reducer: Reducer, value: unknown, update: unknown): unknown {
  if (typeof reducer === 'function') return reducer(value as never, update as never)
  switch (reducer) {
    case 'replace':
      return update
    case 'append':
      return [...((value as readonly unknown[] | undefined) ?? []), ...(Array.isArray(update) ? update : [update])]
    case 'merge':
      return { ...(value as object | undefined), ...(update as object) }
  }
}

/** Parses the first state: defaults of the schema count. @throws GRAPH_STATE */
export async function firstState(model: GraphModel, value: unknown): Promise<State> {
  return frozen((await fit(model, value, 'at the start')) as State)
}

/**
 * The nodes of a superstep see the same state: one that changes it in place would change what the others see, and what a replay does
 * not repeat. What was frozen before is not walked through again.
 */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  for (const one of Object.values(value)) frozen(one)
  return Object.freeze(value)
}

/** Only checked: a schema that changes values would change them again at every superstep. */
async function fit(model: GraphModel, value: unknown, when: string): Promise<unknown> {
  const result = await model.state['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const shown = result.issues.slice(0, 5).map(({ message, path }) => {
    const where = (path ?? []).map((part) => (typeof part === 'object' ? String(part.key) : String(part))).join('.')
    return where === '' ? message : `${where}: ${message}`
  })
  throw stateError(model, `The state of graph "${model.name}" does not fit its schema ${when}: ${shown.join('; ')}`)
}

function notAnUpdate(model: GraphModel, node: string, value: unknown): SpanwiseError {
  const what = Array.isArray(value) ? 'a list' : `a ${typeof value}`
  return stateError(model, `Node "${node}" of graph "${model.name}" returned ${what} and not an update of the state.`)
}

function writtenTwice(model: GraphModel, key: string, a: string, b: string): SpanwiseError {
  return stateError(
    model,
    `Nodes "${a}" and "${b}" of graph "${model.name}" both wrote "${key}" in one superstep, and it has no reducer.`,
  )
}

function stateError(model: GraphModel, message: string): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_STATE',
    message,
    hint: `A node returns the keys that it changes; reducers of graph("${model.name}", …) say how keys are put together.`,
  })
}
