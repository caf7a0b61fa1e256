/** What a request asks for, whichever API it came through. */
export interface ModelRequest {
  readonly api: 'chat' | 'responses' | 'messages'
  readonly model: string
  readonly turns: readonly Turn[]
  readonly tools: readonly Tool[]
  /** the tool that has to be called; `any` for one of them; absent where the model may choose; `none` forbids */
  readonly toolChoice?: { readonly name: string } | 'any' | 'none'
  /** JSON Schema that the answer has to follow */
  readonly schema?: JsonSchema
  readonly maxTokens?: number
  readonly stream: boolean
  /** whether a stream ends with the usage (the chat API has to be asked for it) */
  readonly streamUsage: boolean
}

export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  /** calls that an assistant's turn made */
  readonly calls?: readonly string[]
}

interface Tool {
  readonly name: string
  readonly parameters: JsonSchema
}

export type JsonSchema = { readonly [key: string]: unknown }
type Json = { readonly [key: string]: unknown }

export function readChat(body: Json): ModelRequest {
  const format = body['response_format'] as Json | undefined
  const schema = (format?.['json_schema'] as Json | undefined)?.['schema'] as JsonSchema | undefined
  const choice = body['tool_choice']
  return {
    api: 'chat',
    model: String(body['model']),
    turns: list(body['messages']).map((message) => ({
      role: role(message['role']),
      text: textOf(message['content']),
      ...calls(list(message['tool_calls']).map((call) => String((call['function'] as Json | undefined)?.['name']))),
    })),
    tools: list(body['tools']).map((tool) => {
      const fn = tool['function'] as Json
      return { name: String(fn['name']), parameters: (fn['parameters'] ?? {}) as JsonSchema }
    }),
    ...toolChoice(
      typeof choice === 'object' && choice ? String(((choice as Json)['function'] as Json)['name']) : undefined,
      choice,
    ),
    ...(schema ? { schema } : format?.['type'] === 'json_object' ? { schema: { type: 'object' } } : {}),
    ...limit(body['max_completion_tokens'] ?? body['max_tokens']),
    stream: body['stream'] === true,
    streamUsage: (body['stream_options'] as Json | undefined)?.['include_usage'] === true,
  }
}

export function readResponses(body: Json): ModelRequest {
  const format = (body['text'] as Json | undefined)?.['format'] as Json | undefined
  const input = typeof body['input'] === 'string' ? [{ role: 'user', content: body['input'] }] : list(body['input'])
  const choice = body['tool_choice']
  return {
    api: 'responses',
    model: String(body['model']),
    turns: [
      ...(typeof body['instructions'] === 'string' ? [{ role: 'system' as const, text: body['instructions'] }] : []),
      ...input.map((item): Turn => {
        if (item['type'] === 'function_call') return { role: 'assistant', text: '', calls: [String(item['name'])] }
        if (item['type'] === 'function_call_output') return { role: 'tool', text: textOf(item['output']) }
        return { role: role(item['role']), text: textOf(item['content']) }
      }),
    ],
    tools: list(body['tools'])
      .filter((tool) => tool['type'] === 'function')
      .map((tool) => ({ name: String(tool['name']), parameters: (tool['parameters'] ?? {}) as JsonSchema })),
    ...toolChoice(typeof choice === 'object' && choice ? String((choice as Json)['name']) : undefined, choice),
    ...(format?.['type'] === 'json_schema' ? { schema: format['schema'] as JsonSchema } : {}),
    ...limit(body['max_output_tokens']),
    stream: body['stream'] === true,
    streamUsage: true,
  }
}

export function readMessages(body: Json): ModelRequest {
  const system = textOf(body['system'])
  const format = (body['output_config'] as Json | undefined)?.['format'] as Json | undefined
  const choice = body['tool_choice'] as Json | undefined
  return {
    api: 'messages',
    model: String(body['model']),
    turns: [
      ...(system ? [{ role: 'system' as const, text: system }] : []),
      ...list(body['messages']).flatMap(messageTurns),
    ],
    tools: list(body['tools'])
      .filter((tool) => tool['input_schema'])
      .map((tool) => ({ name: String(tool['name']), parameters: tool['input_schema'] as JsonSchema })),
    ...toolChoice(choice?.['type'] === 'tool' ? String(choice['name']) : undefined, choice?.['type']),
    ...(format?.['type'] === 'json_schema' ? { schema: format['schema'] as JsonSchema } : {}),
    ...limit(body['max_tokens']),
    stream: body['stream'] === true,
    streamUsage: true,
  }
}

/** A message of the Anthropic API may hold text, results of tools and calls side by side. */
function messageTurns(message: Json): Turn[] {
  const content = message['content']
  if (!Array.isArray(content)) return [{ role: role(message['role']), text: textOf(content) }]
  const parts = content as Json[]
  const results = parts.filter((part) => part['type'] === 'tool_result')
  const rest = parts.filter((part) => part['type'] !== 'tool_result')
  const names = rest.filter((part) => part['type'] === 'tool_use').map((part) => String(part['name']))
  return [
    ...results.map((part): Turn => ({ role: 'tool', text: textOf(part['content']) })),
    ...(rest.length ? [{ role: role(message['role']), text: textOf(rest), ...calls(names) }] : []),
  ]
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}

function role(value: unknown): Turn['role'] {
  if (value === 'developer') return 'system'
  return value === 'system' || value === 'assistant' || value === 'tool' ? value : 'user'
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((part) => (typeof part['text'] === 'string' ? part['text'] : ''))
    .filter(Boolean)
    .join('\n')
}

function calls(names: string[]): { calls?: readonly string[] } {
  return names.length ? { calls: names } : {}
}

function toolChoice(name: string | undefined, choice: unknown): { toolChoice?: { name: string } | 'any' | 'none' } {
  if (name !== undefined) return { toolChoice: { name } }
  if (choice === 'required' || choice === 'any') return { toolChoice: 'any' }
  return choice === 'none' ? { toolChoice: 'none' } : {}
}

function limit(tokens: unknown): { maxTokens?: number } {
  return typeof tokens === 'number' ? { maxTokens: tokens } : {}
}
