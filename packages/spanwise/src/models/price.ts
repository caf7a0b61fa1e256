import { SpanwiseError } from '../journal/index.ts'
import { listPrice } from './catalogue.ts'
import { boundOf, costOf } from './cost.ts'
import type { PriceUsed, Usage } from './record.ts'

/** A price of your own: negotiated, or for a model that no list has. USD per million tokens. */
export interface PriceOverride {
  /** as in the records: `openai` for all of it, `openai.responses` for that part; absent: whoever serves the model */
  readonly provider?: string
  /** an id, or how it begins, followed by `*` */
  readonly model: string
  /** holds from that date on (`2026-03-01`, or a time); the latest that has begun counts */
  readonly since?: string
  readonly input?: number
  /** read from the provider's cache; absent: as `input` */
  readonly cached?: number
  /** written to it; absent: as `input` */
  readonly cacheWrite?: number
  readonly output?: number
  /** absent: as `output` */
  readonly reasoning?: number
  /** USD for each call, beside its tokens */
  readonly request?: number
}

export interface PriceOptions {
  /** come before the list */
  readonly overrides?: readonly PriceOverride[]
  /** false: only the overrides count */
  readonly list?: boolean
  /** a call whose price is not known: goes through with its cost unknown (default), does so with a warning once a model, or not at all */
  readonly unknown?: 'allow' | 'warn' | 'refuse'
}

/** What is priced. */
export interface Priced {
  readonly provider: string
  /** as it was asked for */
  readonly model: string
  /** as the provider says that it answered */
  readonly answered?: string | undefined
  /** ms since 1970 */
  readonly at: number
  /** tokens of the whole prompt: some models cost more a token for long ones */
  readonly input?: number | undefined
}

export interface Prices {
  /** The price of a call; undefined where none is known. */
  find(call: Priced): PriceUsed | undefined
  /** The same before a call is made, held against what is to happen to unknown prices: throws `UNKNOWN_PRICE` where they are refused. */
  expect(call: Priced): PriceUsed | undefined
}

/** The price list, with one's own prices before it. */
export function prices(options: PriceOptions = {}, warn: (line: string) => void = console.warn): Prices {
  const overrides = options.overrides ?? []
  for (const override of overrides) checkOverride(override)
  const warned = new Set<string>()
  const find = (call: Priced): PriceUsed | undefined => {
    for (const model of namesOf(call)) {
      const found = own(overrides, call.provider, model, call.at)
      if (found) return found
      const listed = options.list === false ? undefined : listPrice(call.provider, model, call.at, call.input ?? 0)
      if (listed) return listed
    }
    return undefined
  }
  return {
    find,
    expect(call) {
      const found = find(call)
      if (found || options.unknown === undefined || options.unknown === 'allow') return found
      const name = `${call.provider} ${call.model}`
      if (options.unknown === 'refuse') {
        throw new SpanwiseError({
          code: 'UNKNOWN_PRICE',
          message: `Nobody knows what ${name} costs, and calls of unknown price are refused.`,
          hint: `Give it a price: prices: { overrides: [{ model: '${call.model}', input: …, output: … }] }, in USD per million tokens.`,
        })
      }
      if (!warned.has(name))
        warn(`The price of ${name} is not known: what its calls cost will be missing from every sum.`)
      warned.add(name)
      return undefined
    },
  }
}

const listed = prices()

/** What a call cost, and the price that it was computed with: what belongs into its record. */
export function priceOf(
  call: Priced & { readonly usage: Usage },
  list: Prices = listed,
): { readonly cost: bigint | undefined; readonly price: PriceUsed | undefined } {
  const price = list.find({ ...call, input: call.input ?? call.usage.input })
  const cost = costOf(call.usage, price)
  return { cost, price }
}

/** The most that a call may cost, from an upper bound of its prompt and its output cap. */
export function highestCost(call: Priced & { readonly maxOutput: number }, list: Prices = listed): bigint | undefined {
  return call.input === undefined ? undefined : boundOf(list.find(call), call.input, call.maxOutput)
}

/**
 * The model that answered is the one that is paid. Where a snapshot of what was asked for answers and has no price of its
 * own, it has that of the model; where another model answers, its price is its own or unknown.
 */
function namesOf({ model, answered }: Priced): readonly string[] {
  if (answered === undefined || answered === model) return [model]
  return answered.startsWith(model) ? [answered, model] : [answered]
}

function own(overrides: readonly PriceOverride[], provider: string, model: string, at: number): PriceUsed | undefined {
  let best: PriceOverride | undefined
  for (const override of overrides) {
    if (!applies(override, provider, model) || start(override) > at) continue
    if (!best || start(override) >= start(best)) best = override
  }
  if (!best) return undefined
  const { input, cached, cacheWrite, output, reasoning, request, since } = best
  return { source: 'override', input, cached, cacheWrite, output, reasoning, request, since }
}

function applies({ provider, model: pattern }: PriceOverride, from: string, model: string): boolean {
  if (provider !== undefined && from !== provider && !from.startsWith(`${provider}.`)) return false
  return pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern
}

function start({ since }: PriceOverride): number {
  return since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
}

const rates = ['input', 'cached', 'cacheWrite', 'output', 'reasoning', 'request'] as const

function checkOverride(override: PriceOverride): void {
  const wrong = rates.find(
    (name) => override[name] !== undefined && !((override[name] ?? -1) >= 0 && (override[name] ?? -1) < 1e9),
  )
  const problem =
    wrong !== undefined
      ? `${wrong} is ${override[wrong]}`
      : Number.isNaN(start(override))
        ? `since is ${JSON.stringify(override.since)}, which is no date`
        : rates.every((name) => override[name] === undefined)
          ? 'it has no price at all'
          : undefined
  if (problem === undefined) return
  throw new SpanwiseError({
    code: 'PRICE_INVALID',
    message: `The price of ${override.model} cannot be used: ${problem}.`,
    hint: 'Prices are USD per million tokens, 0 or more; dates as 2026-03-01.',
  })
}
