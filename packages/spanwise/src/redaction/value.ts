/** What a walk over a value needs. */
export interface Walk {
  /** @returns the text, with labels where something was found */
  text(text: string): string
  /** something under such a key is found whatever it looks like; its label */
  underKey(key: string): string | undefined
}

/**
 * The same value with labels in its texts: also in keys, errors, bytes, maps and sets. What holds nothing is given back as it is; what has to be
 * changed is copied.
 */
export function redactValue(value: unknown, walk: Walk): unknown {
  if (typeof value === 'string') return walk.text(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return each(value, (one) => redactValue(one, walk)) ?? value
  if (Error.isError(value)) return redactError(value, walk)
  if (value instanceof Uint8Array) return redactBytes(value, walk)
  if (value instanceof Map) return redactMap(value, walk)
  if (value instanceof Set) {
    const items = each([...value], (one) => redactValue(one, walk))
    return items === undefined ? value : new Set(items)
  }
  if (value instanceof URL || value instanceof URLSearchParams) return redactAddress(value, walk)
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? redactRecord(value, walk) : value
}

/** A copy where one of them is another; undefined where all stay as they are. Holes stay holes. */
function each<T>(items: readonly T[], change: (item: T) => T): T[] | undefined {
  let copy: T[] | undefined
  for (const index of items.keys()) {
    if (!(index in items)) continue
    const before = items[index] as T
    const after = change(before)
    if (after === before) continue
    copy ??= items.slice()
    copy[index] = after
  }
  return copy
}

function redactRecord(value: object, walk: Walk): object {
  const before: (readonly [string, unknown])[] = Object.entries(value)
  const after = each(before, (entry) => {
    const [key, one] = entry
    const label = typeof one === 'string' && one !== '' ? walk.underKey(key) : undefined
    const name = walk.text(key)
    const content = label ?? redactValue(one, walk)
    return name === key && content === one ? entry : ([name, content] as const)
  })
  if (after === undefined) return value
  const copy: Record<string, unknown> = Object.getPrototypeOf(value) === null ? Object.create(null) : {}
  for (const [key, one] of after) copy[free(key, (name) => Object.hasOwn(copy, name))] = one
  return copy
}

function redactMap(value: ReadonlyMap<unknown, unknown>, walk: Walk): ReadonlyMap<unknown, unknown> {
  const before: (readonly [unknown, unknown])[] = [...value]
  const after = each(before, (entry) => {
    const [key, one] = entry
    const name = redactValue(key, walk)
    const content = redactValue(one, walk)
    return name === key && content === one ? entry : ([name, content] as const)
  })
  if (after === undefined) return value
  const copy = new Map<unknown, unknown>()
  for (const [key, one] of after) copy.set(typeof key === 'string' ? free(key, (name) => copy.has(name)) : key, one)
  return copy
}

/** Two keys may become the same label: none of what stands under them is lost. */
function free(key: string, isTaken: (key: string) => boolean): string {
  if (!isTaken(key)) return key
  for (let n = 2; ; n++) if (!isTaken(`${key} ${n}`)) return `${key} ${n}`
}

function redactError(error: Error, walk: Walk): Error {
  const message = walk.text(error.message)
  const stack = typeof error.stack === 'string' ? walk.text(error.stack) : error.stack
  const fields = redactRecord({ ...error }, walk) as Record<string, unknown>
  const own = Object.keys(error).some((key) => fields[key] !== (error as unknown as Record<string, unknown>)[key])
  const cause = redactValue(error.cause, walk)
  const errors = error instanceof AggregateError ? redactValue(error.errors, walk) : undefined
  const isSame =
    message === error.message &&
    stack === error.stack &&
    !own &&
    cause === error.cause &&
    (errors === undefined || errors === (error as AggregateError).errors)
  if (isSame) return error
  // of the same class, as whoever catches it asks for that; and a real error, as the codec does
  const copy = error instanceof AggregateError ? new AggregateError([], message) : new Error(message)
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
  for (const key of Reflect.ownKeys(error)) {
    const descriptor = Object.getOwnPropertyDescriptor(error, key)
    if (descriptor !== undefined && 'value' in descriptor)
      Object.defineProperty(copy, key, { ...descriptor, configurable: true, writable: true })
  }
  define(copy, 'message', message)
  if (stack !== undefined) define(copy, 'stack', stack)
  if ('cause' in error) define(copy, 'cause', cause)
  if (errors !== undefined) define(copy, 'errors', errors)
  for (const [key, one] of Object.entries(fields)) if (Object.hasOwn(error, key)) Object.assign(copy, { [key]: one })
  return copy
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true })
}

/** As characters of one byte each, so that what is no text stays as it is. */
function redactBytes(bytes: Uint8Array, walk: Walk): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const clean = walk.text(text)
  return clean === text ? bytes : new Uint8Array(Buffer.from(clean, 'latin1'))
}

function redactAddress(value: URL | URLSearchParams, walk: Walk): URL | URLSearchParams | string {
  const text = String(value)
  const clean = walk.text(text)
  if (clean === text) return value
  if (value instanceof URLSearchParams) return new URLSearchParams(clean)
  return URL.canParse(clean) ? new URL(clean) : clean
}
