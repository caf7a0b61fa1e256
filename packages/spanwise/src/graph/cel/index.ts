export { compile, type Variables } from './expression.ts'
export type { JsonSchema } from './types.ts'
