import { SpanwiseError } from '../error.ts'

/**
 * Segments: what the rows of the log hold. One row has the entries of many runs that share a commit, because a row, its
 * columns and its index cost several times what the entry itself costs.
 *
 * ```
 * u8 version (1) · u16 count · count × u32 offset of the entry, from the start · the entries
 *
 * entry: varint run (its number) · varint index · varint after + 1 · f64 at · varint kind · varint attempt · u8 flags
 *        · text key · text meta (canonical JSON; '' stands for {}) · text subject · varint length + payload
 *        · proof: leaf, commitments to key and payload, and to the input when there is one: 32 bytes each
 * ```
 *
 * Little-endian. A text is a varint length and UTF-8. Only erasure writes a segment anew: it takes payloads away, and leaves
 * proofs.
 */
export interface RawEntry {
  readonly runSeq: number
  readonly index: number
  readonly after: number
  readonly at: number
  readonly kind: number
  readonly key: string
  readonly attempt: number
  /** '' for {} */
  readonly meta: string
  /** codec text, or the same as zstd; undefined: none, in a blob, or erased */
  readonly payload: string | Uint8Array | undefined
  /** of `payloads.ts` */
  readonly flags: number
  /** '' for the run's own */
  readonly subject: string
  /** one character per byte */
  readonly proof: string
}

const version = 1
/** in the byte of flags beside those of `payloads.ts` */
const asText = 64
const asBytes = 128
const ours = asText | asBytes
const head = 3
/** what an entry takes at most beside its texts, its payload and their lengths */
const fixed = 256

export interface SegmentWriter {
  readonly count: number
  /** bytes so far */
  readonly size: number
  add(entry: RawEntry): void
  /** the segment; the writer is empty again */
  take(): Uint8Array
}

export function segmentWriter(): SegmentWriter {
  let buffer = Buffer.allocUnsafeSlow(32 * 1024)
  const offsets: number[] = []
  let end = 0

  const room = (bytes: number): void => {
    if (end + bytes <= buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, end + bytes))
    buffer.copy(grown, 0, 0, end)
    buffer = grown
  }
  const clear = (): void => {
    offsets.length = 0
    end = 0
    // a payload of many megabytes is not kept room for
    if (buffer.length > 1024 * 1024) buffer = Buffer.allocUnsafeSlow(32 * 1024)
  }
  return {
    get count() {
      return offsets.length
    },
    get size() {
      return end
    },
    add: (entry) => {
      const { payload, key, meta, subject } = entry
      room(fixed + 3 * (key.length + meta.length + subject.length + (payload?.length ?? 0)))
      offsets.push(end)
      end = writeVarint(buffer, entry.runSeq, end)
      end = writeVarint(buffer, entry.index, end)
      end = writeVarint(buffer, entry.after + 1, end)
      end = buffer.writeDoubleLE(entry.at, end)
      end = writeVarint(buffer, entry.kind, end)
      end = writeVarint(buffer, entry.attempt, end)
      const form = payload === undefined ? 0 : typeof payload === 'string' ? asText : asBytes
      buffer[end++] = entry.flags | form
      end = writeText(buffer, key, end)
      end = writeText(buffer, meta, end)
      end = writeText(buffer, subject, end)
      if (typeof payload === 'string') end = writeText(buffer, payload, end)
      else if (payload !== undefined) {
        end = writeVarint(buffer, payload.length, end)
        buffer.set(payload, end)
        end += payload.length
      }
      end += buffer.write(entry.proof, end, 'latin1')
    },
    take: () => {
      const start = head + 4 * offsets.length
      const segment = Buffer.allocUnsafeSlow(start + end)
      segment[0] = version
      segment.writeUInt16LE(offsets.length, 1)
      for (let i = 0; i < offsets.length; i++) segment.writeUInt32LE(start + (offsets[i] as number), head + 4 * i)
      buffer.copy(segment, start, 0, end)
      clear()
      return segment
    },
  }
}

/** A segment as it was read. */
export interface Segment {
  readonly count: number
  /** which entry it is, without reading all of it */
  place(i: number): { readonly runSeq: number; readonly index: number }
  /** its kind's number, in the same way */
  kind(i: number): number
  entry(i: number): RawEntry
  /** its leaf, 32 bytes, in the same way as its place */
  leaf(i: number): Uint8Array
}

export function readSegment(bytes: Uint8Array): Segment {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer[0] !== version) throw damaged(`is of version ${buffer[0]}, which this code does not know`)
  const count = buffer.length < head ? 0 : buffer.readUInt16LE(1)
  if (buffer.length < head + 4 * count) throw damaged('is cut off')
  const offset = (i: number): number => (i < count ? buffer.readUInt32LE(head + 4 * i) : buffer.length)
  return {
    count,
    place: (i) => {
      const cursor = { buffer, at: offset(i) }
      return { runSeq: readVarint(cursor), index: readVarint(cursor) }
    },
    kind: (i) => {
      const cursor = { buffer, at: offset(i) }
      for (let field = 0; field < 3; field++) readVarint(cursor)
      cursor.at += 8
      return readVarint(cursor)
    },
    entry: (i) => readEntry({ buffer, at: offset(i) }, offset(i + 1)),
    leaf: (i) => {
      const cursor = { buffer, at: offset(i) }
      for (let field = 0; field < 3; field++) readVarint(cursor)
      cursor.at += 8
      readVarint(cursor)
      readVarint(cursor)
      const flags = buffer[cursor.at++] as number
      const texts = (flags & ours) === 0 ? 3 : 4
      for (let text = 0; text < texts; text++) {
        const length = readVarint(cursor)
        cursor.at += length
      }
      if (cursor.at + 32 > offset(i + 1)) throw damaged('is cut off')
      return buffer.subarray(cursor.at, cursor.at + 32)
    },
  }
}

interface Cursor {
  readonly buffer: Buffer
  at: number
}

function readEntry(cursor: Cursor, end: number): RawEntry {
  const { buffer } = cursor
  const runSeq = readVarint(cursor)
  const index = readVarint(cursor)
  const after = readVarint(cursor) - 1
  if (end > buffer.length || cursor.at + 8 > end) throw damaged('is cut off')
  const at = buffer.readDoubleLE(cursor.at)
  cursor.at += 8
  const kind = readVarint(cursor)
  const attempt = readVarint(cursor)
  const flags = buffer[cursor.at++] as number
  const key = readText(cursor)
  const meta = readText(cursor)
  const subject = readText(cursor)
  const payload = (flags & ours) === 0 ? undefined : (flags & asText) !== 0 ? readText(cursor) : readBytes(cursor)
  if (cursor.at > end) throw damaged('is cut off')
  const proof = buffer.toString('latin1', cursor.at, end)
  return { runSeq, index, after, at, kind, key, attempt, meta, payload, flags: flags & ~ours, subject, proof }
}

function writeVarint(buffer: Buffer, value: number, at: number): number {
  let rest = value
  while (rest >= 0x80) {
    buffer[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  buffer[at++] = rest
  return at
}

function readVarint(cursor: Cursor): number {
  let value = 0
  for (let unit = 1; ; unit *= 0x80) {
    const byte = cursor.buffer[cursor.at++]
    if (byte === undefined) throw damaged('is cut off')
    value += (byte & 0x7f) * unit
    if (byte < 0x80) return value
  }
}

/** as many characters have a length of one byte, whatever they are */
const shortText = 42

function writeText(buffer: Buffer, text: string, at: number): number {
  if (text.length > shortText) {
    const start = writeVarint(buffer, Buffer.byteLength(text), at)
    return start + buffer.write(text, start, 'utf8')
  }
  // calling into the runtime costs more than a few characters do
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) {
      const length = buffer.write(text, at + 1, 'utf8')
      buffer[at] = length
      return at + 1 + length
    }
    buffer[at + 1 + i] = unit
  }
  buffer[at] = text.length
  return at + 1 + text.length
}

function readBytes(cursor: Cursor): Uint8Array {
  const length = readVarint(cursor)
  const start = cursor.at
  cursor.at += length
  return cursor.buffer.subarray(start, cursor.at)
}

function readText(cursor: Cursor): string {
  const length = readVarint(cursor)
  const start = cursor.at
  cursor.at += length
  return length === 0 ? '' : cursor.buffer.toString('utf8', start, cursor.at)
}

export function damaged(how: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_CORRUPT',
    message: `The store is damaged: a row of its log ${how}.`,
    hint: 'Stop every process that uses it, keep a copy, and restore a backup.',
  })
}
