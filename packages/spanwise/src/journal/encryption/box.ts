import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto'

/**
 * AES-256-GCM with a random nonce: nonce (12) ‖ ciphertext ‖ tag (16). A key per entry and a nonce per writing: what is written
 * twice under one index, before and after a backup was put back, shares neither.
 */
export const overhead = 28
const nonceLength = 12
const tagLength = 16

/** random bytes for many nonces at once: a call for each costs as much as the encryption */
const pool = Buffer.allocUnsafeSlow(nonceLength * 1024)
let used = pool.length

function freshNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += nonceLength
  return pool.subarray(used - nonceLength, used)
}

/** @param given a nonce that follows from key and text; for what must be found again by its ciphertext */
export function encrypt(key: Uint8Array, text: string | Uint8Array, given?: Uint8Array): Uint8Array {
  const nonce = given ?? freshNonce()
  // a key object of its own: with raw bytes Node takes four times as long
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce)
  const content = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text)
  cipher.final()
  // small ones share a slab: memory of its own for each costs as much as the encryption
  const sealed = Buffer.allocUnsafe(overhead + content.length)
  sealed.set(nonce, 0)
  sealed.set(content, nonceLength)
  sealed.set(cipher.getAuthTag(), nonceLength + content.length)
  return sealed
}

/** @throws when key or bytes are not those that it was encrypted with */
export function decrypt(key: Uint8Array, sealed: Uint8Array): Buffer {
  if (sealed.length < overhead) throw new RangeError('too short to be encrypted')
  const cipher = createDecipheriv('aes-256-gcm', createSecretKey(key), sealed.subarray(0, nonceLength), {
    authTagLength: tagLength,
  })
  cipher.setAuthTag(sealed.subarray(sealed.length - tagLength))
  const content = cipher.update(sealed.subarray(nonceLength, sealed.length - tagLength))
  return Buffer.concat([content, cipher.final()])
}
