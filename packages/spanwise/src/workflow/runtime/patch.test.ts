import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../journal/index.ts'
import { applyPatch, type Patch, patchOf } from './patch.ts'

// the codec refuses keys that poison objects
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('"__proto__"'))
const record = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'list'), json, { noNullPrototype: true })

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const one of Object.values(value)) frozen(one)
  return Object.freeze(value)
}

function patched(before: unknown, after: unknown): unknown {
  const patch = patchOf(before, after)
  // as it is read: through the codec; whole where there is no patch
  return patch === undefined ? decode(encode(after)) : applyPatch(before, decode(encode(patch)) as Patch)
}

/** the order of members too: prompts are made of it */
function expectSame(one: unknown, other: unknown): void {
  expect(one).toEqual(other)
  expect(JSON.stringify(one)).toBe(JSON.stringify(other))
}

describe('a patch', () => {
  it('makes the one value of the other, whatever they are', () => {
    const values = fc.record({ state: record, next: fc.array(fc.string()) })
    fc.assert(fc.property(values, values, (before, after) => expectSame(patched(frozen(before), after), after)))
  })

  it('makes it of values that share their parts', () => {
    fc.assert(
      fc.property(record, record, fc.array(json), (base, change, more) => {
        const before = frozen({ ...base, list: [1, { deep: true }] as unknown[] })
        const after = { ...before, ...change, list: [...before.list, ...more] }
        expectSame(patched(before, after), after)
      }),
    )
  })

  it('says only what came behind a list, and nothing of what stayed', () => {
    const before = frozen({ document: 'x'.repeat(1_000), log: [{ a: 1 }], n: 1 })
    const after = { ...before, log: [...before.log, { a: 2 }], n: 2 }
    expect(patchOf(before, after)).toEqual({ add: { log: [{ a: 2 }] }, set: { n: 2 } })
  })

  it('takes nothing for unchanged that could have been changed in place', () => {
    const when = new Date(0)
    const before = Object.freeze({ open: { n: 1 }, other: { n: 1 }, when, seen: new Set([1]) })
    const copy = structuredClone(before)
    before.open.n = 2
    before.other.n = 2
    when.setTime(5)
    before.seen.add(2)
    const after = { ...before, other: { n: 2 } }
    expect(applyPatch(copy, patchOf(before, after) as Patch)).toEqual(after)
  })

  it('has new values under their own keys, as whoever looks for secrets expects them', () => {
    const before = frozen({ login: { user: 'ann', password: 'old' }, list: [1] })
    const after = { ...before, login: { ...before.login, password: 'new' }, apiKey: 'k' }
    expect(patchOf(before, after)).toEqual({ within: { login: { set: { password: 'new' } } }, set: { apiKey: 'k' } })
  })

  it('is none where members would come in another order, and says nothing of what is equal', () => {
    expect(patchOf(frozen({ a: 1, b: 2 }), { b: 2, a: 1 })).toBeUndefined()
    expect(patchOf(frozen({ b: 2 }), { a: 1, b: 2 })).toBeUndefined()
    expect(patchOf(frozen({ in: { a: [1] } }), { in: { a: [1] } })).toEqual({ within: { in: { set: { a: [1] } } } })
    expect(patchOf(frozen({ in: { a: 1 } }), { in: { a: 1 } })).toEqual({})
  })

  it('does not lose a key that the codec refuses', () => {
    const after = JSON.parse('{"a":1,"__proto__":{"b":1}}')
    expect(patchOf(Object.freeze({ a: 1 }), after)).toBeUndefined()
  })

  it('is refused by a value that it was not made of', () => {
    expect(() => applyPatch(undefined, {})).toThrow('not what it was made of')
    expect(() => applyPatch({}, { add: { list: [1] } })).toThrow('not what it was made of')
    expect(() => applyPatch({}, { within: { inner: { set: { a: 1 } } } })).toThrow('not what it was made of')
  })
})
