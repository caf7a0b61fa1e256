import { calcPrice, type ModelPrice, type PriceCalculation } from '@pydantic/genai-prices'
import type { PriceUsed } from './record.ts'

/** As it stands in the records, so that one can tell which edition of the list a cost came from. */
export const catalogueSource = 'genai-prices 0.1.8'

/** Names that AI SDK providers and hosts go by, and what the list calls them. */
const providers: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  vertex: 'google',
  azure: 'azure',
  'azure-openai': 'azure',
  'amazon-bedrock': 'aws',
  bedrock: 'aws',
  mistral: 'mistral',
  groq: 'groq',
  xai: 'x-ai',
  deepseek: 'deepseek',
  cohere: 'cohere',
  perplexity: 'perplexity',
  openrouter: 'openrouter',
  togetherai: 'together',
  fireworks: 'fireworks',
  cerebras: 'cerebras',
  moonshotai: 'moonshotai',
}

/**
 * The list price of a model at a time, from data that come with the package: nothing is fetched. Only providers that are
 * known by name have one. A server behind a compatible URL may run any model at any price: what it costs is not known.
 */
export function listPrice(provider: string, model: string, at: number, inputTokens: number): PriceUsed | undefined {
  const id = providers[provider.split('.')[0] ?? '']
  if (id === undefined) return undefined
  const found = lookUp(id, model, at)
  return found ? flat(found, inputTokens) : undefined
}

// a look-up costs 70 µs. Prices change by date, a few by the time of day, which is given in whole minutes
const known = new Map<string, PriceCalculation | null>()

function lookUp(providerId: string, model: string, at: number): PriceCalculation | null {
  const minute = Math.floor(at / 60_000)
  const key = `${providerId}\n${model}\n${minute}`
  const hit = known.get(key)
  if (hit !== undefined) return hit
  if (known.size > 1000) known.clear()
  const found = calcPrice({}, model, { providerId, timestamp: new Date(minute * 60_000) })
  known.set(key, found)
  return found
}

function flat({ model, model_price: price }: PriceCalculation, inputTokens: number): PriceUsed | undefined {
  const rate = (name: string): number | undefined => tier(price[name], inputTokens)
  const request = rate('requests_kcount')
  const used: PriceUsed = {
    source: catalogueSource,
    input: rate('input_mtok'),
    cached: rate('cache_read_mtok'),
    cacheWrite: rate('cache_write_mtok'),
    output: rate('output_mtok'),
    reasoning: rate('output_reasoning_mtok'),
    request: request === undefined ? undefined : request / 1000,
    since: since(model.prices, price),
  }
  // priced by the hour or the page: not by what a call says it used
  return used.input === undefined && used.output === undefined ? undefined : used
}

/** A long prompt makes the whole call dearer, not only the tokens past the limit. */
function tier(rate: ModelPrice[string], inputTokens: number): number | undefined {
  if (rate === undefined || typeof rate === 'number') return rate
  return rate.tiers.reduce((now, { start, price }) => (inputTokens > start ? price : now), rate.base)
}

function since(prices: PriceCalculation['model']['prices'], used: ModelPrice): string | undefined {
  if (!Array.isArray(prices)) return undefined
  const constraint = prices.find((each) => each.prices === used)?.constraint
  return constraint?.type === 'start_date' ? constraint.start_date : undefined
}
