import { hash } from 'node:crypto'
import type { EntryKind, Meta } from './entry.ts'
import { codeOf } from './kinds.ts'

/**
 * leaf v1: SHA-256 over these bytes. All numbers are big-endian; `after`, `at` and `index` are signed.
 *
 * | offset | bytes | what |
 * | -----: | ----: | --- |
 * |      0 |     1 | version, 0x01 |
 * |      1 |    13 | domain tag, ASCII `spanwise.leaf` |
 * |     14 |     2 | kind (`kinds.ts`) |
 * |     16 |     8 | index |
 * |     24 |     8 | after |
 * |     32 |     4 | attempt |
 * |     36 |     8 | at, ms since 1970 |
 * |     44 |    32 | commitment to the readable key; zeros when the key is empty |
 * |     76 |    32 | SHA-256 of meta as canonical JSON (RFC 8785) |
 * |    108 |    32 | commitment to the payload; zeros when there is none |
 * |    140 |    32 | commitment to the operation's input; zeros when there is none |
 * |    172 |     2 | bytes of the run's id |
 * |    174 |     n | the run's id, UTF-8 |
 *
 * No store sequence, no epoch, no ciphertext: the leaf is the same in every store and under every key provider.
 */
export interface LeafFields {
  readonly run: string
  readonly index: number
  readonly after: number
  readonly at: number
  readonly kind: EntryKind
  readonly attempt: number
  readonly meta: Meta | undefined
  /** commitments: 32 bytes each; undefined stands for zeros */
  readonly key: Uint8Array | undefined
  readonly payload: Uint8Array | undefined
  readonly input: Uint8Array | undefined
}

const head = 174
const tag = '\x01spanwise.leaf'
const buffer = Buffer.alloc(head + 1024)

export function leaf(fields: LeafFields): Uint8Array {
  const latin1 = (bytes: Uint8Array | undefined): string =>
    bytes === undefined ? '' : Buffer.from(bytes).toString('latin1')
  const metaHash = hashMeta(metaText(fields.meta))
  const { key, payload, input } = fields
  return Buffer.from(leafLatin1(fields.run, fields, metaHash, latin1(key), latin1(payload), latin1(input)), 'latin1')
}

/** The same for the store's thread: hashes in and out as text of one character per byte, '' for zeros. */
export function leafLatin1(
  run: string,
  fields: Pick<LeafFields, 'index' | 'after' | 'at' | 'kind' | 'attempt'>,
  metaHash: string,
  key: string,
  payload: string,
  input: string,
): string {
  if (run.length * 3 > 1024) throw new RangeError('a run id is at most 341 characters')
  buffer.write(tag, 0, 'latin1')
  buffer.writeUInt16BE(codeOf(fields.kind), 14)
  writeInt64(fields.index, 16)
  writeInt64(fields.after, 24)
  buffer.writeUInt32BE(fields.attempt, 32)
  writeInt64(fields.at, 36)
  writeHash(key, 44)
  writeHash(metaHash, 76)
  writeHash(payload, 108)
  writeHash(input, 140)
  const length = buffer.write(run, head, 'utf8')
  buffer.writeUInt16BE(length, 172)
  return hash('sha256', buffer.subarray(0, head + length), 'binary')
}

/** Canonical JSON of meta, which is flat: sorted keys, numbers and strings as ECMAScript writes them. */
export function metaText(meta: Meta | undefined): string {
  if (meta === undefined) return '{}'
  const keys = Object.keys(meta)
  if (keys.length === 0) return '{}'
  keys.sort()
  let text = '{'
  for (const key of keys) text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(meta[key])}`
  return `${text}}`
}

const emptyMeta = hash('sha256', '{}', 'binary')

export function hashMeta(text: string): string {
  return text === '{}' ? emptyMeta : hash('sha256', text, 'binary')
}

function writeHash(bytes: string, offset: number): void {
  if (bytes === '') buffer.fill(0, offset, offset + 32)
  else if (buffer.write(bytes, offset, 'latin1') !== 32) throw new RangeError('a hash has 32 bytes')
}

function writeInt64(value: number, offset: number): void {
  const high = Math.floor(value / 0x1_0000_0000)
  buffer.writeInt32BE(high, offset)
  buffer.writeUInt32BE(value - high * 0x1_0000_0000, offset + 4)
}
