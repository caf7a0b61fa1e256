import type { Meta } from '../journal/index.ts'

/** What a provider counted; `undefined` where it did not say. Parts are contained in their wholes. */
export interface Usage {
  /** all of the prompt, cached parts included */
  readonly input: number | undefined
  /** read from the provider's cache; part of `input` */
  readonly cached: number | undefined
  /** written to the provider's cache; part of `input` */
  readonly cacheWrite: number | undefined
  /** all that was generated, reasoning included */
  readonly output: number | undefined
  /** part of `output` */
  readonly reasoning: number | undefined
}

/** The price that a cost was computed with, kept so that it can be computed again. USD per million tokens. */
export interface PriceUsed {
  /** where it comes from: `genai-prices 0.1.8`, `override` */
  readonly source: string
  readonly input?: number | undefined
  readonly cached?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly output?: number | undefined
  /** where reasoning has a price of its own */
  readonly reasoning?: number | undefined
  /** USD for each call, beside its tokens */
  readonly request?: number | undefined
  /** since when it holds, where the source says so: `2026-03-01` */
  readonly since?: string | undefined
}

/** Facts about one model call. In the `meta` of its entry: small, queryable, without a word of prompt or answer. */
export interface CallRecord {
  readonly kind: 'text' | 'embedding'
  /** name under which the gateway was asked */
  readonly alias: string
  /** of the candidate that answered, or was asked last: `openai.responses` */
  readonly provider: string
  /** as it was asked for */
  readonly model: string
  /** as the provider says that it answered */
  readonly answered?: string | undefined
  /** who answered until then, where that was another: a change that nobody announced */
  readonly replaced?: string | undefined
  /** of the provider's system, where it gives one */
  readonly fingerprint?: string | undefined
  readonly usage: Usage
  /** nano-dollars; an unknown price is unknown, never 0 */
  readonly cost: bigint | undefined
  readonly price?: PriceUsed | undefined
  /** nano-dollars that the call may cost at most, reserved before it; undefined where no price is known */
  readonly bound?: bigint | undefined
  /** of an announcement: what was kept back of which budgets, `[[budget, window, amount, unit]]` */
  readonly held?: string | undefined
  /** nano-dollars for answers that were not used: losers of a hedge, streams that broke */
  readonly wasted?: bigint | undefined
  /** from being asked to the end of the answer */
  readonly ms: number
  /** to the first part of a stream */
  readonly firstMs?: number | undefined
  /** requests sent for it, all candidates together */
  readonly tries: number
  /** candidates that were given up before the one that answered */
  readonly failovers: number
  /** who did not answer, and why: `openai.responses gpt-5-mini: rate limit`; separated by `; ` */
  readonly passedOver?: string | undefined
  /** names of the budgets that it counts in, separated by `, ` */
  readonly budgets?: string | undefined
  readonly streamed?: boolean | undefined
  readonly prompt?: { readonly id: string; readonly version: string; readonly hash: string } | undefined
  /** in flight when its process died: nobody knows whether it was answered, and it may have been paid for */
  readonly unconfirmed?: boolean | undefined
}

/**
 * As the meta of an entry: flat, under the names below, without what is not known. Costs are whole nano-dollars; as a number
 * up to nine million dollars a call.
 */
export function toMeta(record: CallRecord): Meta {
  const { usage, prompt } = record
  const all: Record<string, string | number | boolean | undefined> = {
    call: record.kind,
    alias: record.alias,
    provider: record.provider,
    model: record.model,
    answered: record.answered,
    replaced: record.replaced,
    fingerprint: record.fingerprint,
    input: usage.input,
    cached: usage.cached,
    cacheWrite: usage.cacheWrite,
    output: usage.output,
    reasoning: usage.reasoning,
    cost: nano(record.cost),
    price: record.price === undefined ? undefined : JSON.stringify(record.price),
    bound: nano(record.bound),
    held: record.held,
    wasted: nano(record.wasted),
    ms: record.ms,
    firstMs: record.firstMs,
    tries: record.tries,
    failovers: record.failovers,
    passedOver: record.passedOver,
    budgets: record.budgets,
    streamed: record.streamed,
    prompt: prompt?.id,
    promptVersion: prompt?.version,
    promptHash: prompt?.hash,
    unconfirmed: record.unconfirmed,
  }
  const meta: Record<string, string | number | boolean> = {}
  for (const [key, value] of Object.entries(all)) if (value !== undefined) meta[key] = value
  return meta
}

/** The facts that an entry's meta holds; undefined where it is not about a model call. */
export function readRecord(meta: Meta): CallRecord | undefined {
  const kind = meta['call']
  if (kind !== 'text' && kind !== 'embedding') return undefined
  const number = (key: string) => (typeof meta[key] === 'number' ? meta[key] : undefined)
  const text = (key: string) => (typeof meta[key] === 'string' ? meta[key] : undefined)
  const money = (key: string) => (typeof meta[key] === 'number' ? BigInt(meta[key]) : undefined)
  const price = text('price')
  const prompt = text('prompt')
  return {
    kind,
    alias: text('alias') ?? '',
    provider: text('provider') ?? '',
    model: text('model') ?? '',
    answered: text('answered'),
    replaced: text('replaced'),
    fingerprint: text('fingerprint'),
    usage: {
      input: number('input'),
      cached: number('cached'),
      cacheWrite: number('cacheWrite'),
      output: number('output'),
      reasoning: number('reasoning'),
    },
    cost: money('cost'),
    price: price === undefined ? undefined : (JSON.parse(price) as PriceUsed),
    bound: money('bound'),
    wasted: money('wasted'),
    ms: number('ms') ?? 0,
    firstMs: number('firstMs'),
    tries: number('tries') ?? 0,
    failovers: number('failovers') ?? 0,
    passedOver: text('passedOver'),
    budgets: text('budgets'),
    streamed: meta['streamed'] === true ? true : undefined,
    prompt:
      prompt === undefined
        ? undefined
        : { id: prompt, version: text('promptVersion') ?? '', hash: text('promptHash') ?? '' },
    unconfirmed: meta['unconfirmed'] === true ? true : undefined,
  }
}

function nano(amount: bigint | undefined): number | undefined {
  if (amount === undefined) return undefined
  const number = Number(amount)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${amount} nano-dollars are too many for one call`)
  return number
}
