import { createOpenAI } from '@ai-sdk/openai'
import { type Answer, type ModelRequest, type ProviderServer, startProvider } from 'loopback-provider'
import { gateway } from 'spanwise/models'
import { onTestFinished } from 'vitest'

export interface World {
  readonly provider: ProviderServer
  readonly models: ReturnType<typeof gateway<'fast'>>
  /** what was asked, oldest first */
  readonly asked: ModelRequest[]
}

/** A provider that answers as the test says, and a gateway to it. */
export async function world(respond: (request: ModelRequest, n: number) => Answer): Promise<World> {
  const asked: ModelRequest[] = []
  const provider = await startProvider({
    respond: (request) => {
      asked.push(request)
      return respond(request, asked.length - 1)
    },
  })
  onTestFinished(() => provider.close())
  const openai = createOpenAI({ baseURL: provider.baseURL, apiKey: 'sk-any' })
  return { provider, asked, models: gateway({ models: { fast: openai.chat('gpt-5-mini') } }) }
}

export const toolTurns = (request: ModelRequest): number => request.turns.filter(({ role }) => role === 'tool').length
export const lastText = (request: ModelRequest): string => request.turns.at(-1)?.text ?? ''
export const systemOf = (request: ModelRequest): string =>
  request.turns.find(({ role }) => role === 'system')?.text ?? ''
