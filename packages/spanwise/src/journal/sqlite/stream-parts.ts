import { createHash, type Hash } from 'node:crypto'
import { elements } from '../json-messages.ts'
import type { StreamData } from '../streams.ts'
import type { Context } from './context.ts'
import { type RawStream, streamBySeq } from './stream-rows.ts'

/** streams whose digest is kept up with while they grow; of others it is computed when they close */
const mostDigests = 500

interface Part {
  readonly start: number
  readonly stop: number
  readonly data: Uint8Array
}

export function addPart(context: Context, raw: RawStream, { data, count }: StreamData): void {
  context
    .sql('INSERT INTO spanwise_stream_parts (stream, start, stop, data) VALUES (?, ?, ?, ?)')
    .run(raw.seq, raw.tail, raw.tail + count, context.columns.sealBytes(data))
  const { digests } = context
  let running = digests.get(raw.seq)
  if (raw.tail === 0) {
    if (digests.size >= mostDigests) digests.clear()
    running = { hash: createHash('sha256'), at: 0 }
    digests.set(raw.seq, running)
  }
  if (running?.at !== raw.tail) return
  addToDigest(running.hash, raw, { start: raw.tail, data })
  running.at += count
}

function addToDigest(hash: Hash, { json }: RawStream, { start, data }: Pick<Part, 'start' | 'data'>): void {
  if (json) hash.update(start === 0 ? '[' : ',')
  hash.update(data)
}

/** SHA-256 of what a reader gets who reads all of it at once. */
export function digestOf(context: Context, raw: RawStream): string {
  const running = context.digests.get(raw.seq)
  const hash = running?.at === raw.tail ? running.hash.copy() : createHash('sha256')
  if (running?.at !== raw.tail) for (const part of partsOf(context, raw, 0)) addToDigest(hash, raw, part)
  if (raw.json) hash.update(raw.tail === 0 ? '[]' : ']')
  return hash.digest('hex')
}

/** As much as is behind a position, to about a number of bytes. */
export function readParts(
  context: Context,
  raw: RawStream,
  from: number,
  limit: number,
): { readonly data: Uint8Array; readonly next: number } {
  const found: Uint8Array[] = []
  let size = 0
  let next = from
  for (const { start, stop, data } of partsOf(context, raw, from)) {
    if (size > 0 && size + data.length > limit) break
    if (raw.json && start > from) found.push(comma)
    found.push(data)
    size += data.length
    next = stop
  }
  return { data: found.length === 1 ? (found[0] as Uint8Array) : new Uint8Array(Buffer.concat(found)), next }
}

const comma = Buffer.from(',')

/** Where a fork may leave: as far behind a position as what was appended there at once goes. */
export function partEnd(context: Context, raw: RawStream, at: number): number | undefined {
  for (const { stop } of partsOf(context, raw, at)) return stop
  return undefined
}

/** What is behind a position, in order; what a fork has of its source, then its own. */
function* partsOf(context: Context, raw: RawStream, from: number): Generator<Part> {
  for (const { seq, end } of lineage(context, raw)) {
    if (end <= from) continue
    const rows = context
      .sql(
        `SELECT start, stop, data FROM spanwise_stream_parts WHERE stream = ?1 AND start < ?3
           AND start >= coalesce((SELECT max(start) FROM spanwise_stream_parts WHERE stream = ?1 AND start <= ?2), ?2)
         ORDER BY start`,
      )
      .iterate(seq, from, end)
    for (const row of rows) {
      const part = {
        start: Number(row['start']),
        stop: Number(row['stop']),
        data: context.columns.openBytes(row['data'] as Uint8Array),
      }
      if (part.stop > from) yield cut(part, from, end, raw.json)
    }
  }
}

/** The streams that this one's content stands in, the oldest first, and where the next one takes over. */
function lineage(context: Context, raw: RawStream): readonly { readonly seq: number; readonly end: number }[] {
  const found = [{ seq: raw.seq, end: raw.tail }]
  let { source, forkAt } = raw
  while (source !== undefined) {
    found.push({ seq: source, end: forkAt })
    const parent = streamBySeq(context, source)
    source = parent.source
    forkAt = Math.min(parent.forkAt, forkAt)
  }
  return found.reverse()
}

function cut({ start, stop, data }: Part, from: number, end: number, json: boolean): Part {
  const first = Math.max(start, from)
  const last = Math.min(stop, end)
  if (first === start && last === stop) return { start, stop, data }
  const kept = json
    ? Buffer.from(
        elements(Buffer.from(data).toString('utf8'))
          .slice(first - start, last - start)
          .join(','),
      )
    : data.subarray(first - start, last - start)
  return { start: first, stop: last, data: kept }
}
