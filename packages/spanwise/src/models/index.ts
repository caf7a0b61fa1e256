export { boundOf, costOf } from './cost.ts'
export {
  highestCost,
  type Priced,
  type PriceOptions,
  type PriceOverride,
  type Prices,
  priceOf,
  prices,
} from './price.ts'
export { type CallRecord, type PriceUsed, readRecord, toMeta, type Usage } from './record.ts'
export { embeddingUsage, usageOf } from './usage.ts'
