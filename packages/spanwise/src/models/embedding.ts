import type { EmbeddingModelV4, EmbeddingModelV4Result } from '@ai-sdk/provider'
import type { Alias } from './alias.ts'
import { embed } from './ask.ts'
import { askedOf } from './asked.ts'
import { mostTokens } from './bound.ts'
import type { Gateway } from './call.ts'
import { placed } from './place.ts'
import { budgetsOfNow } from './spending.ts'

/** An alias as an embedding model of the AI SDK. */
export function embeddingModel(gateway: Gateway, alias: Alias, owner: object): EmbeddingModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'spanwise',
    modelId: alias.name,
    get maxEmbeddingsPerCall() {
      return fewest(alias)
    },
    supportsParallelCalls: true,
    async doEmbed(options) {
      const asked = askedOf('embed', alias.name, options)
      const { value } = await placed(
        owner,
        {
          gateway,
          alias,
          kind: 'embedding',
          streamed: false,
          input: mostTokens(options.values),
          maxOutput: undefined,
          prompt: undefined,
          budgets: budgetsOfNow(),
          approved: false,
          signal: options.abortSignal,
          rounds: 3,
          isCommitted: () => false,
          ask: (of) => embed(of, options),
        },
        asked,
      )
      return value as EmbeddingModelV4Result
    },
  }
}

/** What the most modest candidate takes at once. */
async function fewest({ members }: Alias): Promise<number | undefined> {
  const all = await Promise.all(members.map(async ({ embedding }) => await embedding?.maxEmbeddingsPerCall))
  const known = all.filter((most) => most !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
