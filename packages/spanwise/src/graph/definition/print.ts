import { stringify } from 'yaml'
import type { AnyGraph } from '../picture/index.ts'
import type { Components } from './load.ts'
import type { GraphDefinition } from './schema.ts'
import { readDefinition } from './text.ts'
import { writeGraph } from './written.ts'

/**
 * A graph or a definition as text; `parseGraph` gives the same definition back.
 * @param components whose names stand for the code of a graph, as in `writeGraph`
 */
export function printGraph(
  source: GraphDefinition | AnyGraph,
  format: 'yaml' | 'json' = 'yaml',
  components: Components = {},
): string {
  const definition = typeof source === 'function' ? writeGraph(source, components).definition : readDefinition(source)
  return format === 'json' ? `${JSON.stringify(definition, null, 2)}\n` : stringify(definition, { lineWidth: 100 })
}
