import { z } from 'zod'
import { SpanwiseError } from '../journal/index.ts'
import { badRequest } from './refusals.ts'

/** Query or path: texts, which become what the schema wants. */
export function readTexts(schema: z.ZodType, texts: URLSearchParams | Readonly<Record<string, string>>): unknown {
  const params = texts instanceof URLSearchParams ? texts : new URLSearchParams(texts)
  const shape = schema instanceof z.ZodObject ? (schema.shape as Readonly<Record<string, z.ZodType>>) : {}
  const values: Record<string, unknown> = {}
  for (const name of new Set(params.keys())) {
    const field = shape[name]
    values[name] =
      field !== undefined && baseOf(field) instanceof z.ZodArray
        ? params.getAll(name).map((text) => fromText((baseOf(field) as z.ZodArray).element as z.ZodType, text))
        : fromText(field, params.get(name) as string)
  }
  return check(schema, values)
}

/** @throws INVALID_REQUEST, with the path of each thing that does not fit */
export function check(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
  throw badRequest(`The request does not fit: ${issues.join('; ')}`)
}

/** @throws UNSUPPORTED_BODY, INVALID_REQUEST */
export async function readBody(schema: z.ZodType, request: Request): Promise<unknown> {
  const text = await request.text()
  if (text === '') return check(schema, {})
  // only a page of ours may send it: a form or a simple request of another site cannot
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new SpanwiseError({
      code: 'UNSUPPORTED_BODY',
      message: `A body of type ${JSON.stringify(request.headers.get('content-type'))} is not read here.`,
      hint: 'Send JSON, and say so: content-type: application/json.',
    })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw badRequest(`The body is not JSON: ${(error as Error).message}`)
  }
  return check(schema, value)
}

function baseOf(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? baseOf(schema.unwrap() as z.ZodType)
    : schema
}

function fromText(schema: z.ZodType | undefined, text: string): unknown {
  const base = schema === undefined ? undefined : baseOf(schema)
  if (base instanceof z.ZodNumber) return text.trim() === '' ? text : Number(text)
  if (base instanceof z.ZodBoolean && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
