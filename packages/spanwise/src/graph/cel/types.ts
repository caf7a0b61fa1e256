/** A JSON Schema, as far as types of expressions are read from it. */
export interface JsonSchema {
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: unknown
  readonly items?: unknown
  readonly enum?: readonly unknown[]
  readonly [key: string]: unknown
}

/** What a CEL variable is declared with: a name of a type, or types of fields. */
export type CelType = string | { readonly [field: string]: CelType }

/** JSON Schema says more than CEL's types: what it cannot say is `dyn`, which fits everything. */
export function celType(schema: unknown): CelType {
  if (typeof schema !== 'object' || schema === null) return 'dyn'
  const { type, properties, additionalProperties, items, enum: values } = schema as JsonSchema
  if (values !== undefined) return values.every((value) => typeof value === 'string') ? 'string' : 'dyn'
  switch (type) {
    case 'string':
      return 'string'
    case 'integer':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'array': {
      const item = celType(items)
      return `list<${typeof item === 'string' ? item : 'dyn'}>`
    }
    case 'object': {
      if (properties !== undefined && Object.keys(properties).length > 0)
        return Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, celType(one)]))
      const value = celType(additionalProperties)
      return `map<string, ${typeof value === 'string' ? value : 'dyn'}>`
    }
    default:
      return 'dyn'
  }
}

/** Integers are bigints to CEL; a number in `dyn` stays a double, as JSON has it. */
export function toCel(value: unknown, schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null || value === null || value === undefined) return value
  const { type, properties, additionalProperties, items } = schema as JsonSchema
  if (type === 'integer') return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  if (type === 'array') return Array.isArray(value) ? value.map((one) => toCel(one, items)) : value
  if (type !== 'object' || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, toCel(one, properties?.[key] ?? additionalProperties)]),
  )
}

export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(fromCel)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [String(key), fromCel(one)]))
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromCel(one)]))
}

/** Whether what an expression gives may stand where a schema is; `dyn` may everywhere, and is checked when it is there. */
export function fits(type: string, schema: unknown): boolean {
  const { oneOf } = (schema ?? {}) as { readonly oneOf?: readonly unknown[] }
  if (Array.isArray(oneOf)) return oneOf.some((one) => fits(type, one))
  const wanted = celType(schema)
  if (type === 'dyn' || wanted === 'dyn') return true
  if (typeof wanted !== 'string') return type === 'map' || type.startsWith('map<') || type.startsWith('$')
  if (wanted === 'double') return type === 'double' || type === 'int'
  const family = (one: string) => one.replace(/<.*/, '')
  if (family(type) !== family(wanted)) return type.startsWith('$') && family(wanted) === 'map'
  return type === wanted || type.includes('dyn') || wanted.includes('dyn') || type === family(type)
}
