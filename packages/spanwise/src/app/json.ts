import { isSpanwiseError } from '../journal/index.ts'

/** Any recorded value as plain JSON, for programs: what JSON has no form for takes the nearest one. */
export function jsonable(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'object':
      return value === null ? null : jsonObject(value)
    default:
      return value
  }
}

function jsonObject(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (Error.isError(value)) return jsonError(value)
  if (Array.isArray(value)) return Array.from(value, jsonable)
  if (value instanceof Map) return [...value].map(([key, item]) => [jsonable(key), jsonable(item)])
  if (value instanceof Set) return [...value].map(jsonable)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof URL || value instanceof RegExp || value instanceof URLSearchParams) return String(value)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, jsonable(item)]),
  )
}

/** An error as data, with its chain of causes and without a stack. */
export function jsonError(error: unknown): Record<string, unknown> {
  if (!Error.isError(error)) return { message: String(error) }
  const { code } = error as { code?: unknown }
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    ...(isSpanwiseError(error)
      ? {
          hint: error.hint,
          ...(error.run === undefined ? {} : { run: error.run }),
          ...(error.step === undefined ? {} : { step: error.step }),
        }
      : {}),
    ...(error.cause === undefined ? {} : { cause: jsonError(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map(jsonError) } : {}),
  }
}
