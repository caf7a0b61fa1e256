import { type Dice, dice } from '../../simulation/dice.ts'
import type { JsonSchema } from './request.ts'

/** A value that follows a JSON Schema, the same for the same seed. Numbers are the one that the text ends with, if any. */
export function sample(schema: JsonSchema, seed: string, spoken?: string): unknown {
  return value(
    schema,
    dice(seed),
    {
      spoken,
      number: spoken
        ?.replaceAll(',', '')
        .match(/-?\d+(?:\.\d+)?/g)
        ?.at(-1),
    },
    schema,
  )
}

interface Hints {
  readonly spoken: string | undefined
  readonly number: string | undefined
}

function value(schema: JsonSchema, throws: Dice, hints: Hints, root: JsonSchema): unknown {
  const at = (next: unknown): unknown => value((next ?? {}) as JsonSchema, throws, hints, root)
  if (typeof schema['$ref'] === 'string') return at(follow(root, schema['$ref']))
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return throws.pick(schema['enum'])
  const branches = schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf']
  if (Array.isArray(branches) && branches.length) return at(branches[0])

  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  if (type === 'object' || schema['properties']) {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>)
    return Object.fromEntries(properties.map(([name, next]) => [name, at(next)]))
  }
  if (type === 'array')
    return Array.from({ length: Math.max(1, Number(schema['minItems'] ?? 1)) }, () => at(schema['items']))
  if (type === 'integer' || type === 'number') return bounded(Number(hints.number ?? throws.between(0, 99)), schema)
  if (type === 'boolean') return throws.chance(0.5)
  if (type === 'null') return null
  return hints.spoken ?? `text ${throws.whole(1e6)}`
}

function bounded(number: number, schema: JsonSchema): number {
  const whole = schema['type'] === 'integer' ? Math.round(number) : number
  return Math.min(Number(schema['maximum'] ?? Infinity), Math.max(Number(schema['minimum'] ?? -Infinity), whole))
}

function follow(root: JsonSchema, ref: string): unknown {
  return ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter(Boolean)
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], root)
}
