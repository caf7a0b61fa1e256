import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Context } from './context.ts'

/** From here on a payload is compressed; below it the pages hold it well as it is. */
const compressAbove = 16 * 1024
/** What is larger than this after compression stands in a table of its own. */
const blobAbove = 256 * 1024

export const inBlob = 1
export const erasedFlag = 2
/** the payload is in an archive; never without `erasedFlag`, because without its file or its key it is as good as erased */
export const archivedFlag = 4

export interface Stored {
  readonly payload: string | Uint8Array | undefined
  readonly flags: number
  readonly blob: Uint8Array | undefined
}

const none: Stored = { payload: undefined, flags: 0, blob: undefined }

export function storePayload(text: string | undefined): Stored {
  if (text === undefined) return none
  if (text.length <= compressAbove) return { payload: text, flags: 0, blob: undefined }
  const packed = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  if (packed.length <= blobAbove) return { payload: packed, flags: 0, blob: undefined }
  return { payload: undefined, flags: inBlob, blob: packed }
}

export function loadPayload(
  context: Context,
  position: number,
  payload: string | Uint8Array | undefined,
  flags: number,
): string | undefined {
  if (typeof payload === 'string') return payload
  if (payload !== undefined) return unpack(payload)
  if ((flags & inBlob) === 0 || (flags & erasedFlag) !== 0) return undefined
  const row = context.sql('SELECT data FROM spanwise_blobs WHERE pos = ?').get(position)
  return unpack(row?.['data'] as Uint8Array)
}

function unpack(packed: Uint8Array): string {
  return zstdDecompressSync(packed).toString('utf8')
}
