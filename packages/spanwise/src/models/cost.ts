import type { PriceUsed, Usage } from './record.ts'

/**
 * Nano-dollars for what was used, rounded once, half up. Undefined where the price or a count that it needs is not known:
 * an unknown cost is unknown, never 0.
 */
export function costOf(usage: Usage, price: PriceUsed | undefined): bigint | undefined {
  if (price === undefined || usage.input === undefined || usage.output === undefined) return undefined
  const cached = usage.cached ?? 0
  const cacheWrite = usage.cacheWrite ?? 0
  const reasoning = Math.min(usage.reasoning ?? 0, usage.output)
  // parts that are larger than their whole are a provider's mistake; what it counted somewhere is billed
  const plain = Math.max(0, usage.input - cached - cacheWrite)
  const parts: readonly (readonly [tokens: number, rate: number | undefined])[] = [
    [plain, price.input],
    [cached, price.cached ?? price.input],
    [cacheWrite, price.cacheWrite ?? price.input],
    [usage.output - reasoning, price.output],
    [reasoning, price.reasoning ?? price.output],
  ]
  let millionths = 0n
  for (const [tokens, rate] of parts) {
    if (tokens === 0) continue
    if (rate === undefined) return undefined
    millionths += BigInt(tokens) * nano(rate)
  }
  return (millionths + 500_000n) / 1_000_000n + nano(price.request ?? 0)
}

/**
 * Nano-dollars that a call costs at most, rounded up: every token of the prompt at the dearest rate that it can have, every
 * token that may be generated. Undefined where no price is known, or the cap is not.
 */
export function boundOf(price: PriceUsed | undefined, input: number, maxOutput: number): bigint | undefined {
  if (price === undefined) return undefined
  const dearest = (...rates: readonly (number | undefined)[]): number | undefined =>
    rates.reduce((high, rate) => (rate === undefined || (high !== undefined && high >= rate) ? high : rate), undefined)
  const inputRate = dearest(price.input, price.cached, price.cacheWrite)
  const outputRate = dearest(price.output, price.reasoning)
  if ((input > 0 && inputRate === undefined) || (maxOutput > 0 && outputRate === undefined)) return undefined
  const millionths =
    BigInt(Math.ceil(input)) * nano(inputRate ?? 0) + BigInt(Math.ceil(maxOutput)) * nano(outputRate ?? 0)
  return (millionths + 999_999n) / 1_000_000n + nano(price.request ?? 0)
}

/** A rate in dollars as whole nano-dollars. Prices have six decimals at most, so nothing is lost. */
function nano(dollars: number): bigint {
  return BigInt(Math.round(dollars * 1e9))
}
