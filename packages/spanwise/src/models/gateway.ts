import {
  type EmbeddingModelV3,
  type EmbeddingModelV4,
  type LanguageModelV3,
  type LanguageModelV4,
  type LanguageModelV4Middleware,
  NoSuchModelError,
  type ProviderV4,
} from '@ai-sdk/provider'
import { SpanwiseError, type Store } from '../journal/index.ts'
import type { BudgetState, CandidateState } from '../workflow/index.ts'
import type { Adaptive } from './adaptive.ts'
import { type Alias, readAlias } from './alias.ts'
import { Book } from './book.ts'
import { budgetStates } from './budget-state.ts'
import { type Gateway, patienceOf } from './call.ts'
import { type CandidateCheck, type CheckOptions, checkCandidate } from './check.ts'
import { embeddingModel } from './embedding.ts'
import type { GatewayEvent } from './events.ts'
import { Identities } from './identities.ts'
import { languageModel } from './language.ts'
import type { Candidate, GatewayOptions, Model } from './options.ts'
import { prices } from './price.ts'
import { embeddingV3, languageV3 } from './v3.ts'

/** A provider of the AI SDK: `models('fast')` is a language model. */
export interface Models<Name extends string = string> extends ProviderV4 {
  (alias: Name): LanguageModelV4
  languageModel(alias: Name): LanguageModelV4
  embeddingModel(alias: Name): EmbeddingModelV4
  /** the same for version 6 of the AI SDK */
  readonly v3: {
    languageModel(alias: Name): LanguageModelV3
    embeddingModel(alias: Name): EmbeddingModelV3
  }
  /** how every candidate is doing */
  readonly state: () => readonly CandidateState[]
  /** how much of its budgets is used now, as this store knows it */
  readonly budgets: (store: Pick<Store, 'info' | 'used'>, now: number) => Promise<readonly BudgetState[]>
  /**
   * Asks every candidate once, past failover, limits, budgets and records: whether its key holds, how long it takes, what it can do,
   * whether its price is known. Costs a few hundred tokens each.
   */
  readonly check: (options?: CheckOptions) => Promise<readonly CandidateCheck[]>
}

/**
 * The one door to every model: aliases with candidates, failover, limits and budgets behind them. Calls in workflows and steps are
 * recorded and never paid for twice.
 * @example
 * export const models = gateway({ models: { fast: [openai('gpt-5-mini'), anthropic('claude-haiku-4-5')] } })
 * const { text } = await generateText({ model: models('fast'), prompt: 'Hello' })
 */
export function gateway<const Name extends string>(options: GatewayOptions<Name>): Models<Name> {
  const aliases = new Map<string, Alias>()
  const shares = new Map<string, Adaptive>()
  for (const [name, given] of Object.entries(options.models)) {
    const alias = readAlias(name, given as Model | readonly (Model | Candidate)[], options.breaker, shares)
    aliases.set(name, alias)
  }
  const models = ((name: string) => language(name)) as unknown as Models<Name>
  const shared = share(options as GatewayOptions, aliases)
  const find = (name: string, kind: Alias['kind']): Alias => {
    const alias = aliases.get(name)
    if (alias?.kind === kind) return alias
    throw new NoSuchModelError({
      modelId: name,
      modelType: kind === 'text' ? 'languageModel' : 'embeddingModel',
      message: `The gateway has no ${kind === 'text' ? 'language' : 'embedding'} model "${name}". It has: ${[...aliases.keys()].join(', ')}.`,
    })
  }
  const made = new Map<string, LanguageModelV4>()
  const language = (name: string): LanguageModelV4 => {
    const known = made.get(name)
    if (known !== undefined) return known
    const model = languageModel(shared, find(name, 'text'), models)
    made.set(name, model)
    return model
  }
  const embedding = (name: string) => embeddingModel(shared, find(name, 'embedding'), models)
  return Object.assign(models, {
    specificationVersion: 'v4' as const,
    languageModel: language,
    embeddingModel: embedding,
    imageModel(name: string): never {
      throw new NoSuchModelError({ modelId: name, modelType: 'imageModel' })
    },
    v3: {
      languageModel: (name: string) => languageV3(language(name)),
      embeddingModel: (name: string) => embeddingV3(embedding(name)),
    },
    state: () => [...aliases.values()].flatMap(stateOf),
    budgets: (store: Pick<Store, 'info' | 'used'>, now: number) => budgetStates(shared.budgets, store, now),
    check: (how: CheckOptions = {}) => check(shared, how),
  })
}

/** A few at a time. A candidate of two aliases is asked once. */
async function check({ aliases, prices }: Gateway, options: CheckOptions): Promise<readonly CandidateCheck[]> {
  const { alias: only, told } = options
  if (only !== undefined && !aliases.has(only))
    throw new SpanwiseError({
      code: 'MODEL_UNKNOWN',
      message: `The gateway has no model "${only}".`,
      hint: `It has: ${[...aliases.keys()].join(', ')}.`,
    })
  const meant = [...aliases.values()].filter(({ name }) => only === undefined || name === only)
  const wanted = meant.flatMap((alias) => alias.members.map((member) => ({ alias, member })))
  const asked = new Map<unknown, Promise<CandidateCheck>>()
  const results: CandidateCheck[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < wanted.length; at = next++) {
      const { alias, member } = wanted[at] as (typeof wanted)[number]
      const work = asked.get(member.given) ?? checkCandidate({ alias, member, prices, options })
      asked.set(member.given, work)
      const wrongModel = (answered: string | undefined) => member.pin !== undefined && answered !== member.pin
      const found = await work
      const result = { ...found, alias: alias.name, wrongModel: found.ok && wrongModel(found.answered) }
      results[at] = result
      told?.(result)
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  return results
}

/**
 * The gateway around a single model, for `wrapLanguageModel`: calls are recorded, retried and counted, and only that model is asked.
 * @example const model = wrapLanguageModel({ model: openai('gpt-5-mini'), middleware: durable() })
 */
export function durable(
  options: Omit<GatewayOptions, 'models'> & { readonly name?: string } = {},
): LanguageModelV4Middleware {
  const { name, ...rest } = options
  const made = new WeakMap<object, LanguageModelV4>()
  const owner = {}
  const wrapped = (model: LanguageModelV4): LanguageModelV4 => {
    const known = made.get(model)
    if (known !== undefined) return known
    const called = name ?? model.modelId.replace(/[^\w.-]/g, '-')
    const alias = readAlias(called, model, rest.breaker)
    const language = languageModel(share({ ...rest, models: {} }, new Map([[called, alias]])), alias, owner)
    made.set(model, language)
    return language
  }
  return {
    specificationVersion: 'v4',
    wrapGenerate: ({ model, params }) => wrapped(model).doGenerate(params),
    wrapStream: ({ model, params }) => wrapped(model).doStream(params),
  }
}

function share(options: GatewayOptions, aliases: ReadonlyMap<string, Alias>): Gateway {
  const budgets = options.budgets ?? []
  for (const { onExceed, name } of budgets) {
    if (typeof onExceed !== 'object' || !('degrade' in onExceed) || aliases.has(onExceed.degrade)) continue
    throw new SpanwiseError({
      code: 'BUDGET_INVALID',
      message: `Budget "${name}" degrades to "${onExceed.degrade}", which the gateway does not have.`,
      hint: `It has: ${[...aliases.keys()].join(', ')}.`,
    })
  }
  const books = new WeakMap<object, Book>()
  const identities = new WeakMap<object, Identities>()
  return {
    aliases,
    budgets,
    prices: prices(options.prices),
    patience: patienceOf(options.patience),
    bookOf(call) {
      const known = books.get(call.home)
      if (known !== undefined) return known
      const book = new Book(call.home, (event) => this.event(call, event))
      books.set(call.home, book)
      return book
    },
    identitiesOf(call) {
      const known = identities.get(call.home)
      if (known !== undefined) return known
      const made = new Identities(call.home, (event) => this.event(call, event))
      identities.set(call.home, made)
      return made
    },
    event({ home }, event) {
      const said = telling(event)
      if (said !== undefined) home.log.warn(said, event)
      home.told?.(event)
      try {
        options.onEvent?.(event)
      } catch (error) {
        home.log.error('onEvent of a gateway threw', { error })
      }
    },
  }
}

/** What somebody has to know even if nobody listens. */
function telling(event: GatewayEvent): string | undefined {
  switch (event.type) {
    case 'model changed':
      return `model ${event.model} of alias ${event.alias} is answered by ${event.after} now, and was by ${event.before}`
    case 'breaker':
      return event.state === 'open'
        ? `${event.provider} ${event.model} is left alone for a while: it failed again and again`
        : undefined
    case 'budget':
      return event.state === 'exceeded'
        ? undefined
        : `budget "${event.budget}" is used up to ${Math.round(event.share * 100)} %`
    case 'unavailable':
      return `no candidate of model ${event.alias} can be reached; runs wait`
    default:
      return undefined
  }
}

function stateOf({ name, members }: Alias): readonly CandidateState[] {
  return members.map(({ provider, model, key, health, answered }) => ({
    alias: name,
    provider,
    model,
    breaker: health.state,
    from: health.from,
    answered,
    key,
  }))
}
