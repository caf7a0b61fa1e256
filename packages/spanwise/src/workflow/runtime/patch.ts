import { SpanwiseError } from '../../journal/index.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * What makes one record another one. New values stand under their own keys, as they do in the record: who looks for what must not be
 * written finds in a patch what they would find in the record.
 */
export interface Patch {
  /** members that are new, or other ones now */
  readonly set?: Members
  /** what came behind lists */
  readonly add?: Readonly<Record<string, readonly unknown[]>>
  /** records of which a part changed */
  readonly within?: Readonly<Record<string, Patch>>
  readonly gone?: readonly string[]
}

/**
 * Undefined where the one cannot be said by the other. Only what is frozen is compared: anything else may have been changed in place since
 * it was written, and is written again.
 */
export function patchOf(before: unknown, after: unknown): Patch | undefined {
  if (!isRecord(before) || !isRecord(after) || !Object.isFrozen(before)) return undefined
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key))
  if (!keepsOrder(before, after)) return undefined
  const set: Record<string, unknown> = {}
  const add: Record<string, readonly unknown[]> = {}
  const within: Record<string, Patch> = {}
  for (const key of Object.keys(after)) {
    // written whole, the codec refuses it
    if (key === '__proto__') return undefined
    const [was, is] = [before[key], after[key]]
    const isKnown = Object.hasOwn(before, key)
    if (isKnown && isSame(was, is)) continue
    const more = isKnown ? grown(was, is) : undefined
    const part = isKnown ? patchOf(was, is) : undefined
    if (more !== undefined) add[key] = more
    else if (part === undefined) set[key] = is
    else if (!isEmpty(part)) within[key] = part
  }
  return {
    ...(isEmpty(set) ? {} : { set }),
    ...(isEmpty(add) ? {} : { add }),
    ...(isEmpty(within) ? {} : { within }),
    ...(gone.length === 0 ? {} : { gone }),
  }
}

/** @throws NOT_DECODABLE where it was not made of this value */
export function applyPatch(value: unknown, { set = {}, add = {}, within = {}, gone = [] }: Patch): unknown {
  if (!isRecord(value)) throw unfit()
  const next: Record<string, unknown> = { ...value }
  for (const key of gone) delete next[key]
  for (const [key, more] of Object.entries(add)) {
    const list = next[key]
    if (!Array.isArray(list)) throw unfit()
    next[key] = [...list, ...more]
  }
  for (const [key, part] of Object.entries(within)) next[key] = applyPatch(next[key], part)
  return Object.assign(next, set)
}

/** The members that stay come first and as they were: code may depend on their order. */
function keepsOrder(before: Members, after: Members): boolean {
  const stay = Object.keys(before).filter((key) => Object.hasOwn(after, key))
  const now = Object.keys(after)
  return stay.every((key, i) => key === now[i])
}

/** What came behind a list of which all else stayed. */
function grown(before: unknown, after: unknown): readonly unknown[] | undefined {
  if (!Array.isArray(before) || !Array.isArray(after) || !Object.isFrozen(before)) return undefined
  if (before.length === 0 || after.length <= before.length) return undefined
  for (let i = 0; i < before.length; i++) if (!isSame(before[i], after[i])) return undefined
  return after.slice(before.length)
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Object.is(a, b)) return false
  return typeof a !== 'object' || a === null || ((Array.isArray(a) || isRecord(a)) && Object.isFrozen(a))
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0
}

function isRecord(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null) return false
  // members that the codec knows only as a whole are left to it
  return Object.getPrototypeOf(value) === Object.prototype && Object.getOwnPropertySymbols(value).length === 0
}

function unfit(): SpanwiseError {
  return new SpanwiseError({
    code: 'NOT_DECODABLE',
    message: 'A recorded state says what changed in another one, and that one is not what it was made of.',
    hint: 'The store was changed by another program. Restore it from a backup.',
  })
}
