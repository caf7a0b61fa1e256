export type { BudgetState, CandidateState } from '../workflow/index.ts'
export { type Budget, type BudgetOptions, budget } from './budget.ts'
export type { CandidateCheck, Capability, CheckOptions } from './check.ts'
export { boundOf, costOf } from './cost.ts'
export { ModelError } from './errors.ts'
export type { GatewayEvent } from './events.ts'
export type { CallFailure } from './failure.ts'
export { durable, gateway, type Models } from './gateway.ts'
export type { AliasOptions, Candidate, GatewayOptions, Model } from './options.ts'
export {
  highestCost,
  type Priced,
  type PriceOptions,
  type PriceOverride,
  type Prices,
  priceOf,
  prices,
} from './price.ts'
export { type Filled, type Prompt, prompt } from './prompt.ts'
export { type Prompts, type PromptTypes, prompts } from './prompts.ts'
export { type CallRecord, type PriceUsed, readRecord, toMeta, type Usage } from './record.ts'
export { embeddingUsage, usageOf } from './usage.ts'
