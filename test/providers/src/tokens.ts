import type { ModelRequest } from './request.ts'

/** Four characters a token: near enough to bill by, and the same on every machine. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

export function inputTokens(request: ModelRequest): number {
  let tokens = 3
  for (const turn of request.turns) tokens += 4 + countTokens(turn.text) + (turn.calls?.length ?? 0) * 8
  for (const tool of request.tools) tokens += 8 + countTokens(JSON.stringify(tool.parameters))
  if (request.schema) tokens += countTokens(JSON.stringify(request.schema))
  return tokens
}
