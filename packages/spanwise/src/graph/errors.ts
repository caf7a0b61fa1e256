import { SpanwiseError } from '../journal/index.ts'

/** A graph that is wired wrongly, told where it is built. */
export function invalidGraph(graph: string, what: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'GRAPH_INVALID', message: `Graph "${graph}": ${what}`, hint })
}

export function stepLimit(graph: string, max: number, next: readonly string[]): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_STEP_LIMIT',
    message: `Graph "${graph}" is not through after ${max} supersteps; next would be ${next.join(', ')}.`,
    hint: 'Look at its states (spanwise runs states) to see why it goes round, or raise maxSteps and resume.',
  })
}

export function cycleLimit(graph: string, edge: string, max: number): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_CYCLE_LIMIT',
    message: `Graph "${graph}" has gone ${edge} ${max === 1 ? 'once' : `${max} times`}, which is what it may.`,
    hint: 'Give the edge a way out (`beyond`), raise its `max` and resume, or fork from another state.',
  })
}

export function badRoute(graph: string, from: string, key: unknown, known: readonly string[]): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_ROUTE',
    message: `The route from "${from}" of graph "${graph}" chose ${JSON.stringify(key)}; it knows ${known.join(', ')}.`,
    hint: 'Add the key to its targets, or say { otherwise }.',
  })
}

export function badGoto(graph: string, from: string, to: string, known: readonly string[]): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_GOTO',
    message: `Node "${from}" of graph "${graph}" went to "${to}", which it may not: ${known.length === 0 ? 'no .goto() declares where it goes' : `it may go to ${known.join(', ')}`}.`,
    hint: `Declare it: .goto('${from}', ['${to}']).`,
  })
}

export function joinUnmet(graph: string, what: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_JOIN',
    message: `Graph "${graph}": ${what}`,
    hint: 'Let the branches meet (a route may lead away from one of them), or ask for fewer: join is all, any or a number.',
    ...(cause === undefined ? {} : { cause }),
  })
}

export function changedGraph(graph: string, node: string): SpanwiseError {
  return new SpanwiseError({
    code: 'GRAPH_CHANGED',
    message: `This run of graph "${graph}" stands before node "${node}", which the graph does not have any more.`,
    hint: 'Bring the node back and resume, or fork the run from its state with another `next`.',
  })
}
