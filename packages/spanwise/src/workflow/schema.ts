import type { StandardSchemaV1 } from '@standard-schema/spec'
import { SpanwiseError } from '../journal/index.ts'

export type { StandardSchemaV1 }
export type SchemaInput<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>
export type SchemaOutput<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>

type Issues = readonly StandardSchemaV1.Issue[]

/**
 * Validates a value against a Standard Schema and returns its output.
 * @throws SpanwiseError with `code` when it does not fit; the message names each path.
 */
export async function parse(
  schema: StandardSchemaV1 | undefined,
  value: unknown,
  code: string,
  what: string,
): Promise<unknown> {
  if (schema === undefined) return value
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  throw new SpanwiseError({
    code,
    message: `${what} does not fit its schema: ${describeIssues(result.issues)}`,
    hint: 'Pass a value that fits the schema, or change the schema.',
  })
}

function describeIssues(issues: Issues): string {
  const shown = issues.slice(0, 5).map((issue) => {
    const path = (issue.path ?? [])
      .map((part) => (typeof part === 'object' ? String(part.key) : String(part)))
      .join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  const more = issues.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}
