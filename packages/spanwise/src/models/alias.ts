import { SpanwiseError } from '../journal/index.ts'
import { milliseconds } from '../workflow/index.ts'
import { Adaptive } from './adaptive.ts'
import { Health, Latencies } from './health.ts'
import type { Limits, Member } from './member.ts'
import type { AliasOptions, Candidate, GatewayOptions, Model } from './options.ts'
import { embeddingV4, languageV4 } from './v3.ts'

export interface Alias {
  readonly name: string
  readonly kind: 'text' | 'embedding'
  readonly members: readonly Member[]
  readonly weighted: boolean
  readonly hedge: number | { readonly quantile: number } | undefined
  readonly timeout: number
  readonly firstPart: number
  readonly idle: number
  readonly on: NonNullable<AliasOptions['on']>
  readonly perTenant: Limits | undefined
}

const names = /^[\w.-]+$/

export function readAlias(
  name: string,
  given: Model | readonly (Model | Candidate)[] | AliasOptions,
  breaker: GatewayOptions['breaker'],
  shares: Map<string, Adaptive> = new Map(),
): Alias {
  if (!names.test(name)) throw invalid(name, 'its name may have letters, digits, _ . and -')
  const options: AliasOptions = isModel(given)
    ? { candidates: [given] }
    : Array.isArray(given)
      ? { candidates: given as readonly (Model | Candidate)[] }
      : (given as AliasOptions)
  const candidates = options.candidates ?? []
  if (candidates.length === 0) throw invalid(name, 'it has no candidates')
  const members = candidates.map((one) => readMember(name, one, options, breaker, shares))
  const kinds = new Set(members.map(({ language }) => (language === undefined ? 'embedding' : 'text')))
  if (kinds.size > 1) throw invalid(name, 'it mixes language and embedding models')
  return {
    name,
    kind: members[0]?.language === undefined ? 'embedding' : 'text',
    members,
    weighted: candidates.some((one) => !isModel(one) && one.weight !== undefined),
    hedge: readHedge(name, options.hedge?.after),
    timeout: milliseconds(options.timeout ?? '2m', `timeout of ${name}`),
    firstPart: milliseconds(options.firstPart ?? '1m', `firstPart of ${name}`),
    idle: milliseconds(options.idle ?? '30s', `idle of ${name}`),
    on: options.on ?? {},
    perTenant: options.perTenant === undefined ? undefined : checkLimits(name, options.perTenant),
  }
}

function readMember(
  alias: string,
  given: Model | Candidate,
  options: AliasOptions,
  breaker: GatewayOptions['breaker'],
  shares: Map<string, Adaptive>,
): Member {
  const candidate: Candidate = isModel(given) ? { model: given } : given
  const { model, weight = 1, key, pin } = candidate
  if (!isModel(model)) throw invalid(alias, 'a candidate is no model of an AI SDK provider, version 6 or newer')
  if (!(weight >= 0 && Number.isFinite(weight))) throw invalid(alias, `${weight} is no weight`)
  const embeds = 'doEmbed' in model
  const account = key === undefined ? `${model.provider}/${model.modelId}` : `key/${key}`
  // whoever shares a limit is told together that it is too much
  const adaptive = shares.get(account) ?? new Adaptive()
  shares.set(account, adaptive)
  return {
    given: model,
    provider: model.provider,
    model: model.modelId,
    language: embeds ? undefined : languageV4(model),
    embedding: embeds ? embeddingV4(model) : undefined,
    weight,
    key,
    account,
    pin,
    limits: checkLimits(alias, { concurrency: candidate.concurrency, rpm: candidate.rpm, tpm: candidate.tpm }),
    adaptive,
    maxOutputTokens: candidate.maxOutputTokens ?? options.maxOutputTokens ?? 8_192,
    health: new Health({
      failures: breaker?.failures ?? 5,
      cooldown: milliseconds(breaker?.cooldown ?? '10s', 'cooldown'),
    }),
    latencies: new Latencies(),
    answered: undefined,
  }
}

function checkLimits(alias: string, limits: Limits): Limits {
  for (const [limit, value] of Object.entries(limits))
    if (value !== undefined && !(Number.isFinite(value) && value >= 1)) throw invalid(alias, `${limit} is ${value}`)
  return limits
}

function isModel(value: unknown): value is Model {
  const { specificationVersion: version } = (value ?? {}) as { specificationVersion?: unknown }
  return version === 'v4' || version === 'v3'
}

function readHedge(alias: string, after: NonNullable<AliasOptions['hedge']>['after'] | undefined): Alias['hedge'] {
  if (after === undefined) return undefined
  const quantile = typeof after === 'string' ? /^p(\d{1,2}(?:\.\d+)?)$/.exec(after)?.[1] : undefined
  if (quantile !== undefined) return { quantile: Number(quantile) / 100 }
  return milliseconds(after as never, `hedge.after of ${alias}`)
}

function invalid(alias: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'GATEWAY_INVALID',
    message: `The gateway's alias ${JSON.stringify(alias)} cannot be used: ${why}.`,
    hint: "Write models: { fast: [openai('gpt-5-mini'), anthropic('claude-haiku-4-5')] }, or { candidates: [{ model, weight }] }.",
  })
}
