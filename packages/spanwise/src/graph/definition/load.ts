import type { Outcome, StandardSchemaV1 } from '../../workflow/index.ts'
import type { Graph } from '../builder.ts'
import type { JsonSchema } from '../cel/index.ts'
import { graph } from '../graph.ts'
import type { Reducer, State } from '../model.ts'
import { isUse, type Resolve, readFunction, remembering, type Written } from './functions.ts'
import type { EdgeDefinition, GraphDefinition, NodeDefinition } from './schema.ts'
import { readSchema } from './schemas.ts'
import { invalidDefinition, parseGraph, readDefinition } from './text.ts'

/**
 * What definitions may use, by `name@version`: functions, steps, graphs, agents, workflows; reducers, choices and other functions of
 * the state; schemas and signals.
 */
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
  return make(
    definition,
    remembering((ref, path) => find(options.components, ref, path)),
    true,
  )
}

/** Checks what can be checked without the components: wiring, expressions, types. */
export function checkDefinition(source: string | GraphDefinition): LoadedGraph {
  const definition = typeof source === 'string' ? parseGraph(source) : readDefinition(source)
  const standIns = new Map<string, () => undefined>()
  const resolve: Resolve = (ref) => {
    const standIn = standIns.get(ref) ?? (() => undefined)
    standIns.set(ref, standIn)
    return standIn
  }
  return make(definition, remembering(resolve), false)
}

/** The builder without what the compiler knows of names and types. */
interface Loose {
  node(name: string, work: unknown, options: object): Loose
  each(name: string, work: unknown, options: object): Loose
  body(name: string, body: unknown, options: object): Loose
  approval(name: string, options: object): Loose
  wait(name: string, signal: unknown, options: object): Loose
  edge(from: string | readonly string[], to: string, options: object): Loose
  route(from: string, choose: unknown, to: object, options: object): Loose
  onError(from: string, to: string, options: object): Loose
  goto(from: string, targets: readonly string[]): Loose
  check(): Loose
}

interface Place {
  readonly definition: GraphDefinition
  readonly resolve: Resolve
  /** the components are at hand */
  readonly isWhole: boolean
  /** JSON Schema of the state */
  readonly state: JsonSchema
  /** of what a node returns, by the reducers of its keys */
  readonly update: JsonSchema
}

function make(definition: GraphDefinition, resolve: Resolve, isWhole: boolean): LoadedGraph {
  const { graph: name, input, output } = definition
  const state = definition.state as JsonSchema
  const place: Place = { definition, resolve, isWhole, state, update: updateSchema(state, definition.reducers) }
  const schema = (json: unknown, path: string): StandardSchemaV1 =>
    readSchema(json, path, isWhole ? resolve : undefined)
  let built = graph(name, {
    state: schema(state, 'state') as StandardSchemaV1<object, object>,
    ...(input === undefined ? {} : { input: schema(input, 'input') }),
    ...(output === undefined ? {} : { output: schema(output, 'output') }),
    reducers: reducers(place),
    ...defined({
      initial: readFunction(definition.initial, resolve, {
        path: 'initial',
        variables: { input: input ?? true },
        given: (value: unknown) => ({ input: value }),
        gives: state,
      }),
      finish: readFunction(definition.finish, resolve, {
        path: 'finish',
        variables: { state },
        given: ofState,
        gives: (output ?? {}) as JsonSchema,
      }),
    }),
    ...given(definition, ['maxSteps', 'deadline']),
  } as never) as unknown as Loose
  for (const [node, one] of Object.entries(definition.nodes)) built = withNode(built, place, node, one)
  for (const [at, edge] of definition.edges.entries()) built = withEdge(built, place, edge, `edges.${at}`)
  return built.check() as unknown as LoadedGraph
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

const ofState = (state: State): { readonly state: State } => ({ state })

function withNode(built: Loose, place: Place, name: string, node: NodeDefinition): Loose {
  const { state, update, resolve } = place
  const path = `nodes.${name}`
  if ('body' in node) return built.body(name, resolve(node.body, `${path}.body`), given(node, ['budget']))
  if ('approval' in node) return built.approval(name, approval(place, node, path))
  if ('wait' in node) {
    const output = readFunction(node.output, resolve, {
      path: `${path}.output`,
      variables: { state, value: true },
      given: (value: unknown, now: State) => ({ value, state: now }),
      gives: update,
    })
    const awaited = isUse(node.wait) ? resolve(node.wait.use, `${path}.wait.use`) : node.wait
    return built.wait(name, awaited, { ...given(node, ['timeout']), ...defined({ output }) })
  }
  const work = resolve(node.use, `${path}.use`)
  const options = { ...settings(place, node, path), ...undo(place, node.compensate, path) }
  if ('over' in node) return built.each(name, work, { ...options, ...many(place, node, path) })
  return built.node(name, work, {
    ...options,
    ...defined({
      input: readFunction(node.input, resolve, { path: `${path}.input`, variables: { state }, given: ofState }),
      output: readFunction(node.output, resolve, {
        path: `${path}.output`,
        variables: { state, result: true },
        given: (result: unknown, value: State) => ({ result, state: value }),
        gives: update,
      }),
    }),
  })
}

const plainSettings = ['attempts', 'backoff', 'timeout', 'deadline', 'budget', 'priority', 'effect', 'pool'] as const

type WorkDefinition = Extract<NodeDefinition, { use: string }>

/** Those that are components are left out where there are none: nothing stands for a limit. */
function settings({ resolve, isWhole }: Place, node: WorkDefinition, path: string): object {
  const used = (['retryOn', 'concurrency', 'rate'] as const).map((name): [string, unknown] => {
    const value = node[name]
    if (!isUse(value)) return [name, value]
    return [name, isWhole ? resolve(value.use, `${path}.${name}.use`) : undefined]
  })
  return { ...given(node, plainSettings), ...defined(Object.fromEntries(used)) }
}

const decided: JsonSchema = {
  type: 'object',
  properties: { status: { type: 'string' }, by: { type: 'string' }, reason: { type: 'string' }, form: {} },
}

function approval(
  { state, update, resolve, isWhole }: Place,
  node: Extract<NodeDefinition, { approval: unknown }>,
  path: string,
): object {
  return {
    ...given(node, ['role', 'timeout']),
    ...(node.form === undefined ? {} : { form: readSchema(node.form, `${path}.form`, isWhole ? resolve : undefined) }),
    question: readFunction(node.approval, resolve, {
      path: `${path}.approval`,
      variables: { state },
      given: ofState,
      gives: { type: 'string' },
    }),
    ...defined({ of: readFunction(node.of, resolve, { path: `${path}.of`, variables: { state }, given: ofState }) }),
    output: readFunction(node.output, resolve, {
      path: `${path}.output`,
      variables: { state, decision: decided },
      given: (decision: object, value: State) => ({ decision: { by: '', reason: '', ...decision }, state: value }),
      gives: update,
    }),
  }
}

function many(
  { state, update, resolve }: Place,
  node: Extract<NodeDefinition, { over: unknown }>,
  path: string,
): object {
  const item = overItems(node.over, state)
  const first =
    typeof node.join !== 'object'
      ? undefined
      : readFunction(node.join.first, resolve, {
          path: `${path}.join.first`,
          variables: { result: true },
          given: (result: unknown) => ({ result }),
          gives: { type: 'boolean' },
        })
  return {
    ...given(node, ['atOnce', 'onError']),
    ...defined({
      over: readFunction(node.over, resolve, {
        path: `${path}.over`,
        variables: { state },
        given: ofState,
        gives: { type: 'array' },
      }),
      key: readFunction(node.key, resolve, {
        path: `${path}.key`,
        variables: { item },
        given: (one: unknown) => ({ item: one }),
        gives: { type: 'string' },
      }),
      each: readFunction(node.each, resolve, {
        path: `${path}.each`,
        variables: { item, state },
        given: (one: unknown, value: State) => ({ item: one, state: value }),
      }),
      join: first === undefined ? node.join : { first },
      output: readFunction(node.output, resolve, {
        path: `${path}.output`,
        variables: { state, results: { type: 'array' }, failures: texts },
        given: (outcomes: readonly Outcome<unknown, unknown>[], value: State) => ({
          state: value,
          results: outcomes.flatMap((one) => (one.ok ? [one.value] : [])),
          failures: outcomes.flatMap((one) => (one.ok ? [] : [one.error.message])),
        }),
        gives: update,
      }),
    }),
  }
}

const texts: JsonSchema = { type: 'array', items: { type: 'string' } }

/** `state.topics` has items of a known type. */
function overItems(over: Written, state: JsonSchema): unknown {
  const key = typeof over === 'string' ? /^state\.(\w+)$/.exec(over.trim())?.[1] : undefined
  return (key === undefined ? undefined : state.properties?.[key]?.items) ?? true
}

function undo({ state, resolve }: Place, what: { use: string; input: Written } | undefined, path: string): object {
  if (what === undefined) return {}
  const input = readFunction(what.input, resolve, {
    path: `${path}.compensate.input`,
    variables: { state, result: true },
    given: (result: unknown, value: State) => ({ result, state: value }),
  })
  return { compensate: { step: resolve(what.use, `${path}.compensate.use`), input } }
}

const failed: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
}

function withEdge(built: Loose, { state, update, resolve }: Place, edge: EdgeDefinition, path: string): Loose {
  if ('goto' in edge) return built.goto(edge.from, edge.goto)
  const bound = given(edge, ['max', 'beyond'])
  if ('route' in edge) {
    const choose = readFunction(edge.route, resolve, {
      path: `${path}.route`,
      variables: { state },
      given: ofState,
      gives: edge.many === true ? texts : { type: 'string' },
    })
    return built.route(edge.from, choose, edge.to, { ...bound, ...given(edge, ['otherwise', 'many']) })
  }
  if ('error' in edge) {
    const expected = {
      variables: { error: failed, state },
      given: (error: Error, value: State) => ({ error: said(error), state: value }),
    }
    const when = edge.error === true ? undefined : edge.error
    const known = { ...expected, path: `${path}.error`, gives: { type: 'boolean' } }
    return built.onError(edge.from, edge.to, {
      ...bound,
      ...defined({
        when: readFunction(when, resolve, known),
        update: readFunction(edge.output, resolve, { ...expected, path: `${path}.output`, gives: update }),
      }),
    })
  }
  return built.edge(edge.from, edge.to, { ...bound, ...given(edge, ['join']) })
}

function said(error: Error): object {
  return { name: error.name, code: String((error as { code?: unknown }).code ?? ''), message: error.message }
}

function given<T extends object>(from: T, keys: readonly string[]): Record<string, unknown> {
  const all = from as Record<string, unknown>
  return defined(Object.fromEntries(keys.map((key) => [key, all[key]])))
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
