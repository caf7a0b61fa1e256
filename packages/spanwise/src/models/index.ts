export { type CallRecord, type PriceUsed, readRecord, toMeta, type Usage } from './record.ts'
export { embeddingUsage, usageOf } from './usage.ts'
