export type { Graph, GraphFactory, Join, ManyOptions, NodeOptions, Reducers, Update } from './builder.ts'
export { type Goto, goto } from './goto.ts'
export { graph } from './graph.ts'
export { type AnyGraph, facts, type PictureFormat, picture, visitsOf } from './picture/index.ts'
