import { z } from 'zod'
import type { Outcome, StandardSchemaV1 } from '../../workflow/index.ts'
import type { Graph } from '../builder.ts'
import type { JsonSchema } from '../cel/index.ts'
import { compile, type Variables } from '../cel/index.ts'
import { graph } from '../graph.ts'
import type { Reducer, State } from '../model.ts'
import type { EdgeDefinition, GraphDefinition, NodeDefinition } from './schema.ts'
import { invalidDefinition, parseGraph, readDefinition } from './text.ts'

/** What definitions may use, by `name@version`: functions, steps, graphs, agents, workflows; reducers and choices are functions. */
export type Components = Readonly<Record<string, unknown>>

/** A graph that a definition gave; its types are in the definition and not known to the compiler. */
export type LoadedGraph = Graph<unknown, unknown, Readonly<Record<string, unknown>>, unknown, string>

/**
 * A graph from its definition: text (YAML or JSON) or data. It runs as one that is written in TypeScript does.
 * @throws DEFINITION_INVALID, EXPRESSION_INVALID, GRAPH_INVALID
 * @example
 * export const support = loadGraph(await readFile('support.yaml', 'utf8'), { components: { 'classify@1': classify } })
 */
export function loadGraph(source: string | GraphDefinition, options: { readonly components: Components }): LoadedGraph {
  const definition = typeof source === 'string' ? parseGraph(source) : readDefinition(source)
  return make(definition, (ref, path) => find(options.components, ref, path))
}

/** Checks what can be checked without the components: wiring, expressions, types. */
export function checkDefinition(source: string | GraphDefinition): LoadedGraph {
  const definition = typeof source === 'string' ? parseGraph(source) : readDefinition(source)
  return make(definition, () => () => undefined)
}

type Resolve = (ref: string, path: string) => unknown

/** The builder without what the compiler knows of names and types. */
interface Loose {
  node(name: string, work: unknown, options: object): Loose
  each(name: string, work: unknown, options: object): Loose
  approval(name: string, options: object): Loose
  wait(name: string, signal: string, options: object): Loose
  edge(from: string | readonly string[], to: string, options: object): Loose
  route(from: string, choose: unknown, to: object, options: object): Loose
  onError(from: string, to: string, options: object): Loose
  goto(from: string, targets: readonly string[]): Loose
  check(): Loose
}

interface Place {
  readonly definition: GraphDefinition
  readonly resolve: Resolve
  /** JSON Schema of the state */
  readonly state: JsonSchema
  /** of what a node returns, by the reducers of its keys */
  readonly update: JsonSchema
}

function make(definition: GraphDefinition, resolve: Resolve): LoadedGraph {
  const { graph: name, input, output, maxSteps, initial, finish } = definition
  const state = definition.state as JsonSchema
  const place: Place = { definition, resolve, state, update: updateSchema(state, definition.reducers) }
  const first = initial === undefined ? undefined : made(initial, { input: input ?? true }, 'initial', state)
  const last = finish === undefined ? undefined : made(finish, { state }, 'finish', (output ?? {}) as JsonSchema)
  let built = graph(name, {
    state: schemaOf(state, 'state') as StandardSchemaV1<object, object>,
    ...(input === undefined ? {} : { input: schemaOf(input, 'input') }),
    ...(output === undefined ? {} : { output: schemaOf(output, 'output') }),
    reducers: reducers(place),
    ...(first === undefined ? {} : { initial: (value: unknown) => first({ input: value }) as object }),
    ...(last === undefined ? {} : { finish: (value: unknown) => last({ state: value }) }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  } as never) as unknown as Loose
  for (const [node, one] of Object.entries(definition.nodes)) built = withNode(built, place, node, one)
  for (const [at, edge] of definition.edges.entries()) built = withEdge(built, place, edge, `edges.${at}`)
  return built.check() as unknown as LoadedGraph
}

function schemaOf(schema: unknown, path: string): StandardSchemaV1 {
  try {
    return z.fromJSONSchema(schema as never)
  } catch (error) {
    throw invalidDefinition(`${path} is no JSON Schema that can be used: ${(error as Error).message}`)
  }
}

function reducers({ definition, resolve }: Place): Record<string, Reducer> {
  const known = ['append', 'merge', 'replace']
  return Object.fromEntries(
    Object.entries(definition.reducers ?? {}).map(([key, ref]) => [
      key,
      known.includes(ref) ? (ref as Reducer) : (resolve(ref, `reducers.${key}`) as Reducer),
    ]),
  )
}

function find(components: Components, ref: string, path: string): unknown {
  if (Object.hasOwn(components, ref)) return components[ref]
  const versions = Object.keys(components).filter((one) => one.split('@')[0] === ref)
  if (versions.length === 1) return components[versions[0] as string]
  const hint = `Components: ${Object.keys(components).join(', ') || 'none'}.`
  throw versions.length === 0
    ? invalidDefinition(`${path}: there is no component "${ref}".`, hint)
    : invalidDefinition(`${path}: "${ref}" has several versions: say which, like "${versions[0]}".`, hint)
}

/** Lists take items too, and what a function takes only it knows. */
function updateSchema(state: JsonSchema, by: GraphDefinition['reducers'] = {}): JsonSchema {
  const properties = Object.entries(state.properties ?? {}).map(([key, schema]): [string, JsonSchema] => {
    const reducer = by[key] ?? 'replace'
    if (reducer === 'append') return [key, { oneOf: [schema, schema.items ?? true] }]
    return [key, reducer === 'replace' ? schema : {}]
  })
  return state.properties === undefined ? state : { ...state, properties: Object.fromEntries(properties) }
}

type Values = Readonly<Record<string, unknown>>

/** One expression, or one for each key. `schema` is that of what they give. */
function made(
  what: string | Readonly<Record<string, string>>,
  variables: Variables,
  path: string,
  schema?: JsonSchema,
): (values: Values) => unknown {
  if (typeof what === 'string') {
    const expression = compile(what, variables, path, schema)
    return (values) => expression.evaluate(values)
  }
  const keys = Object.entries(what).map(([key, text]) => {
    const { properties, additionalProperties } = schema ?? {}
    const wanted = properties?.[key] ?? (additionalProperties === undefined ? true : additionalProperties)
    if (
      properties !== undefined &&
      (wanted === false || (properties[key] === undefined && additionalProperties === undefined))
    )
      throw invalidDefinition(`${path}.${key}: there is no such key; there are ${Object.keys(properties).join(', ')}.`)
    return [key, compile(text, variables, `${path}.${key}`, wanted)] as const
  })
  return (values) => Object.fromEntries(keys.map(([key, expression]) => [key, expression.evaluate(values)]))
}

function withNode(built: Loose, place: Place, name: string, node: NodeDefinition): Loose {
  const { state, resolve } = place
  const path = `nodes.${name}`
  if ('approval' in node) {
    const question = compile(node.approval, { state }, `${path}.approval`, { type: 'string' })
    const of = node.of === undefined ? undefined : made(node.of, { state }, `${path}.of`)
    const output = made(node.output, { state, decision: decided }, `${path}.output`, place.update)
    return built.approval(name, {
      ...given(node, ['role', 'timeout']),
      question: (value: State) => question.evaluate({ state: value }),
      ...(of === undefined ? {} : { of: (value: State) => of({ state: value }) }),
      output: (decision: object, value: State) =>
        output({ decision: { by: '', reason: '', ...decision }, state: value }),
    })
  }
  if ('wait' in node) {
    const output =
      node.output === undefined ? undefined : made(node.output, { state, value: true }, `${path}.output`, place.update)
    return built.wait(name, node.wait, {
      ...given(node, ['timeout']),
      ...(output === undefined ? {} : { output: (value: unknown, now: State) => output({ value, state: now }) }),
    })
  }
  const work = resolve(node.use, `${path}.use`)
  const options = { ...given(node, settings), ...undo(place, node.compensate, path) }
  if ('over' in node) return built.each(name, work, { ...options, ...many(place, node, path) })
  const input = node.input === undefined ? undefined : made(node.input, { state }, `${path}.input`)
  const output =
    node.output === undefined ? undefined : made(node.output, { state, result: true }, `${path}.output`, place.update)
  return built.node(name, work, {
    ...options,
    ...(input === undefined ? {} : { input: (value: State) => input({ state: value }) }),
    ...(output === undefined ? {} : { output: (result: unknown, value: State) => output({ result, state: value }) }),
  })
}

const settings = ['attempts', 'backoff', 'timeout', 'deadline', 'budget', 'priority', 'effect', 'pool'] as const

const decided: JsonSchema = {
  type: 'object',
  properties: { status: { type: 'string' }, by: { type: 'string' }, reason: { type: 'string' }, form: {} },
}

function many(place: Place, node: Extract<NodeDefinition, { over: string }>, path: string): object {
  const { state } = place
  const over = compile(node.over, { state }, `${path}.over`, { type: 'array' })
  const item = overItems(node.over, state)
  const key = node.key === undefined ? undefined : compile(node.key, { item }, `${path}.key`, { type: 'string' })
  const each = node.each === undefined ? undefined : made(node.each, { item, state }, `${path}.each`)
  const output = made(
    node.output,
    { state, results: { type: 'array' }, failures: texts },
    `${path}.output`,
    place.update,
  )
  const first =
    typeof node.join === 'object'
      ? compile(node.join.first, { result: true }, `${path}.join.first`, { type: 'boolean' })
      : undefined
  return {
    ...given(node, ['atOnce', 'onError']),
    over: (value: State) => over.evaluate({ state: value }),
    ...(key === undefined ? {} : { key: (one: unknown) => key.evaluate({ item: one }) }),
    ...(each === undefined ? {} : { each: (one: unknown, value: State) => each({ item: one, state: value }) }),
    ...(node.join === undefined
      ? {}
      : { join: first === undefined ? node.join : { first: (result: unknown) => first.evaluate({ result }) } }),
    output: (outcomes: readonly Outcome<unknown, unknown>[], value: State) =>
      output({
        state: value,
        results: outcomes.flatMap((one) => (one.ok ? [one.value] : [])),
        failures: outcomes.flatMap((one) => (one.ok ? [] : [one.error.message])),
      }),
  }
}

const texts: JsonSchema = { type: 'array', items: { type: 'string' } }

/** `state.topics` has items of a known type. */
function overItems(text: string, state: JsonSchema): unknown {
  const key = /^state\.(\w+)$/.exec(text.trim())?.[1]
  return (key === undefined ? undefined : state.properties?.[key]?.items) ?? true
}

function undo(
  { state, resolve }: Place,
  what: { use: string; input: string | Record<string, string> } | undefined,
  path: string,
): object {
  if (what === undefined) return {}
  const input = made(what.input, { state, result: true }, `${path}.compensate.input`)
  return {
    compensate: {
      step: resolve(what.use, `${path}.compensate.use`),
      input: (result: unknown, value: State) => input({ result, state: value }),
    },
  }
}

const failed: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
}

function withEdge(built: Loose, place: Place, edge: EdgeDefinition, path: string): Loose {
  const { state, resolve } = place
  if ('goto' in edge) return built.goto(edge.from, edge.goto)
  const bound = given(edge, ['max', 'beyond'])
  if ('route' in edge) {
    const options = { ...bound, ...given(edge, ['otherwise', 'many']) }
    return built.route(edge.from, choice(edge, { state }, resolve, path), edge.to, options)
  }
  if ('error' in edge) {
    const variables = { error: failed, state }
    const when = edge.error === true ? undefined : compile(edge.error, variables, `${path}.error`, { type: 'boolean' })
    const update = edge.output === undefined ? undefined : made(edge.output, variables, `${path}.output`, place.update)
    return built.onError(edge.from, edge.to, {
      ...bound,
      ...(when === undefined
        ? {}
        : { when: (error: Error, value: State) => when.evaluate({ error: said(error), state: value }) }),
      ...(update === undefined
        ? {}
        : { update: (error: Error, value: State) => update({ error: said(error), state: value }) }),
    })
  }
  return built.edge(edge.from, edge.to, { ...bound, ...given(edge, ['join']) })
}

function choice(
  { route, many: several }: Extract<EdgeDefinition, { route: unknown }>,
  variables: { readonly state: JsonSchema },
  resolve: Resolve,
  path: string,
): unknown {
  if (typeof route !== 'string') return resolve(route.use, `${path}.route.use`)
  const wanted = several === true ? texts : { type: 'string' }
  const expression = compile(route, variables, `${path}.route`, wanted)
  return (value: State) => expression.evaluate({ state: value })
}

function said(error: Error): object {
  return { name: error.name, code: String((error as { code?: unknown }).code ?? ''), message: error.message }
}

function given<T extends object>(from: T, keys: readonly string[]): Record<string, unknown> {
  const all = from as Record<string, unknown>
  return Object.fromEntries(keys.filter((key) => all[key] !== undefined).map((key) => [key, all[key]]))
}
