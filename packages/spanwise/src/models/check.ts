import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4Message,
} from '@ai-sdk/provider'
import type { Alias } from './alias.ts'
import { messageOf } from './errors.ts'
import { type CallFailure, failureOf } from './failure.ts'
import type { Member } from './member.ts'
import { type Prices, priceOf } from './price.ts'
import type { PriceUsed, Usage } from './record.ts'
import { embeddingUsage, usageOf } from './usage.ts'

/** What became of asking one candidate. */
export interface CandidateCheck {
  readonly alias: string
  readonly provider: string
  readonly model: string
  readonly kind: 'text' | 'embedding'
  /** it answered; then the key holds and the model exists */
  readonly ok: boolean
  /** of the first, short answer */
  readonly ms: number
  readonly failure: CallFailure | undefined
  /** what it said, without what could be a key */
  readonly error: string | undefined
  /** the model that says it answered */
  readonly answered: string | undefined
  /** another one than is pinned answers */
  readonly wrongModel: boolean
  /** undefined where nobody knows one: its calls count in no budget of money */
  readonly price: PriceUsed | undefined
  /** what could be seen to work; undefined where it was not tried */
  readonly can: { readonly [C in Capability]: boolean | undefined }
  /** nano-dollars that the check itself cost, where its price is known */
  readonly cost: bigint | undefined
}

/** `usage`: a stream says what it used, without which it cannot be priced */
export type Capability = 'stream' | 'usage' | 'tools' | 'structured'

export interface CheckOptions {
  /** only the candidates of this alias */
  readonly alias?: string | undefined
  /** only whether it answers, and how long it takes */
  readonly quick?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** for one request, ms; 30 s */
  readonly timeout?: number | undefined
  /** called with each result as it comes */
  readonly told?: ((check: CandidateCheck) => void) | undefined
}

interface Checking {
  readonly alias: Alias
  readonly member: Member
  readonly prices: Prices
  readonly options: CheckOptions
}

const nothingTried: CandidateCheck['can'] = {
  stream: undefined,
  usage: undefined,
  tools: undefined,
  structured: undefined,
}

/**
 * Asks one candidate, past failover, limits, budgets and records. Never rejects. Costs a few hundred tokens; less when `quick`.
 */
export async function checkCandidate(of: Checking): Promise<CandidateCheck> {
  const { alias, member, prices } = of
  const { provider, model } = member
  const at = Date.now()
  const used: Usage[] = []
  const base = {
    alias: alias.name,
    provider,
    model,
    kind: alias.kind,
    price: prices.find({ provider, model, at }),
  }
  const cost = (): bigint | undefined =>
    used
      .map((usage) => priceOf({ provider, model, at, usage }, prices).cost)
      .reduce((a, b) => (a === undefined || b === undefined ? undefined : a + b), 0n)
  const started = performance.now()
  const took = (): number => Math.round(performance.now() - started)
  try {
    const { answered, usage } = await within(of, (signal) => first(member, signal))
    used.push(usage)
    const ms = took()
    const can = member.language === undefined || of.options.quick === true ? nothingTried : await abilities(of, used)
    const said = { ok: true, ms, failure: undefined, error: undefined, answered }
    return { ...base, ...said, wrongModel: false, can, cost: cost() }
  } catch (error) {
    const { failure } = failureOf(error, at)
    const said = { ok: false, ms: took(), failure, error: errorText(failure, error), answered: undefined }
    return { ...base, ...said, wrongModel: false, can: nothingTried, cost: cost() }
  }
}

async function first(
  { language, embedding }: Member,
  abortSignal: AbortSignal,
): Promise<{ readonly answered: string | undefined; readonly usage: Usage }> {
  if (language !== undefined) {
    const { response, usage } = await language.doGenerate({ ...asking('Reply with the word OK.'), abortSignal })
    return { answered: response?.modelId, usage: usageOf(usage) }
  }
  const { usage } = await (embedding as NonNullable<Member['embedding']>).doEmbed({ values: ['OK'], abortSignal })
  return { answered: undefined, usage: embeddingUsage(usage) }
}

/** What cannot be seen to work need not be missing: a model may have answered otherwise. It is told as not seen. */
async function abilities(of: Checking, used: Usage[]): Promise<CandidateCheck['can']> {
  const language = of.member.language as LanguageModelV4
  const whether = async (work: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> => {
    try {
      return await within(of, work)
    } catch {
      return false
    }
  }
  const generated = async (options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> => {
    const result = await language.doGenerate(options)
    used.push(usageOf(result.usage))
    return result
  }
  let usage = false
  const [stream, tools, structured] = await Promise.all([
    whether(async (abortSignal) => {
      const result = await language.doStream({ ...asking('Reply with the word OK.'), abortSignal })
      let parts = 0
      for await (const part of result.stream) {
        if (part.type === 'error') throw part.error
        if (part.type === 'text-delta' || part.type === 'reasoning-delta') parts++
        if (part.type !== 'finish') continue
        const counted = usageOf(part.usage)
        used.push(counted)
        usage = counted.output !== undefined
      }
      return parts > 0
    }),
    whether(async (abortSignal) => {
      const inputSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } }
      const tools = [{ type: 'function' as const, name: 'weather', description: 'The weather in a city', inputSchema }]
      const options = asking('What is the weather in Oslo? Use the tool.')
      const { content } = await generated({ ...options, tools, toolChoice: { type: 'required' }, abortSignal })
      return content.some(({ type }) => type === 'tool-call')
    }),
    whether(async (abortSignal) => {
      const schema = {
        type: 'object' as const,
        properties: { ok: { type: 'boolean' as const } },
        required: ['ok'],
        additionalProperties: false,
      }
      const responseFormat = { type: 'json' as const, name: 'reply', schema }
      const options = asking('Say in JSON that it is ok: {"ok": true}')
      const { content, structuredOutputText } = await generated({ ...options, responseFormat, abortSignal })
      const text = structuredOutputText ?? content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      return typeof (JSON.parse(text) as { ok?: unknown } | null)?.ok === 'boolean'
    }),
  ])
  return { stream, usage: stream && usage, tools, structured }
}

/** Models that think first need room for it. */
function asking(text: string): LanguageModelV4CallOptions {
  const prompt: LanguageModelV4Message[] = [{ role: 'user', content: [{ type: 'text', text }] }]
  return { prompt, maxOutputTokens: 512 }
}

function within<T>({ options }: Checking, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(options.timeout ?? 30_000)
  return work(options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]))
}

/** A provider may repeat the key that it refuses: of that only our own words are told. */
function errorText(failure: CallFailure, error: unknown): string {
  const { name, statusCode } = (error ?? {}) as { name?: unknown; statusCode?: unknown }
  if (name === 'AI_LoadAPIKeyError') return messageOf(error)
  if (failure !== 'auth') return messageOf(error)
  switch (statusCode) {
    case 401:
    case 403:
      return `its key is refused (${statusCode})`
    case 404:
      return 'there is no such model, or the key may not use it (404)'
    case 429:
    case 402:
      return `its account has no credit (${statusCode})`
    default:
      return `its key or account is refused${statusCode === undefined ? '' : ` (${statusCode})`}`
  }
}
