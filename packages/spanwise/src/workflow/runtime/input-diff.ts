import { isDeepStrictEqual } from 'node:util'
import { decode } from '../../journal/index.ts'

const most = 3

/**
 * Where two inputs differ: `.by, .order.lines[1]`; '' when they are nothing that has parts. Paths only: values are not for messages,
 * which are logged and compared between runs.
 */
export function inputDifference(recorded: string, passed: string): string {
  const paths: string[] = []
  compare(decode(recorded), decode(passed), '', paths)
  if (paths.includes('')) return ''
  const more = paths.length - most
  return paths.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function compare(one: unknown, other: unknown, path: string, paths: string[]): void {
  if (isDeepStrictEqual(one, other)) return
  if (Array.isArray(one) && Array.isArray(other)) {
    for (let i = 0; i < Math.max(one.length, other.length); i++) compare(one[i], other[i], `${path}[${i}]`, paths)
  } else if (isRecord(one) && isRecord(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)]))
      compare(one[key], other[key], `${path}.${readable(key)}`, paths)
  } else paths.push(path)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A key that is no identifier may be anything, a person's address too. */
function readable(key: string): string {
  return /^[A-Za-z_$][\w$]{0,39}$/.test(key) ? key : '…'
}
