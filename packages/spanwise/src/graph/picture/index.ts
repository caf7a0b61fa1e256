import type { Graph } from '../builder.ts'
import { modelOf } from '../graph.ts'
import { mermaid } from './mermaid.ts'
import { svg } from './svg.ts'
import { textPicture, type Visits } from './text.ts'

/** What a picture can be. */
export type PictureFormat = 'text' | 'mermaid' | 'svg'

/** Any graph, whatever its types. */
export type AnyGraph = Pick<Graph<never, unknown, never, never>, 'kind' | 'name'>

/**
 * A graph as a picture: a tree for the terminal, a Mermaid flowchart, or an SVG. `visits` says which nodes a run went through, as
 * `visitsOf` counts them.
 * @example console.log(picture(support, 'text', await visitsOf(run.events(), support)))
 */
export function picture(graph: AnyGraph, format: PictureFormat, visits?: Visits): string {
  const model = modelOf(graph)
  switch (format) {
    case 'text':
      return textPicture(model, visits)
    case 'mermaid':
      return mermaid(model)
    case 'svg':
      return svg(model, visits)
  }
}

/** What a graph is made of. */
export function facts(graph: AnyGraph): {
  readonly nodes: readonly { readonly name: string; readonly kind: string; readonly many: boolean }[]
  readonly edges: number
  readonly maxSteps: number
} {
  const { nodes, edges, maxSteps } = modelOf(graph)
  return {
    nodes: [...nodes.values()].map(({ name, kind, many }) => ({ name, kind, many })),
    edges: edges.length,
    maxSteps,
  }
}

/** How often each node was gone through, from the history of a run. */
export async function visitsOf(
  events: AsyncIterable<{
    readonly kind: string
    readonly key: string
    readonly meta: object
    readonly payload: unknown
  }>,
  graph: AnyGraph,
): Promise<Visits> {
  const { nodes } = modelOf(graph)
  const seen = new Set<string>()
  const visits = new Map<string, number>()
  const inRound = new RegExp(
    `(?:^|/)graph\\(${graph.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\)#\\d+\\[\\d+\\]/([^/]+)/`,
  )
  for await (const { key } of events) {
    const found = inRound.exec(key)
    const node = found?.[1]
    if (found === null || node === undefined || !nodes.has(node)) continue
    const one = key.slice(0, found.index + found[0].length)
    if (seen.has(one)) continue
    seen.add(one)
    visits.set(node, (visits.get(node) ?? 0) + 1)
  }
  return visits
}
