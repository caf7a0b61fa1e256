import type { EmbeddingModelV3, EmbeddingModelV4, LanguageModelV3, LanguageModelV4 } from '@ai-sdk/provider'
import type { Duration } from '../workflow/index.ts'
import type { Budget } from './budget.ts'
import type { GatewayEvent } from './events.ts'
import type { CallFailure } from './failure.ts'
import type { PriceOptions } from './price.ts'

/** A model of an AI SDK provider: `openai('gpt-5-mini')`. Those of version 6 are taken too. */
export type Model = LanguageModelV4 | LanguageModelV3 | EmbeddingModelV4 | EmbeddingModelV3

/** What an alias may be answered by. */
export interface Candidate {
  readonly model: Model
  /** its share where candidates have weights; without any they are asked in their order */
  readonly weight?: number
  /** calls at once */
  readonly concurrency?: number
  /** calls a minute */
  readonly rpm?: number
  /** tokens a minute */
  readonly tpm?: number
  /** name of the account or key that it uses, for limits and budgets: never the key itself. Who names the same key shares its limits */
  readonly key?: string
  /** the exact model that has to answer: `gpt-5-mini-2025-08-07`. Another answer is refused */
  readonly pin?: string
  /** tokens that an answer may have where the caller sets no cap */
  readonly maxOutputTokens?: number
}

export interface AliasOptions {
  readonly candidates: readonly (Model | Candidate)[]
  /** asks the next candidate too when the first one takes longer than this; the slower one is called off */
  readonly hedge?: { readonly after: Duration | `p${number}` }
  /** for one candidate's whole answer; 2 min. A stream may take longer */
  readonly timeout?: Duration
  /** of a stream: to its first part; 1 min */
  readonly firstPart?: Duration
  /** of a stream: between two parts; 30 s */
  readonly idle?: Duration
  /** what a failure of one candidate leads to; `next` unless the request itself is at fault */
  readonly on?: Readonly<Partial<Record<CallFailure, 'next' | 'fail'>>>
  /** for each tenant, whichever candidate answers */
  readonly perTenant?: { readonly concurrency?: number; readonly rpm?: number; readonly tpm?: number }
  /** tokens that an answer may have where the caller sets no cap; 8192 */
  readonly maxOutputTokens?: number
}

export interface GatewayOptions<Alias extends string = string> {
  /** by alias: a model, several in the order in which they are asked, or more to say about them */
  readonly models: Readonly<Record<Alias, Model | readonly (Model | Candidate)[] | AliasOptions>>
  readonly budgets?: readonly Budget[]
  readonly prices?: PriceOptions
  /** how long a call of a run waits while no candidate can be reached, before it fails; `1d` */
  readonly patience?: Duration
  /** when a candidate is left alone for a while */
  readonly breaker?: { readonly failures?: number; readonly cooldown?: Duration }
  /** told what happens: failovers, breakers, models that changed, budgets that run out */
  readonly onEvent?: (event: GatewayEvent) => void
}
