export { type Components, checkDefinition, type LoadedGraph, loadGraph } from './load.ts'
export { type EdgeDefinition, type GraphDefinition, graphSchema, type NodeDefinition } from './schema.ts'
export { parseGraph, printGraph } from './text.ts'
