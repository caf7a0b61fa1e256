import type { Tokens } from '../line.ts'

/** What an answer says about itself. */
export interface Said {
  readonly model?: string
  readonly usage?: Tokens
  /** whether it came to its end as its protocol wants it; undefined where that cannot be told */
  readonly complete?: boolean
  /** an error inside an answer that began well */
  readonly error?: string
}

type Json = { readonly [key: string]: unknown }

export function readWhole(text: string): Said {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return { complete: false }
  }
  // an array is what Gemini streams without SSE
  const all = (Array.isArray(body) ? body : [body]).filter(
    (each) => typeof each === 'object' && each !== null,
  ) as Json[]
  return { ...named(all), ...counted(all.map(usageIn)), complete: true }
}

const ends =
  /^data: ?\[DONE\]|"type": ?"(message_stop|response\.(completed|incomplete|failed))"|"finishReason": ?"|"done": ?true/m

/** what lines count or fail with; each begins with a quote, so that one pass over the text finds them all */
const telling = /"(?:usage"\s*:\s*\{|usageMetadata"|eval_count"|error"\s*:\s*\{|type"\s*:\s*"error")/g

export function readStream(text: string): Said {
  const usages: (Json | undefined)[] = []
  let first: Json | undefined
  let error: string | undefined
  let from = 0
  while (first === undefined && from < text.length) {
    const end = endOfLine(text, from)
    first = parse(text.slice(from, end))
    if (first === undefined) from = end + 1
  }
  if (first !== undefined) {
    // most lines are words of the answer: they are not parsed
    for (let at = from; at >= 0; at = nextTelling(text, from)) {
      const start = Math.max(from, text.lastIndexOf('\n', at) + 1)
      const end = endOfLine(text, at)
      const event = start === from && usages.length === 0 ? first : parse(text.slice(start, end))
      from = end + 1
      if (event === undefined) continue
      usages.push(usageIn(event))
      if (event['error'] || event['type'] === 'error') error = errorIn(event)
    }
  }
  return {
    ...named(first ? [first] : []),
    ...counted(usages),
    complete: ends.test(text),
    ...(error === undefined ? {} : { error }),
  }
}

function nextTelling(text: string, from: number): number {
  if (from >= text.length) return -1
  telling.lastIndex = from
  return telling.exec(text)?.index ?? -1
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function parse(line: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(line.startsWith('data:') ? line.slice(5) : line)
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

function errorIn(event: Json): string {
  const inner = (typeof event['error'] === 'object' ? event['error'] : event) as Json
  return String(inner['code'] ?? inner['type'] ?? 'error')
}

function named(events: readonly Json[]): { model?: string } {
  for (const event of events) {
    const inner = (event['message'] ?? event['response'] ?? event) as Json
    const model = inner['model'] ?? inner['modelVersion'] ?? event['model']
    if (typeof model === 'string') return { model }
  }
  return {}
}

/** Usage stands at the top, in `message` (Anthropic's first event), in `response` (OpenAI's last), or spread (Ollama). */
function usageIn(event: Json): Json | undefined {
  const inner = (event['message'] ?? event['response'] ?? {}) as Json
  const found =
    event['usage'] ??
    event['usageMetadata'] ??
    inner['usage'] ??
    (event['eval_count'] === undefined ? undefined : event)
  return typeof found === 'object' && found !== null ? (found as Json) : undefined
}

/** Later events count more: a stream of Anthropic's says the prompt first, the output last. */
function counted(all: readonly (Json | undefined)[]): { usage?: Tokens } {
  const said: Record<string, unknown> = {}
  for (const usage of all) {
    for (const [key, value] of Object.entries(usage ?? {})) if (value !== null) said[key] = value
  }
  const number = (...keys: readonly string[]): number | undefined => {
    for (const key of keys) {
      let at: unknown = said
      for (const name of key.split('.')) at = (at as Json | undefined)?.[name]
      if (typeof at === 'number' && Number.isFinite(at) && at >= 0) return Math.round(at)
    }
    return undefined
  }
  const base = number('prompt_tokens', 'input_tokens', 'promptTokenCount', 'inputTokens', 'prompt_eval_count')
  if (base === undefined) return {}
  const cached = number(
    'prompt_tokens_details.cached_tokens',
    'input_tokens_details.cached_tokens',
    'cache_read_input_tokens',
    'cachedContentTokenCount',
    'cacheReadInputTokens',
  )
  const cacheWrite = number(
    'cache_creation_input_tokens',
    'cacheWriteInputTokens',
    'prompt_tokens_details.cache_write_tokens',
  )
  const reasoning = number(
    'completion_tokens_details.reasoning_tokens',
    'output_tokens_details.reasoning_tokens',
    'thoughtsTokenCount',
  )
  // Anthropic and Bedrock count what went through the cache beside the prompt, all others inside it
  const beside =
    'cache_read_input_tokens' in said || 'cache_creation_input_tokens' in said || 'cacheReadInputTokens' in said
  // Gemini counts thoughts beside the answer
  const thoughts = number('thoughtsTokenCount') ?? 0
  return {
    usage: {
      input: base + (beside ? (cached ?? 0) + (cacheWrite ?? 0) : 0),
      output:
        (number('completion_tokens', 'output_tokens', 'candidatesTokenCount', 'outputTokens', 'eval_count') ?? 0) +
        thoughts,
      ...(cached ? { cached } : {}),
      ...(cacheWrite ? { cacheWrite } : {}),
      ...(reasoning ? { reasoning } : {}),
    },
  }
}
