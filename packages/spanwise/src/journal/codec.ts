import { parse, stringify } from 'devalue'
import { type ErrorRecord, recordError, reviveError } from './codec-error.ts'
import { SpanwiseError } from './error.ts'
import { type Place, place } from './place.ts'

/**
 * Values as text. Plain JSON values are their own JSON; everything else (`undefined`, Date, bigint, Map, Set, bytes, Error,
 * -0, NaN, …) is devalue text behind `~`, which no JSON text starts with. The text is well-formed Unicode without NUL.
 *
 * What cannot be written is refused with its path; nothing is dropped silently, and no key named `__proto__` gets in.
 */
const RICH = '~'

/** Deeper values are written by devalue, which knows cycles. */
const PLAIN_DEPTH = 100
const MAX_DEPTH = 1000

/**
 * @example
 * decode(encode({ at: new Date(0), total: 10n })) // { at: 1970-01-01T00:00:00.000Z, total: 10n }
 */
export function encode(value: unknown, where = 'value'): string {
  if (isPlain(value, PLAIN_DEPTH)) return JSON.stringify(value)
  return rich(value, { where, canonical: false })
}

/** Equal values give equal text, whatever the insertion order of their keys, entries and elements. Errors are without stack. */
export function encodeCanonical(value: unknown, where = 'value'): string {
  if (isPlain(value, PLAIN_DEPTH)) return isSorted(value) ? JSON.stringify(value) : sortedJson(value)
  return rich(value, { where, canonical: true })
}

export function decode(text: string): unknown {
  try {
    return text.charCodeAt(0) === 126 ? parse(text.slice(1), { Error: reviveError }) : JSON.parse(text)
  } catch (cause) {
    throw new SpanwiseError({
      code: 'NOT_DECODABLE',
      message: 'A stored payload is not text of the journal’s codec.',
      hint: 'The store was written by a newer version of Spanwise or changed by another program. Restore it from a backup.',
      cause,
    })
  }
}

// ---- the fast path

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (depth > 0 && isPlainObject(value, depth - 1))
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype = Object.getPrototypeOf(value)
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype || Object.keys(value).length !== value.length) return false
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth)) return false
    return true
  }
  if (prototype !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return false
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || !isPlain((value as Record<string, unknown>)[key], depth)) return false
  }
  return true
}

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isSorted)
  let last = ''
  for (const key of Object.keys(value)) {
    if (key < last || !isSorted((value as Record<string, unknown>)[key])) return false
    last = key
  }
  return true
}

/** RFC 8785: keys by UTF-16 code units, numbers and strings as ECMAScript writes them. */
function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const object = value as Record<string, unknown>
  const members = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedJson(object[key])}`)
  return `{${members.join(',')}}`
}

// ---- everything else

interface Walk {
  readonly where: string
  readonly canonical: boolean
}

/** What devalue is given for an Error. */
class Recorded {
  readonly record: ErrorRecord
  constructor(record: ErrorRecord) {
    this.record = record
  }
}

function rich(value: unknown, walk: Walk): string {
  const tree = copy(value, place(walk.where), new Set(), walk)
  return RICH + stringify(tree, { Error: (thing: unknown) => thing instanceof Recorded && thing.record })
}

/**
 * A tree without shared references: devalue writes a shared object once, so that equal values would differ in text; and a
 * view of a large buffer would take the whole buffer along.
 */
function copy(value: unknown, at: Place, open: Set<object>, walk: Walk): unknown {
  if (typeof value === 'function') throw refuse(at, 'is a function', 'Return data, and call functions in code.')
  if (typeof value === 'symbol') throw refuse(at, 'is a symbol', 'Use a string instead.')
  if (typeof value !== 'object' || value === null) return value
  if (open.has(value)) throw refuse(at, 'contains itself', 'Refer to the object by an id instead of nesting it.')
  if (open.size >= MAX_DEPTH) throw refuse(at, `is nested deeper than ${MAX_DEPTH} levels`, 'Flatten it.')
  open.add(value)
  const copied = copyObject(value, at, open, walk)
  open.delete(value)
  return copied
}

function copyObject(value: object, at: Place, open: Set<object>, walk: Walk): unknown {
  const inner = (part: unknown, step: Place): unknown => copy(part, step, open, walk)
  if (Error.isError(value)) return new Recorded(copyError(value, at, open, walk))
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  if (tag === 'Object') return copyRecord(value as Record<string, unknown>, at, walk, inner)
  // by name and not by identity: values of another realm are welcome, instances of subclasses are not
  const maker: unknown = value.constructor
  if (ArrayBuffer.isView(value) && (!(typeof maker === 'function') || maker.name === tag || maker.name === 'Buffer')) {
    return copyView(value, tag)
  }
  if (typeof maker !== 'function' || maker.name !== tag) throw refuseInstance(value, at)
  switch (tag) {
    case 'Array':
      return copyArray(value as unknown[], at, inner)
    case 'Map': {
      const entries = [...(value as Map<unknown, unknown>)].map(
        ([key, item], i) =>
          [inner(key, at.after(`.key(${i})`)), inner(item, at.after(`.get(${label(key, i)})`))] as const,
      )
      return new Map(walk.canonical ? sortByText(entries) : entries)
    }
    case 'Set': {
      const items = [...(value as Set<unknown>)].map((item, i) => inner(item, at.after(`.item(${i})`)))
      return new Set(walk.canonical ? sortByText(items) : items)
    }
    case 'Date':
      return new Date((value as Date).getTime())
    case 'RegExp':
    case 'URL':
    case 'URLSearchParams':
      return cloneNative(value)
    case 'ArrayBuffer':
      return (value as ArrayBuffer).slice(0)
    default:
      if (tag.startsWith('Temporal.')) return value
      throw refuseInstance(value, at)
  }
}

function copyRecord(
  value: Record<string, unknown>,
  at: Place,
  walk: Walk,
  inner: (part: unknown, at: Place) => unknown,
): object {
  const prototype = Object.getPrototypeOf(value)
  // a plain object of another realm has a prototype without a prototype
  const plain = prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
  if (!plain) throw refuseInstance(value, at)
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw refuse(at, 'has a key that is a symbol', 'Use string keys only.')
  }
  const copied: Record<string, unknown> = prototype === null ? Object.create(null) : {}
  const keys = Object.keys(value)
  if (walk.canonical) keys.sort()
  for (const key of keys) {
    if (key === '__proto__') {
      throw refuse(at, 'has an own key named “__proto__”', 'Remove that key: it is how objects are poisoned.')
    }
    copied[key] = inner(value[key], at.key(key))
  }
  return copied
}

function copyArray(value: readonly unknown[], at: Place, inner: (part: unknown, at: Place) => unknown): unknown[] {
  const copied: unknown[] = new Array(value.length)
  // not `map`, and only over what is there: holes stay holes
  for (const key of Object.keys(value)) {
    const index = Number(key)
    if (Number.isInteger(index)) copied[index] = inner(value[index], at.index(index))
  }
  return copied
}

function copyView(view: ArrayBufferView, tag: string): unknown {
  const bytes = new Uint8Array(view.byteLength)
  bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
  if (tag === 'Uint8Array') return bytes
  const Typed = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[tag]
  return Typed === undefined ? bytes : new Typed(bytes.buffer)
}

function cloneNative(value: object): object {
  if (value instanceof RegExp) return new RegExp(value.source, value.flags)
  return value instanceof URL ? new URL(value.href) : new URLSearchParams(String(value))
}

/**
 * What hangs on an error is often a live response or socket. The error itself must be recordable in any case, so what cannot
 * be written of its cause becomes text.
 */
function copyError(error: Error, at: Place, open: Set<object>, walk: Walk): ErrorRecord {
  const attached = (part: unknown, name: string): unknown => {
    const held = [...open]
    try {
      return copy(part, at.key(name), open, walk)
    } catch {
      open.clear()
      for (const object of held) open.add(object)
      return describe(part)
    }
  }
  return recordError(error, { stack: !walk.canonical, attached })
}

function describe(value: unknown): string {
  try {
    if (Error.isError(value)) return `${value.name}: ${value.message}`
    return typeof value === 'object' ? `[${value?.constructor.name}]` : String(value)
  } catch {
    return typeof value
  }
}

function sortByText<T>(values: readonly T[]): T[] {
  const reducers = { Error: (thing: unknown) => thing instanceof Recorded && thing.record }
  const texts = values.map((value) => stringify(value, reducers))
  const order = texts.map((_, i) => i)
  order.sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1))
  return order.map((i) => values[i] as T)
}

function label(key: unknown, index: number): string {
  return typeof key === 'string' ? JSON.stringify(key) : typeof key === 'number' ? String(key) : `#${index}`
}

function refuse(at: Place, what: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'NOT_ENCODABLE', message: `${at.text()} ${what} and cannot be recorded.`, hint })
}

function refuseInstance(value: object, at: Place): SpanwiseError {
  const maker: unknown = value.constructor
  const name = typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class'
  if (value instanceof Promise) {
    return refuse(at, 'is a promise', 'Await it first.')
  }
  return refuse(at, `is an instance of ${name}`, 'Copy the fields that matter into a plain object.')
}
