import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { checkDefinition, printGraph, writeGraph } from '../../graph/definition/index.ts'
import { type AnyGraph, facts as factsOf, type PictureFormat, picture, visitsOf } from '../../graph/index.ts'
import { findRun } from '../find.ts'
import { type Common, client, project } from '../open.ts'
import { facts, heading } from '../output/blocks.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

export interface GraphOptions extends Common {
  readonly run?: string
  readonly format?: PictureFormat
  readonly output?: string
  /** the graph as data, in place of its picture */
  readonly definition?: boolean
}

/** Files of definitions, or all graphs of the config: wiring, expressions, types. The first that is wrong is told. */
export async function checkGraphs(
  terminal: Terminal,
  names: readonly string[],
  options: GraphOptions,
): Promise<number> {
  const graphs =
    names.length === 0 ? await configured(options) : await Promise.all(names.map((one) => found(one, options)))
  const checked = graphs.map((graph) => ({ graph: graph.name, ...factsOf(graph) }))
  if (terminal.json) terminal.data(checked)
  else
    for (const { graph, nodes, edges } of checked)
      terminal.out(`${terminal.paint('green', '✔')} ${graph}  ${nodes.length} nodes, ${edges} edges`)
  if (checked.length === 0) terminal.note('the config has no graphs')
  return exitCode.ok
}

/** What a graph is made of, and its picture. */
export async function showGraph(terminal: Terminal, name: string, options: GraphOptions): Promise<number> {
  const graph = await found(name, options)
  if (options.definition === true) {
    if (terminal.json) terminal.data(writeGraph(graph).definition)
    else draw(terminal, printGraph(graph))
    return exitCode.ok
  }
  const { nodes, edges, maxSteps } = factsOf(graph)
  if (terminal.json) {
    terminal.data({ graph: graph.name, nodes, edges, maxSteps })
    return exitCode.ok
  }
  heading(terminal, graph.name, 'graph')
  facts(terminal, [
    ['nodes', String(nodes.length)],
    ['edges', String(edges)],
    ['supersteps', `${maxSteps} at most`],
  ])
  terminal.out('')
  draw(terminal, picture(graph, 'text', await path(graph, options)))
  return exitCode.ok
}

/** A picture, to the terminal or into a file. */
export async function renderGraph(terminal: Terminal, name: string, options: GraphOptions): Promise<number> {
  const graph = await found(name, options)
  const text = picture(graph, options.format ?? 'text', await path(graph, options))
  if (options.output === undefined) draw(terminal, text)
  else {
    writeFileSync(options.output, text)
    terminal.note(`written: ${options.output}`)
  }
  return exitCode.ok
}

function draw(terminal: Terminal, text: string): void {
  for (const line of text.trimEnd().split('\n')) terminal.out(line)
}

async function path(graph: AnyGraph, options: GraphOptions): Promise<Awaited<ReturnType<typeof visitsOf>> | undefined> {
  const { run: id } = options
  if (id === undefined) return undefined
  return client(options, async (app) => visitsOf((await findRun(app, id)).events(), graph))
}

/** A file of a definition, or a graph of the config by its name. */
async function found(name: string, options: GraphOptions): Promise<AnyGraph> {
  if (/\.(ya?ml|json)$/.test(name)) {
    if (!existsSync(name)) throw usage(`There is no file ${name}.`, 'Name a definition, or a graph of the config.')
    return checkDefinition(readFileSync(name, 'utf8'))
  }
  const graphs = await configured(options)
  const graph = graphs.find((one) => one.name === name)
  if (graph !== undefined) return graph
  throw usage(
    `The config has no graph "${name}".`,
    graphs.length === 0 ? 'It has none at all.' : `It has: ${graphs.map((one) => one.name).join(', ')}.`,
  )
}

async function configured(options: GraphOptions): Promise<readonly AnyGraph[]> {
  const { workflows } = await project(options)
  return workflows.filter(({ kind }) => kind === 'graph') as readonly AnyGraph[]
}
