import { z } from 'zod'
import type { StandardSchemaV1 } from '../../workflow/index.ts'
import type { JsonSchema } from '../cel/index.ts'
import type { Resolve } from './functions.ts'
import { invalidDefinition } from './text.ts'

const texts = new WeakMap<object, JsonSchema>()

/** A schema that a definition gave, as it stands there; undefined where it is code. */
export function jsonOf(schema: StandardSchemaV1): JsonSchema | undefined {
  return texts.get(schema)
}

/** What is known of a schema that is code: expressions are checked against it. The code says what fits. */
export function knownOf(schema: StandardSchemaV1, io: 'input' | 'output'): JsonSchema {
  if (!('_zod' in schema)) return {}
  try {
    const {
      $schema: _,
      '~standard': __,
      ...known
    } = z.toJSONSchema(schema as never, { io, unrepresentable: 'any' }) as Record<string, unknown>
    return JSON.parse(JSON.stringify(known)) as JsonSchema
  } catch {
    // it says what it takes in a way of its own
    return {}
  }
}

/** The schema that stands there. With `use` it is a component. `resolve` is absent where there are no components. */
export function readSchema(given: unknown, path: string, resolve: Resolve | undefined): StandardSchemaV1 {
  const { use, ...json } = given as JsonSchema & { readonly use?: unknown }
  if (typeof use === 'string' && resolve !== undefined) {
    const found = resolve(use, `${path}.use`) as StandardSchemaV1 | undefined
    if (found?.['~standard'] === undefined)
      throw invalidDefinition(
        `${path}.use: the component "${use}" is no schema.`,
        'Give what zod or another Standard Schema library made.',
      )
    return found
  }
  try {
    const schema: StandardSchemaV1 = z.fromJSONSchema(json as never)
    texts.set(schema, given as JsonSchema)
    return schema
  } catch (error) {
    throw invalidDefinition(`${path} is no JSON Schema that can be used: ${(error as Error).message}`)
  }
}
