import { inspect } from 'node:util'

export { jsonable, jsonError } from '../../app/index.ts'

/** A value for a person: JSON where it is JSON, else as Node shows it. */
export function pretty(value: unknown, colors = false): string {
  if (value === undefined) return '(nothing)'
  if (typeof value === 'string') return value
  return inspect(value, { depth: 8, colors, breakLength: 80, compact: 3, maxArrayLength: 50, maxStringLength: 2_000 })
}

/** On one line. */
export function brief(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  return inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY, compact: true, maxArrayLength: 10 })
}
