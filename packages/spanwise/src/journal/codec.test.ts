import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, encodeCanonical } from './codec.ts'
import { SpanwiseError } from './error.ts'

const roundTrip = (value: unknown): unknown => decode(encode(value))

const primitive = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, Infinity, -Infinity, ''),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
)
const keys = fc.string().filter((key) => key !== '__proto__')
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitive,
    fc.array(tie('value')),
    fc.dictionary(keys, tie('value'), { noNullPrototype: false }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
    fc.sparseArray(tie('value')),
  ),
}))
const json = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__'))

describe('encode and decode', () => {
  it('give back every value that can be recorded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(roundTrip(value)).toStrictEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('write plain JSON as it is', () => {
    fc.assert(
      fc.property(
        json.filter((value) => !Object.is(value, -0)),
        (value) => {
          const text = encode(value)
          if (text[0] !== '~') expect(JSON.parse(text)).toStrictEqual(value)
          expect(decode(text)).toStrictEqual(value)
        },
      ),
    )
    expect(encode({ b: [1, 'x', null], a: {} })).toBe('{"b":[1,"x",null],"a":{}}')
  })

  it('write text that a database can hold: well-formed, without NUL', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = encode(value)
        expect(text.isWellFormed()).toBe(true)
        expect(text.includes('\0')).toBe(false)
      }),
    )
  })

  it('know undefined from null, and from nothing', () => {
    expect(roundTrip(undefined)).toBeUndefined()
    expect(Object.keys(roundTrip({ a: undefined }) as object)).toEqual(['a'])
    expect(roundTrip([undefined, null])).toEqual([undefined, null])
  })

  it('take bytes without the buffer around them', () => {
    const pool = new Uint8Array(10_000).fill(7)
    expect(encode(pool.subarray(10, 12)).length).toBeLessThan(60)
    expect(roundTrip(pool.subarray(10, 12))).toStrictEqual(new Uint8Array([7, 7]))
    expect(roundTrip(Buffer.from('hi'))).toStrictEqual(new Uint8Array([104, 105]))
    expect(roundTrip(new Uint16Array([1, 2, 3]).subarray(1))).toStrictEqual(new Uint16Array([2, 3]))
  })

  it('take values of another realm', () => {
    const foreign: unknown = runInNewContext('({ when: new Date(5), list: [1n], map: new Map([[1, 2]]) })')
    expect(roundTrip(foreign)).toEqual({ when: new Date(5), list: [1n], map: new Map([[1, 2]]) })
  })

  it('take values nested hundreds of levels deep', () => {
    let deep: unknown = 1
    for (let i = 0; i < 500; i++) deep = { in: deep }
    expect(roundTrip(deep)).toEqual(deep)
  })
})

describe('errors', () => {
  it('come back as errors of their kind, with code, fields, cause and stack', () => {
    const cause = Object.assign(new Error('connection reset'), { code: 'ECONNRESET', errno: -104 })
    const error = Object.assign(new TypeError('fetch failed', { cause }), { status: 502 })
    const back = roundTrip(error) as TypeError & { cause: Error }
    expect(back).toBeInstanceOf(TypeError)
    expect(back).toMatchObject({ name: 'TypeError', message: 'fetch failed', status: 502, stack: error.stack })
    expect(back.cause).toBeInstanceOf(Error)
    expect(back.cause).toMatchObject({ message: 'connection reset', code: 'ECONNRESET', errno: -104 })
    expect(Object.keys(back)).toEqual(['status'])
  })

  it('of Spanwise keep code, hint, run and step', () => {
    const error = new SpanwiseError({ code: 'X', message: 'm', hint: 'h', run: 'r', step: 's', cause: 5 })
    const back = roundTrip(error)
    expect(back).toBeInstanceOf(SpanwiseError)
    expect(back).toMatchObject({ code: 'X', message: 'm', hint: 'h', run: 'r', step: 's', cause: 5, docs: error.docs })
  })

  it('keep their name when their class is not known here', () => {
    class PaymentError extends Error {
      override name = 'PaymentError'
      amount = 5n
    }
    const back = roundTrip({ error: new PaymentError('declined') }) as { error: Error }
    expect(back.error).toBeInstanceOf(Error)
    expect(back.error).toMatchObject({ name: 'PaymentError', message: 'declined', amount: 5n })
    expect(roundTrip(new DOMException('gone', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'gone' })
  })

  it('of many keep their parts', () => {
    const back = roundTrip(new AggregateError([new RangeError('a'), 'b'], 'all')) as AggregateError
    expect(back).toBeInstanceOf(AggregateError)
    expect(back.errors).toMatchObject([{ name: 'RangeError', message: 'a' }, 'b'])
  })

  it('can always be recorded, whatever hangs on them', () => {
    const live = Object.assign(new Error('refused', { cause: { socket: () => 1 } }), {
      response: new Map(),
      retry: () => 1,
    })
    expect(roundTrip(live)).toMatchObject({ message: 'refused', cause: '[Object]' })
    const knot = new Error('a')
    knot.cause = new Error('b', { cause: knot })
    expect(roundTrip({ knot })).toMatchObject({ knot: { message: 'a', cause: { message: 'b', cause: 'Error: a' } } })
  })
})

describe('what cannot be recorded', () => {
  class Order {
    id = 7
  }
  class List extends Array<number> {}
  const cyclic: { items: { parent?: unknown }[] } = { items: [{}, {}, {}, {}] }
  cyclic.items[3] = { parent: cyclic }
  const map = new Map([['k', { f: () => 1 }]])

  it.each([
    ['a cycle', cyclic, 'result.items[3].parent contains itself'],
    ['a function', { a: { 'b c': () => 1 } }, 'result.a["b c"] is a function'],
    ['a symbol', [Symbol('x')], 'result[0] is a symbol'],
    ['a symbol as key', { a: { [Symbol('x')]: 1 } }, 'result.a has a key that is a symbol'],
    ['an instance', { order: new Order() }, 'result.order is an instance of Order'],
    ['an instance of a subclass', new List(), 'result is an instance of List'],
    ['a promise', { a: Promise.resolve() }, 'result.a is a promise'],
    ['a weak map', new WeakMap(), 'result is an instance of WeakMap'],
    ['something inside a map', { map }, 'result.map.get("k").f is a function'],
    ['something inside a set', new Set([() => 1]), 'result.item(0) is a function'],
    ['a boxed string', new String('x'), 'result is an instance of String'],
  ])('%s is named with its path', (_, value, message) => {
    for (const write of [encode, encodeCanonical]) {
      expect(() => write(value, 'result')).toThrow(
        expect.objectContaining({ code: 'NOT_ENCODABLE', message: `${message} and cannot be recorded.` }),
      )
    }
  })

  it('is a value without a bottom', () => {
    let deep: unknown = 1
    for (let i = 0; i < 50_000; i++) deep = [deep]
    expect(() => encode(deep)).toThrow(expect.objectContaining({ code: 'NOT_ENCODABLE' }))
  })

  it('is an own key named __proto__, plain or not', () => {
    for (const value of [
      JSON.parse('{"a":{"__proto__":{"admin":true}}}'),
      { at: new Date(), a: JSON.parse('{"__proto__":{"admin":true}}') },
    ]) {
      expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'NOT_ENCODABLE' }))
    }
  })
})

describe('decoding text of an enemy', () => {
  it('never changes a prototype', () => {
    const texts = [
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{"admin":true}}}',
      '~[{"__proto__":1},{"admin":true}]',
      '~[["Error",1],{"name":2,"message":2,"fields":3},"__proto__",{"admin":4},true]',
      '~[["null","__proto__",1],{"admin":true}]',
    ]
    for (const text of texts) {
      try {
        const value = decode(text) as object
        expect(
          [Object.prototype, null].some((one) => one === Object.getPrototypeOf(value)) || value instanceof Error,
        ).toBe(true)
      } catch (error) {
        expect(error).toMatchObject({ code: 'NOT_DECODABLE' })
      }
    }
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
    expect(roundTrip({ constructor: { prototype: { admin: true } } })).toEqual({
      constructor: { prototype: { admin: true } },
    })
  })

  it('ends in a value or in one error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => `~${text}`),
          fc.json(),
        ),
        (text) => {
          try {
            decode(text)
          } catch (error) {
            expect(error).toMatchObject({ code: 'NOT_DECODABLE' })
          }
        },
      ),
    )
  })
})

describe('encodeCanonical', () => {
  it('gives equal text for equal values, whatever the order of keys, entries and elements', () => {
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.nat()), (value, randoms) => {
        const shuffled = shuffle(value, () => randoms.next().value as number)
        expect(encodeCanonical(shuffled)).toBe(encodeCanonical(value))
        expect(decode(encodeCanonical(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('does not tell shared objects from equal ones', () => {
    const shared = { at: new Date(0) }
    expect(encodeCanonical([shared, shared])).toBe(encodeCanonical([{ at: new Date(0) }, { at: new Date(0) }]))
  })

  it('follows RFC 8785 for JSON', () => {
    expect(encodeCanonical({ '10': 1, '9': 2, b: [1e21, 1e-7, 5.0], a: { é: '\u20ac', A: null } })).toBe(
      '{"10":1,"9":2,"a":{"A":null,"é":"€"},"b":[1e+21,1e-7,5]}',
    )
  })

  it('leaves stacks out, which differ between machines', () => {
    expect(encodeCanonical(new Error('x'))).toBe(encodeCanonical(new Error('x')))
  })
})

function shuffle(value: unknown, random: () => number): unknown {
  const mix = <T>(items: readonly T[]): T[] => {
    const keyed = items.map((item) => ({ item, by: random() }))
    return keyed.sort((a, b) => a.by - b.by).map(({ item }) => item)
  }
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length)
    for (const key of Object.keys(value)) copy[Number(key)] = shuffle(value[Number(key)], random)
    return copy
  }
  if (value instanceof Map) {
    return new Map(mix([...value].map(([key, item]) => [shuffle(key, random), shuffle(item, random)] as const)))
  }
  if (value instanceof Set) return new Set(mix([...value].map((item) => shuffle(item, random))))
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value
  const entries = mix(Object.entries(value).map(([key, item]) => [key, shuffle(item, random)] as const))
  return Object.assign(Object.create(Object.getPrototypeOf(value)), Object.fromEntries(entries))
}
