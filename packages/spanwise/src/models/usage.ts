import type { EmbeddingModelV4Result, LanguageModelV4Usage } from '@ai-sdk/provider'
import type { Usage } from './record.ts'

/** What an AI SDK provider says was used. Version 3 of its interface says it in the same shape. */
export function usageOf(said: LanguageModelV4Usage | undefined): Usage {
  return {
    input: count(said?.inputTokens?.total),
    cached: count(said?.inputTokens?.cacheRead),
    cacheWrite: count(said?.inputTokens?.cacheWrite),
    output: count(said?.outputTokens?.total),
    reasoning: count(said?.outputTokens?.reasoning),
  }
}

/** Embeddings generate nothing. */
export function embeddingUsage(said: EmbeddingModelV4Result['usage']): Usage {
  return { input: count(said?.tokens), cached: undefined, cacheWrite: undefined, output: 0, reasoning: undefined }
}

/** Providers behind compatible URLs say what they like: what is no count is not known. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined
}
