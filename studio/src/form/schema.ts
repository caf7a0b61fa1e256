import type { JsonSchema } from '../api/types.ts'

/** A value as a form holds it: an object’s fields that nobody filled in are absent. */
export type Fields = Readonly<Record<string, unknown>>

/** One that may be null as well is the other one, left out; of several kinds there is no form. */
export function plain(schema: JsonSchema): JsonSchema | undefined {
  const { anyOf, type, ...rest } = schema
  if (anyOf === undefined && typeof type !== 'object') return schema
  const kinds = (anyOf ?? (type as readonly string[]).map((one): JsonSchema => ({ type: one }))).filter(
    (one) => one.type !== 'null',
  )
  return kinds.length === 1 && kinds[0] !== undefined ? plain({ ...rest, ...kinds[0] }) : undefined
}

/** Whether every part of it can be a field: texts, numbers, choices, yes and no, lists of them, objects of them. */
export function canForm(schema: JsonSchema | undefined): boolean {
  const one = schema === undefined ? undefined : plain(schema)
  if (one === undefined) return false
  if (choicesOf(one) !== undefined) return true
  if (one.type === 'object') return one.properties !== undefined && Object.values(one.properties).every(canForm)
  if (one.type === 'array') return canForm(one.items)
  return one.type === 'string' || one.type === 'number' || one.type === 'integer' || one.type === 'boolean'
}

/** What can be chosen from, where that is all that fits. */
export function choicesOf({ enum: values, const: only, type }: JsonSchema): readonly unknown[] | undefined {
  return values ?? (only !== undefined ? [only] : type === 'boolean' ? [true, false] : undefined)
}

/** What is there before somebody has typed: an object has to be one even when all of it may be left out. */
export function blank(schema: JsonSchema): unknown {
  const one = plain(schema)
  if (one?.type === 'array') return []
  if (one?.type !== 'object') return one?.const
  const entries = Object.entries(one.properties ?? {}).filter(([name]) => one.required?.includes(name))
  return present(Object.fromEntries(entries.map(([name, property]) => [name, blank(property)])))
}

/** Without what nobody filled in. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Something of the right shape, for who writes JSON. */
export function exampleOf(schema: JsonSchema): unknown {
  if (schema.default !== undefined) return schema.default
  const one = plain(schema) ?? {}
  const choices = one.type === 'boolean' ? [false] : choicesOf(one)
  if (choices !== undefined) return choices[0]
  if (one.type === 'object')
    return Object.fromEntries(Object.entries(one.properties ?? {}).map(([name, part]) => [name, exampleOf(part)]))
  if (one.type === 'array') return one.items === undefined ? [] : [exampleOf(one.items)]
  if (one.type === 'number' || one.type === 'integer') return 0
  return one.type === 'string' ? '' : null
}
