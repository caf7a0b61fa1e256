import { type Signal, type StandardSchemaV1, definitionOf as stepOf } from '../../workflow/index.ts'
import { modelOf } from '../graph.ts'
import type { GraphEdge, GraphModel, GraphNode, PlainEdge } from '../model.ts'
import type { AnyGraph } from '../picture/index.ts'
import { refOf, writtenOf } from './functions.ts'
import type { Components } from './load.ts'
import type { GraphDefinition } from './schema.ts'
import { jsonOf, knownOf } from './schemas.ts'
import { readDefinition } from './text.ts'

/** A graph written down, and what the definition names. */
export interface WrittenGraph {
  readonly definition: GraphDefinition
  readonly components: Components
}

/**
 * A graph as its definition, however it was made: expressions as they were written, code by reference. What is among `components` has the
 * name that it has there; the rest is named after what it is or where it stands. `loadGraph(definition, { components })` gives the same graph.
 * @example const { definition, components } = writeGraph(support, { 'classify@2': classify })
 */
export function writeGraph(graph: AnyGraph, components: Components = {}): WrittenGraph {
  const model = modelOf(graph)
  const names = new Names(components)
  const definition = {
    graph: model.name,
    ...schemas(model, names),
    ...defined({
      reducers: reducers(model, names),
      initial: names.fn(model.initial, 'initial'),
      finish: names.fn(model.finish, 'finish'),
      maxSteps: model.maxSteps,
      deadline: model.deadline,
    }),
    nodes: Object.fromEntries([...model.nodes.values()].map((node) => [node.name, nodeOf(node, names)])),
    edges: model.edges.map((edge) => edgeOf(edge, names)),
  }
  return { definition: readDefinition(definition), components: names.used }
}

/** What code is called: the same thing has one name, and a name means one thing. */
class Names {
  readonly #names = new Map<unknown, string>()
  readonly #taken: Record<string, unknown>
  readonly used: Record<string, unknown> = {}

  constructor(components: Components) {
    this.#taken = { ...components }
    for (const [name, value] of Object.entries(components)) if (!this.#names.has(value)) this.#names.set(value, name)
  }

  ref(value: unknown, wanted: string): string {
    let name = this.#names.get(value)
    if (name === undefined) {
      const first = refOf(value) ?? wanted
      name = first
      for (let n = 2; Object.hasOwn(this.#taken, name); n++) name = `${first}-${n}`
      this.#names.set(value, name)
      this.#taken[name] = value
    }
    this.used[name] = value
    return name
  }

  fn(value: unknown, wanted: string): unknown {
    if (value === undefined) return undefined
    return writtenOf(value as object) ?? { use: this.ref(value, wanted) }
  }
}

function schemas(model: GraphModel, names: Names): object {
  const { input, state, output } = model
  return defined({
    input: schemaOf(input, 'input', 'output', names),
    state: schemaOf(state, 'state', 'output', names),
    output: schemaOf(output, 'output', 'input', names),
  })
}

function schemaOf(schema: StandardSchemaV1 | undefined, wanted: string, io: 'input' | 'output', names: Names): unknown {
  if (schema === undefined) return undefined
  return jsonOf(schema) ?? { use: names.ref(schema, wanted), ...knownOf(schema, io) }
}

function reducers(model: GraphModel, names: Names): object | undefined {
  const said = Object.entries(model.reducers).map(([key, reducer]) => [
    key,
    typeof reducer === 'function' ? names.ref(reducer, `${key}.reducer`) : reducer,
  ])
  return said.length === 0 ? undefined : Object.fromEntries(said)
}

type Settings = Readonly<Record<string, unknown>>

function nodeOf({ name, kind, many, source: { work, settings } }: GraphNode, names: Names): object {
  const fn = (key: string): unknown => names.fn(settings[key], `${name}.${key}`)
  switch (kind) {
    case 'body':
      return defined({ body: names.ref(work, name), budget: settings['budget'] })
    case 'approval': {
      const { question, form, role, timeout } = settings
      const asked = typeof question === 'string' ? JSON.stringify(question) : fn('question')
      const shown = schemaOf(form as StandardSchemaV1 | undefined, `${name}.form`, 'output', names)
      return defined({ approval: asked, role, timeout, of: fn('of'), form: shown, output: fn('output') })
    }
    case 'wait': {
      const { signalName, schema } = (work ?? {}) as Partial<Signal<unknown>>
      const plain = typeof work === 'string' ? work : schema === undefined ? signalName : undefined
      const wait = plain ?? { use: names.ref(work, `${name}.signal`) }
      return defined({ wait, timeout: settings['timeout'], output: fn('output') })
    }
  }
  const common = {
    use: names.ref(work, workName(work, name)),
    ...plainSettings(name, settings, names),
    compensate: compensation(name, settings['compensate'], names),
  }
  if (!many) return defined({ ...common, input: fn('input'), output: fn('output') })
  return defined({
    ...common,
    over: fn('over'),
    key: fn('key'),
    each: fn('each'),
    join: joinOf(name, settings['join'], names),
    atOnce: settings['atOnce'],
    onError: settings['onError'],
    output: fn('output'),
  })
}

/** A plain function is called what its node is called. */
function workName(work: unknown, node: string): string {
  const isNamed = stepOf(work) !== undefined || typeof work !== 'function' || 'kind' in work
  const name = stepOf(work)?.name ?? (work as { readonly name?: unknown }).name
  return isNamed && typeof name === 'string' && name !== '' ? name : node
}

function plainSettings(name: string, settings: Settings, names: Names): Settings {
  const { attempts, backoff, timeout, deadline, budget, priority, effect, pool, retryOn, concurrency, rate } = settings
  const use = (key: string, value: unknown): unknown =>
    value === undefined || typeof value === 'number' ? value : { use: names.ref(value, `${name}.${key}`) }
  return {
    attempts,
    backoff,
    timeout,
    retryOn: use('retryOn', retryOn),
    deadline,
    budget,
    priority,
    effect,
    pool,
    concurrency: use('concurrency', concurrency),
    rate: use('rate', rate),
  }
}

function compensation(name: string, given: unknown, names: Names): unknown {
  if (given === undefined) return undefined
  const { step, input } = given as { readonly step: unknown; readonly input: unknown }
  return { use: names.ref(step, workName(step, `${name}.undo`)), input: names.fn(input, `${name}.undo.input`) }
}

function joinOf(name: string, join: unknown, names: Names): unknown {
  if (typeof join !== 'object' || join === null) return join
  return { first: names.fn((join as { readonly first: unknown }).first, `${name}.first`) }
}

function edgeOf(edge: GraphEdge, names: Names): object {
  if (edge.kind === 'goto') return { from: edge.from, goto: [...edge.targets] }
  const bound = { max: edge.max, beyond: edge.beyond }
  switch (edge.kind) {
    case 'route':
      return defined({
        from: edge.from,
        route: names.fn(edge.choose, `${edge.from}.route`),
        to: { ...edge.targets },
        otherwise: edge.otherwise,
        many: edge.many || undefined,
        ...bound,
      })
    case 'error':
      return defined({
        from: edge.from,
        error: names.fn(edge.when, `${edge.from}.error`) ?? true,
        to: edge.to,
        output: names.fn(edge.update, `${edge.from}.error.output`),
        ...bound,
      })
    case 'edge': {
      const [only] = edge.from
      const from = edge.from.length === 1 ? only : [...edge.from]
      return defined({ from, to: edge.to, join: joinSaid(edge), ...bound })
    }
  }
}

function joinSaid({ from, need }: PlainEdge): 'any' | number | undefined {
  if (need === from.length) return undefined
  return need === 1 ? 'any' : need
}

function defined(values: Settings): Settings {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
