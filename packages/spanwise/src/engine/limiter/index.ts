export { checkNumber } from './errors.ts'
export { createLimiter } from './limiter.ts'
export type { Lease, Limiter, LimitRequest, LimitState } from './port.ts'
export { storedRates } from './store-memory.ts'
