import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { openEntry, sealEntry } from '../encryption/vault.ts'
import type { Context } from './context.ts'

/** From here on a payload is compressed; below it the pages hold it well as it is. */
const compressAbove = 16 * 1024
/** What is larger than this after compression stands in a table of its own. */
const blobAbove = 256 * 1024

export const inBlob = 1
export const erasedFlag = 2
/** the payload is in an archive; never without `erasedFlag`, because without its file or its key it is as good as erased */
export const archivedFlag = 4
/** the payload is encrypted, with `compressedFlag` after it was compressed */
export const encryptedFlag = 8
/** only with `encryptedFlag`: without it text and bytes tell themselves apart */
const compressedFlag = 16

export interface Stored {
  readonly payload: string | Uint8Array | undefined
  readonly flags: number
  readonly blob: Uint8Array | undefined
}

/** Whose a payload is: what its key is derived from. */
export interface Owner {
  readonly run: string
  readonly index: number
  readonly secret: Uint8Array | undefined
}

const none: Stored = { payload: undefined, flags: 0, blob: undefined }

export function storePayload({ vault }: Context, text: string | undefined, owner: Owner): Stored {
  if (text === undefined) return none
  const packed = text.length <= compressAbove ? text : compress(text)
  if (vault.state === 'off') return placed(packed, 0)
  if (owner.secret === undefined) throw new RangeError(`no secret for entry ${owner.index} of run ${owner.run}`)
  const flags = encryptedFlag | (packed === text ? 0 : compressedFlag)
  return placed(sealEntry(owner.secret, owner.run, owner.index, packed), flags)
}

function compress(text: string): Uint8Array {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
}

function placed(content: string | Uint8Array, flags: number): Stored {
  return typeof content === 'string' || content.length <= blobAbove
    ? { payload: content, flags, blob: undefined }
    : { payload: undefined, flags: flags | inBlob, blob: content }
}

/** Where a payload is, as an entry of the log says. */
export interface Held {
  readonly position: number
  readonly payload: string | Uint8Array | undefined
  readonly flags: number
}

/** Codec text; undefined when there is none, it was erased, or its secret is gone or locked away. */
export function loadPayload(
  context: Context,
  { position, payload, flags }: Held,
  owner: () => Owner,
): string | undefined {
  if (typeof payload === 'string') return payload
  const stored = payload ?? blobOf(context, position, flags)
  if (stored === undefined) return undefined
  if ((flags & encryptedFlag) === 0) return unpack(stored)
  const { run, index, secret } = owner()
  if (secret === undefined) return undefined
  const content = openEntry(secret, run, index, stored)
  return (flags & compressedFlag) === 0 ? content.toString('utf8') : unpack(content)
}

function blobOf(context: Context, position: number, flags: number): Uint8Array | undefined {
  if ((flags & inBlob) === 0 || (flags & erasedFlag) !== 0) return undefined
  return context.sql('SELECT data FROM spanwise_blobs WHERE pos = ?').get(position)?.['data'] as Uint8Array
}

function unpack(packed: Uint8Array): string {
  return zstdDecompressSync(packed).toString('utf8')
}
