import { createHash, createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commit, commitment, deriveKey, identityToken, keyToken } from './secret.ts'

const secret = Uint8Array.from({ length: 32 }, (_, i) => i)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('deriveKey', () => {
  it('is HKDF-Expand with purpose, run and index as info', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ unit: 'binary' }).filter((run) => run.isWellFormed()),
        fc.maxSafeNat(),
        (prk, run, index) => {
          const number = Buffer.alloc(8)
          number.writeBigUInt64BE(BigInt(index))
          const info = Buffer.concat([Buffer.from(`payload\0${run}\0`), number])
          const t1 = createHmac('sha256', prk).update(info).update('\x01').digest()
          expect(hex(deriveKey(prk, 'payload', run, index))).toBe(hex(t1))
        },
      ),
    )
  })

  it('does not depend on what was derived, committed or named before it', () => {
    const secrets = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
    const long = 'x'.repeat(10_000)
    const expected = (prk: Uint8Array, run: string): string =>
      createHmac('sha256', prk)
        .update(Buffer.concat([Buffer.from(`key\0${run}\0`), Buffer.alloc(8), Buffer.from([1])]))
        .digest('hex')
    const step = fc.record({
      secret: fc.constantFrom(...secrets),
      run: fc.constantFrom('r', long),
      next: fc.constantFrom('nothing', 'commit', 'token'),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (steps) => {
        for (const { secret: prk, run, next } of steps) {
          expect(hex(deriveKey(prk, 'key', run, 0))).toBe(expected(prk, run))
          if (next === 'commit') commit(prk, 'payload', 'r', 7, run)
          if (next === 'token') identityToken(prk, 'id', run)
        }
      }),
    )
  })

  it('agrees with the platform’s HKDF, whose extract step makes the PRK', () => {
    const ikm = Buffer.alloc(22, 0x0b)
    const prk = createHmac('sha256', 'salt').update(ikm).digest()
    const info = Buffer.concat([Buffer.from('key\0run-1\0'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 5])])
    expect(hex(deriveKey(prk, 'key', 'run-1', 5))).toBe(hex(new Uint8Array(hkdfSync('sha256', ikm, 'salt', info, 32))))
  })

  it('differs by secret, purpose, run and index', () => {
    const other = secret.with(0, 9)
    const keys = [
      deriveKey(secret, 'key', 'r', 1),
      deriveKey(other, 'key', 'r', 1),
      deriveKey(secret, 'payload', 'r', 1),
      deriveKey(secret, 'key', 'r2', 1),
      deriveKey(secret, 'key', 'r', 2),
      deriveKey(secret, 'key', 'r', 2 ** 32 + 1),
    ]
    expect(new Set(keys.map(hex)).size).toBe(keys.length)
  })

  it('takes a run id of any length', () => {
    const run = 'é'.repeat(20_000)
    const info = Buffer.concat([Buffer.from(`key\0${run}\0`), Buffer.alloc(8), Buffer.from([1])])
    expect(hex(deriveKey(secret, 'key', run, 0))).toBe(createHmac('sha256', secret).update(info).digest('hex'))
  })
})

describe('commitment', () => {
  it('is SHA-256 over domain, k and bytes', () => {
    const k = deriveKey(secret, 'payload', 'run-1', 3)
    for (const text of ['{"a":"é"}', 'x'.repeat(100_000), '']) {
      const expected = createHash('sha256')
        .update('spanwise.commitment.payload.v1\0')
        .update(k)
        .update(text)
        .digest('hex')
      expect(hex(commitment('payload', k, text))).toBe(expected)
      expect(hex(commitment('payload', k, Buffer.from(text)))).toBe(expected)
      expect(hex(commit(secret, 'payload', 'run-1', 3, text))).toBe(expected)
    }
  })

  it('tells domains apart', () => {
    const k = new Uint8Array(32)
    const all = (['key', 'payload', 'input'] as const).map((domain) => hex(commitment(domain, k, 'x')))
    expect(new Set(all).size).toBe(3)
  })
})

describe('tokens', () => {
  it('are short, stable, and different under another secret', () => {
    const token = keyToken(secret, 'customer-7')
    expect(token).toMatch(/^[\w-]{16}$/)
    expect(keyToken(secret, 'customer-7')).toBe(token)
    expect(keyToken(secret.with(0, 9), 'customer-7')).not.toBe(token)
    expect(keyToken(secret, 'customer-8')).not.toBe(token)
    const key = createHmac('sha256', secret).update('key-token-key.v1').digest()
    const whole = createHmac('sha256', key).update('key-token\0customer-7').digest()
    expect(token).toBe(whole.subarray(0, 12).toString('base64url'))
  })

  it('of identities differ by purpose', () => {
    expect(identityToken(secret, 'id', 'a')).toMatch(/^[\w-]{22}$/)
    expect(identityToken(secret, 'id', 'a')).not.toBe(identityToken(secret, 'tag', 'a'))
    const long = 'é'.repeat(10_000)
    const whole = createHmac('sha256', secret).update(`id\0${long}`).digest()
    expect(identityToken(secret, 'id', long)).toBe(whole.subarray(0, 16).toString('base64url'))
  })
})
