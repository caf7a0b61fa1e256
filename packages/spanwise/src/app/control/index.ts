export { type Attached, attach } from './attached.ts'
export type { Served } from './methods.ts'
export { type Control, listenForClients } from './server.ts'
