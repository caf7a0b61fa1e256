import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { budget, type GatewayEvent, gateway, type Model } from 'spanwise/models'

/** Where the models are: two providers with one server each, or one server for all. */
export interface Servers {
  readonly openai: string
  readonly anthropic: string
}

export interface Elsewhere {
  readonly url: string
  readonly model: string
  readonly key: string | undefined
}

export function modelsAt(where: Servers | Elsewhere, onEvent: (event: GatewayEvent) => void) {
  const [small, other, large] = candidates(where)
  return gateway({
    models: {
      fast: [small, other], // in this order
      smart: { candidates: [large], maxOutputTokens: 400 },
    },
    // what a call may cost at most is held before it is made; when that is not left of the day's money, the small model writes
    budgets: [budget('alias:smart', { limit: '$0.01', per: 'day', onExceed: { degrade: 'fast' } })],
    onEvent,
  })
}

function candidates(where: Servers | Elsewhere): readonly [small: Model, other: Model, large: Model] {
  if ('url' in where) {
    const { url, model, key } = where
    const server = createOpenAICompatible({
      name: 'server',
      baseURL: url,
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...(key === undefined ? {} : { apiKey: key }),
    })
    return [server(model), server(model), server(model)]
  }
  const openai = createOpenAI({ baseURL: where.openai, apiKey: 'any' })
  const anthropic = createAnthropic({ baseURL: where.anthropic, apiKey: 'any' })
  return [openai('gpt-5-mini'), anthropic('claude-haiku-4-5'), openai('gpt-5')]
}
