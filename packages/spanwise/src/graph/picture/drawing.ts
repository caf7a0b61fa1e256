import type { GraphDrawing } from '../../workflow/index.ts'
import type { GraphModel } from '../model.ts'
import { linesOf, rowsOf } from './lines.ts'

/** A graph laid out, for whoever draws it. */
export function drawing(model: GraphModel): GraphDrawing {
  return {
    nodes: [...model.nodes.values()].map(({ name, kind, many }) => ({ name, kind, many })),
    lines: linesOf(model),
    rows: rowsOf(model),
    maxSteps: model.maxSteps,
  }
}
