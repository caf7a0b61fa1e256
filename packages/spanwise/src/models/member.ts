import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import type { Adaptive } from './adaptive.ts'
import type { Health, Latencies } from './health.ts'

export interface Limits {
  readonly concurrency?: number | undefined
  readonly rpm?: number | undefined
  readonly tpm?: number | undefined
}

/** A candidate and how it is doing. */
export interface Member {
  /** the model as it was given, by which one that stands in two places is known */
  readonly given: object
  readonly provider: string
  readonly model: string
  readonly language: LanguageModelV4 | undefined
  readonly embedding: EmbeddingModelV4 | undefined
  readonly weight: number
  readonly limits: Limits
  /** whose limits its calls count in: its key, or its provider and model */
  readonly account: string
  readonly adaptive: Adaptive
  readonly key: string | undefined
  readonly pin: string | undefined
  readonly maxOutputTokens: number
  readonly health: Health
  readonly latencies: Latencies
  /** as it answered last */
  answered: string | undefined
}
