import { hash } from 'node:crypto'
import { encode, encodeCanonical } from '../journal/index.ts'

/** What a call asks, for the record and for recognising it. */
export interface Asked {
  /** codec text, for the record */
  readonly text: string
  /** of the canonical form, without ids that an SDK makes up */
  readonly hash: string
}

/** Not part of what is asked: how it travels, and who may call it off. */
const travelling = new Set(['abortSignal', 'headers', 'includeRawChunks'])

/**
 * @param mode `generate`, `stream`, `embed`: an answer of one is none for another
 */
export function askedOf(mode: string, alias: string, options: object): Asked {
  const asked: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(options))
    if (value !== undefined && !travelling.has(key)) asked[key] = recordable(value)
  const ids = new Map<string, string>()
  const canonical = encodeCanonical({ mode, alias, ...(withoutIds(asked, ids) as object) }, `request to ${alias}`)
  return { text: encode({ mode, alias, ...asked }, `request to ${alias}`), hash: hash('sha256', canonical, 'hex') }
}

/** Plain data: no functions, no `undefined`, addresses as text. */
export function recordable(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map((one) => recordable(one) ?? null)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const plain: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(value)) {
    const part = recordable(one)
    if (part !== undefined && key !== '__proto__') plain[key] = part
  }
  return plain
}

/** Ids that tie a tool's result or an approval to its call: by the order in which they come up, whoever made them. */
const madeUp = new Set(['toolCallId', 'approvalId'])

function withoutIds(value: unknown, ids: Map<string, string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((one) => withoutIds(one, ids))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const plain: Record<string, unknown> = {}
  for (const [key, one] of Object.entries(value)) {
    if (madeUp.has(key) && typeof one === 'string') {
      if (!ids.has(one)) ids.set(one, `${key}-${ids.size}`)
      plain[key] = ids.get(one)
    } else plain[key] = withoutIds(one, ids)
  }
  return plain
}
