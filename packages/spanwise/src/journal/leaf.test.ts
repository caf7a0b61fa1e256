import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntryKind } from './entry.ts'
import { kindCodes, kindOf } from './kinds.ts'
import { type LeafFields, leaf, metaText } from './leaf.ts'
import { seal, unseal } from './seal.ts'
import { commit } from './secret.ts'

const fields: LeafFields = {
  run: 'run-ä1',
  index: 0x1_0000_0002,
  after: 7,
  at: 1_700_000_000_123,
  kind: 'step.result',
  attempt: 3,
  meta: { tokens: 12, model: 'm"1', cached: false, cost: 1e-7, note: null },
  key: new Uint8Array(32).fill(0xaa),
  payload: new Uint8Array(32).fill(0xbb),
  input: undefined,
}

/** as the table in leaf.ts says, with other means */
function recompute(of: LeafFields): string {
  const number = (bytes: number, value: number): Buffer => {
    const unsigned = BigInt.asUintN(bytes * 8, BigInt(value))
    return Buffer.from(unsigned.toString(16).padStart(bytes * 2, '0'), 'hex')
  }
  const meta = JSON.stringify(Object.fromEntries(Object.entries(of.meta ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))))
  const zeros = Buffer.alloc(32)
  const bytes = Buffer.concat([
    Buffer.from([1]),
    Buffer.from('spanwise.leaf', 'ascii'),
    number(2, kindCodes[of.kind]),
    number(8, of.index),
    number(8, of.after),
    number(4, of.attempt),
    number(8, of.at),
    of.key ?? zeros,
    createHash('sha256').update(meta).digest(),
    of.payload ?? zeros,
    of.input ?? zeros,
    number(2, Buffer.byteLength(of.run)),
    Buffer.from(of.run, 'utf8'),
  ])
  return createHash('sha256').update(bytes).digest('hex')
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('leaf v1', () => {
  it('is the hash of exactly these bytes', () => {
    const bytes = [
      '01', // version
      '7370616e776973652e6c656166', // spanwise.leaf
      '0012', // step.result
      '0000000100000002', // index
      '0000000000000007', // after
      '00000003', // attempt
      '0000018bcfe5687b', // at
      'aa'.repeat(32), // key
      'bdd0439d703eaff7df8f86ca8f3a338fc4bdd9e06cf2d495f70e2c691852dc07', // SHA-256 of {"cached":false,"cost":1e-7,"model":"m\\"1","note":null,"tokens":12}
      'bb'.repeat(32), // payload
      '00'.repeat(32), // no input
      '0007', // length of the run's id
      '72756e2dc3a431', // run-ä1
    ].join('')
    const golden = 'a0f72a506bd1c7867c938f70f9d966df5205afc0e8c0ec1a1f5e2278becae248'
    expect(createHash('sha256').update(Buffer.from(bytes, 'hex')).digest('hex')).toBe(golden)
    expect(hex(leaf(fields))).toBe(golden)
  })

  it('is what anyone computes from the table', () => {
    const hash = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined })
    const meta = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && !/^\d+$/.test(key)),
      fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(
        fc.record({
          run: fc.string({ maxLength: 300 }),
          index: fc.maxSafeNat(),
          after: fc.maxSafeInteger(),
          at: fc.maxSafeInteger(),
          kind: fc.constantFrom(...(Object.keys(kindCodes) as EntryKind[])),
          attempt: fc.nat(),
          meta: fc.option(meta, { nil: undefined }),
          key: hash,
          payload: hash,
          input: hash,
        }),
        (of) => {
          expect(hex(leaf(of))).toBe(recompute(of))
        },
      ),
    )
  })

  it('changes with every field', () => {
    const changed: LeafFields[] = [
      { ...fields, run: 'run-ä2' },
      { ...fields, index: 8 },
      { ...fields, after: 8 },
      { ...fields, at: 8 },
      { ...fields, kind: 'step.error' },
      { ...fields, attempt: 8 },
      { ...fields, meta: {} },
      { ...fields, key: undefined },
      { ...fields, payload: undefined },
      { ...fields, input: new Uint8Array(32).fill(1) },
    ]
    expect(new Set([fields, ...changed].map((of) => hex(leaf(of)))).size).toBe(changed.length + 1)
  })

  it('has one number for each kind, and one kind for each number', () => {
    const codes = Object.values(kindCodes)
    expect(new Set(codes).size).toBe(codes.length)
    for (const [kind, code] of Object.entries(kindCodes)) expect(kindOf(code)).toBe(kind)
    expect(kindOf(65_000)).toBeUndefined()
  })
})

describe('seal', () => {
  const secret = new Uint8Array(32).fill(5)
  const entry = { ...fields, index: 4, payload: '"p"', input: '"i"', key: 'a#0[tok]', clearKey: 'a#0[ada]' }

  it('commits to the readable key, the payload and the input, and binds them in the leaf', () => {
    const proof = unseal(seal(secret, 'r1', entry, metaText(entry.meta)))
    const key = commit(secret, 'key', 'r1', 4, 'a#0[ada]')
    const payload = commit(secret, 'payload', 'r1', 4, '"p"')
    const input = commit(secret, 'input', 'r1', 4, '"i"')
    expect(hex(proof.commitments.key)).toBe(hex(key))
    expect(hex(proof.commitments.payload)).toBe(hex(payload))
    expect(hex(proof.commitments.input ?? new Uint8Array())).toBe(hex(input))
    expect(hex(proof.leaf)).toBe(hex(leaf({ ...entry, run: 'r1', key, payload, input })))
  })

  it('has zeros for what is not there', () => {
    const bare = { index: 0, after: 0, at: 1, kind: 'run.cancelling', key: '', attempt: 1 } as const
    const proof = unseal(seal(secret, 'r1', bare, '{}'))
    expect(proof.commitments).toEqual({ key: new Uint8Array(32), payload: new Uint8Array(32), input: undefined })
    const none = { meta: undefined, key: undefined, payload: undefined, input: undefined }
    expect(hex(proof.leaf)).toBe(hex(leaf({ ...bare, run: 'r1', ...none })))
  })
})
