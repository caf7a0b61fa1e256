export { checkNumber } from './errors.ts'
export { createLimiter } from './limiter.ts'
export type { Limiter } from './port.ts'
export { storedRates } from './store-memory.ts'
