export type { AuthOptions, Grant, OidcOptions, Role, ServeOptions } from '../app/index.ts'
export type { Caller } from './caller.ts'
export { isLoopback } from './guard.ts'
export { defaultPort, type Listening, type ListenOptions, listen } from './listen.ts'
export { openApi } from './openapi.ts'
export { type OperationName, operations } from './operations.ts'

export { type Routes, routes } from './routes/index.ts'
export { type Server, serve } from './serve.ts'
