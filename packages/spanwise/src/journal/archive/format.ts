import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Entry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'

/**
 * A file of archived runs: zstd frames one after the other, so that `zstd -dc` shows JSON lines.
 *
 * ```
 * {"spanwise":"archive","version":1,"store":…,"at":…}          header
 * {"run":…,"workflow":…,"tenant":…,"status":…,…}                a frame for each run: what it was,
 * {"index":0,"after":0,"at":…,"kind":…,"key":…,"meta":…,"proof":…}   its entries with leaf and commitments,
 * {"content":{"":…}}                                            their payloads, encrypted
 * {"end":true,"runs":…,"sha256":…}                              SHA-256 of all bytes before
 * ```
 *
 * Payloads are a JSON array of index and codec text, zstd, AES-256-GCM, base64: one for each secret that covers them ('' is the run's
 * own). The key is HMAC-SHA256(secret, domain ‖ key of the archived run): both stay in the store, so that erasing there erases here.
 */
export const archiveVersion = 1

type Content = readonly (readonly [index: number, payload: string])[]

const domain = 'spanwise.archive.content.v1\0'
/** every key encrypts one text, once */
const nonce = Buffer.alloc(12)
const tagLength = 16

export function frame(lines: readonly object[]): Uint8Array {
  return zstdCompressSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

export function lines(bytes: Uint8Array): readonly Record<string, unknown>[] {
  const text = zstdDecompressSync(bytes).toString('utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

export function entryLine(entry: Entry): object {
  const { index, after, at, kind, key, attempt, meta, subject, leaf, commitments, erased } = entry
  const { key: keyed, payload, input } = commitments
  const proof = Buffer.concat([leaf, keyed, payload, ...(input === undefined ? [] : [input])]).toString('base64')
  return {
    index,
    after,
    at,
    kind,
    key,
    attempt,
    meta,
    ...(subject === undefined ? {} : { subject }),
    ...(erased ? { erased } : {}),
    proof,
  }
}

export function encrypt(content: Content, secret: Uint8Array, key: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', contentKey(secret, key), nonce)
  const packed = zstdCompressSync(JSON.stringify(content))
  return Buffer.concat([cipher.update(packed), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

/** @throws ARCHIVE_DAMAGED */
export function decrypt(text: string, secret: Uint8Array, key: Uint8Array, where: string): Content {
  const bytes = Buffer.from(text, 'base64')
  try {
    const cipher = createDecipheriv('aes-256-gcm', contentKey(secret, key), nonce)
    cipher.setAuthTag(bytes.subarray(-tagLength))
    const packed = Buffer.concat([cipher.update(bytes.subarray(0, -tagLength)), cipher.final()])
    return JSON.parse(zstdDecompressSync(packed).toString('utf8')) as Content
  } catch (cause) {
    throw damaged(where, cause)
  }
}

function contentKey(secret: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(domain).update(key).digest()
}

export function damaged(file: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'ARCHIVE_DAMAGED',
    message: `The archive ${file} is damaged, or not the one that the store wrote.`,
    hint: 'Put back a copy of the file. What is in the store itself is not touched by it.',
    cause,
  })
}
