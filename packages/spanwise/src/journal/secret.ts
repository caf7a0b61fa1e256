import { hash } from 'node:crypto'

/**
 * Keys that are derived from a secret of 32 bytes (a run's or a subject's). Destroying the secret makes what was committed to
 * under it unguessable, while the commitments stay valid.
 */
export type Purpose = 'key' | 'payload' | 'input' | 'encryption'

/** What is hashed in front of k; closed by NUL so that no domain begins another. */
export const domains = {
  key: 'spanwise.commitment.key.v1\0',
  payload: 'spanwise.commitment.payload.v1\0',
  input: 'spanwise.commitment.input.v1\0',
} as const
export type Domain = keyof typeof domains

/**
 * HKDF-Expand (RFC 5869 section 2.3), one block, with the secret as PRK:
 * k = HMAC-SHA256(secret, purpose ‖ 0x00 ‖ run ‖ 0x00 ‖ u64be(index) ‖ 0x01)
 */
export function deriveKey(secret: Uint8Array, purpose: Purpose, run: string, index: number): Uint8Array {
  return Buffer.from(deriveLatin1(secret, purpose, run, index), 'latin1')
}

/** The same as text of one character per byte, which is cheaper to make and to hash than a buffer. */
export function deriveLatin1(secret: Uint8Array, purpose: Purpose, run: string, index: number): string {
  const need = block + purpose.length + run.length * 3 + 11
  const buffer = need <= scratch.length ? scratch : Buffer.allocUnsafe(need)
  let end = block
  end += buffer.write(purpose, end, 'latin1')
  buffer[end++] = 0
  end += buffer.write(run, end, 'utf8')
  buffer[end++] = 0
  const high = Math.floor(index / 0x1_0000_0000)
  buffer.writeUInt32BE(high, end)
  buffer.writeUInt32BE(index - high * 0x1_0000_0000, end + 4)
  buffer[end + 8] = 1
  return hmacLatin1(secret, buffer, end + 9)
}

/** SHA-256(domain ‖ k ‖ bytes). Evidence discloses the k of what it shows; anyone can then check it with this. */
export function commitment(domain: Domain, k: Uint8Array, bytes: string | Uint8Array): Uint8Array {
  return Buffer.from(commitLatin1(domain, Buffer.from(k).toString('latin1'), bytes), 'latin1')
}

/** The commitment to what one entry holds: key derived, then committed. */
export function commit(
  secret: Uint8Array,
  domain: Domain,
  run: string,
  index: number,
  bytes: string | Uint8Array,
): Uint8Array {
  return Buffer.from(commitLatin1(domain, deriveLatin1(secret, domain, run, index), bytes), 'latin1')
}

/** k and the result as text of one character per byte */
export function commitLatin1(domain: Domain, k: string, bytes: string | Uint8Array): string {
  const head = domains[domain]
  const need = head.length + 32 + (typeof bytes === 'string' ? bytes.length * 3 : bytes.length)
  const buffer = need <= committed.length ? committed : Buffer.allocUnsafe(need)
  let end = buffer.write(head, 0, 'latin1')
  end += buffer.write(k, end, 'latin1')
  if (typeof bytes === 'string') end += buffer.write(bytes, end, 'utf8')
  else {
    buffer.set(bytes, end)
    end += bytes.length
  }
  return hash('sha256', buffer.subarray(0, end), 'binary')
}

/** Stands for a user-made part of a key: the same text gives the same token, and without the secret nobody can try texts. */
export function keyToken(secret: Uint8Array, text: string): string {
  return keyTokenUnder(tokenKey(secret), text)
}

/**
 * What tokens of keys are made with. A fork has a secret of its own and its source's token key, so that the keys in the history
 * that it took over still fit.
 */
export function tokenKey(secret: Uint8Array): Uint8Array {
  const buffer = Buffer.alloc(block + 16)
  return Buffer.from(hmacLatin1(secret, buffer, block + buffer.write('key-token-key.v1', block, 'latin1')), 'latin1')
}

export function keyTokenUnder(key: Uint8Array, text: string): string {
  return token(key, `key-token\0${text}`, 12)
}

/** Stands for a user's id, tag or subject in a store; long enough (128 bits) to be an identity. */
export function identityToken(secret: Uint8Array, purpose: string, text: string): string {
  return token(secret, `${purpose}\0${text}`, 16)
}

function token(secret: Uint8Array, text: string, bytes: number): string {
  const need = block + text.length * 3
  const buffer = need <= scratch.length ? scratch : Buffer.allocUnsafe(need)
  const end = block + buffer.write(text, block, 'utf8')
  return Buffer.from(hmacLatin1(secret, buffer, end), 'latin1').toString('base64url', 0, bytes)
}

const block = 64
const scratch = Buffer.alloc(8192)
const committed = Buffer.alloc(8192)
const outer = Buffer.alloc(block + 32)
/** whose pads stand in `scratch` and `outer`: the keys of an entry are derived one after the other from one secret */
let padded: Uint8Array | undefined

/**
 * HMAC-SHA256 (RFC 2104) of what stands in `buffer` from `block` to `end`. Two one-shot hashes take a third of the time of
 * `createHmac` with a cached KeyObject, and this runs up to three times per entry.
 */
function hmacLatin1(secret: Uint8Array, buffer: Buffer, end: number): string {
  if (secret.length > block) throw new RangeError('a secret has at most 64 bytes')
  if (secret !== padded || buffer !== scratch) {
    for (let i = 0; i < block; i++) {
      const byte = secret[i] ?? 0
      buffer[i] = byte ^ 0x36
      outer[i] = byte ^ 0x5c
    }
    padded = buffer === scratch ? secret : undefined
  }
  outer.write(hash('sha256', buffer.subarray(0, end), 'binary'), block, 'latin1')
  return hash('sha256', outer, 'binary')
}
