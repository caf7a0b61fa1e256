import type { FlexibleSchema } from 'ai'
import { generateText, type ModelMessage, NoObjectGeneratedError, Output, streamText, type ToolSet } from 'ai'
import type { Filled, Prompt } from '../models/index.ts'
import { spend } from '../workflow/index.ts'
import type { AgentDefinition } from './definition.ts'
import { handoffName, handoffsOf } from './handoff.ts'
import type { Limits } from './limits.ts'
import type { State } from './state.ts'
import { isTrusted, markingExplained } from './untrusted.ts'

/** A call that the model wants made. */
export interface WantedCall {
  readonly id: string
  readonly tool: string
  readonly args: unknown
  /** why it cannot be made: arguments that do not fit, a tool that there is not */
  readonly invalid: string | undefined
}

/** What the model said in one turn. */
export interface Said {
  readonly messages: readonly ModelMessage[]
  readonly text: string
  readonly calls: readonly WantedCall[]
  /** of an agent with an output: what it is, or why it does not fit */
  readonly output: { readonly value: unknown } | { readonly wrong: string } | undefined
}

/** One turn of the model: one call through the gateway, which records it. */
export async function ask(
  agent: AgentDefinition,
  speaker: AgentDefinition,
  input: unknown,
  state: State,
  limits: Limits,
): Promise<Said> {
  const { options } = speaker
  const { text, providerOptions } = instructionsOf(speaker, input)
  const schema = agent.output
  const tools = shownTools(speaker)
  const isLast = state.closing !== undefined
  const request = {
    model: options.model,
    messages: [...state.messages],
    maxRetries: 0,
    tools,
    ...(isLast && Object.keys(tools).length > 0 ? { toolChoice: 'none' as const } : {}),
    ...(text === '' ? {} : { instructions: text }),
    ...(providerOptions === undefined ? {} : { providerOptions }),
    ...(options.maxOutputTokens === undefined ? {} : { maxOutputTokens: options.maxOutputTokens }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(schema === undefined ? {} : { output: Output.object({ schema: schema as FlexibleSchema }) }),
  }
  try {
    const result = await spend(limits.budgets(state), () =>
      options.stream === true ? streamed(request) : generateText(request),
    )
    const calls = result.toolCalls
      .filter(({ providerExecuted }) => providerExecuted !== true)
      .map(({ toolCallId, toolName, input: args, ...more }) => ({
        id: toolCallId,
        tool: toolName,
        args: args as unknown,
        invalid: 'invalid' in more && more.invalid === true ? messageOf(more.error) : undefined,
      }))
    return {
      messages: result.responseMessages.filter(({ role }) => role === 'assistant'),
      text: result.text,
      calls,
      output: schema === undefined || calls.length > 0 ? undefined : { value: result.output },
    }
  } catch (error) {
    // what it said is on record and paid for: it is told why that will not do, and asked again
    if (!NoObjectGeneratedError.isInstance(error)) throw error
    const said = error.text ?? ''
    return {
      messages: said === '' ? [] : [{ role: 'assistant', content: said }],
      text: said,
      calls: [],
      output: { wrong: messageOf(error.cause ?? error) },
    }
  }
}

/** What `generateText` answers, of a turn that those who watch the run see while it forms. */
async function streamed(request: Parameters<typeof streamText>[0]) {
  let failure: { readonly error: unknown } | undefined
  const result = streamText({
    ...request,
    onError: ({ error }) => {
      failure ??= { error }
    },
  })
  const { toolCalls, responseMessages, text, output } = result
  // each is rejected where the call fails, with less than what the call failed with
  const all = Promise.all([toolCalls, responseMessages, text, output])
  // before the stream is read: a rejection that comes meanwhile is not one that the run forgot
  all.catch(() => {})
  try {
    await result.consumeStream()
    const [calls, messages, said, value] = await all
    return { toolCalls: calls, responseMessages: messages, text: said, output: value }
  } catch (error) {
    throw failure?.error ?? error
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.slice(0, 1_000)
}

function instructionsOf(
  { options, tools }: AgentDefinition,
  input: unknown,
): { text: string; providerOptions?: Filled['providerOptions'] } {
  const { instructions } = options
  const said = typeof instructions === 'function' ? instructed(instructions, input) : (instructions ?? '')
  const explained = [...tools.values()].some((tool) => !isTrusted(tool)) ? markingExplained : ''
  const text = [typeof said === 'string' ? said : said.prompt, explained].filter((part) => part !== '').join('\n\n')
  return typeof said === 'string' ? { text } : { text, providerOptions: said.providerOptions }
}

/** A prompt without places takes nothing; a function of one's own takes the input. */
function instructed(
  instructions: Prompt<never> | ((input: never) => string | Filled),
  input: unknown,
): string | Filled {
  return 'hash' in instructions ? instructions() : instructions(input as never)
}

function shownTools(speaker: AgentDefinition): ToolSet {
  const shown: ToolSet = {}
  for (const [name, tool] of speaker.tools) shown[name] = tool.shown
  for (const other of handoffsOf(speaker)) shown[handoffName(other)] = other.shown
  return shown
}
