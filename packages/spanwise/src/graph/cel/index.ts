export { compile, type Expression, type Variables } from './expression.ts'
export type { JsonSchema } from './types.ts'
