import { parse, YAMLParseError } from 'yaml'
import { SpanwiseError } from '../../journal/index.ts'
import { Definition, type GraphDefinition } from './schema.ts'

/**
 * A definition from its text, YAML or JSON.
 * @throws DEFINITION_INVALID with the place
 */
export function parseGraph(text: string): GraphDefinition {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    const where = error instanceof YAMLParseError ? error.linePos?.[0] : undefined
    const at = where === undefined ? '' : ` at line ${where.line}, column ${where.col}`
    throw invalidDefinition(`The text is no YAML or JSON${at}: ${(error as Error).message.split('\n')[0]}`)
  }
  return readDefinition(value)
}

export function readDefinition(value: unknown): GraphDefinition {
  const result = Definition.safeParse(value)
  if (result.success) return result.data
  const shown = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
  throw invalidDefinition(`It is not the definition of a graph: ${shown.join('; ')}`)
}

export function invalidDefinition(message: string, hint?: string): SpanwiseError {
  return new SpanwiseError({
    code: 'DEFINITION_INVALID',
    message,
    hint: hint ?? 'docs/graphs.md shows definitions; `graphSchema` is their JSON Schema, which editors understand.',
  })
}
