export { attach } from './attached.ts'
export type { Served } from './methods.ts'
export { listenForClients } from './server.ts'
