import {
  fromOffset,
  invalidStream,
  jsonText,
  mediaType,
  type StreamRead,
  type StreamRow,
  streamMissing,
  toOffset,
} from '../../journal/index.ts'
import { closed, cursorAfter, cursorAt, cursorName, endHeaders, nextOffset, upToDate } from './headers.ts'
import type { StreamCall } from './write.ts'

/** bytes of one answer */
const readLimit = 1024 * 1024
/** how long a long poll waits, ms: less than the five seconds that many clients and tests give a request */
const longPoll = 4_000
/** after this an event stream ends and its reader comes back, ms */
const longest = 60_000
/** so that proxies see that somebody is there, ms */
const beat = 15_000

type Chunk = Extract<StreamRead, { readonly state: 'ok' }>

/** HEAD: how it stands. */
export async function describeStream({ backend, tenant, name, now }: StreamCall): Promise<Response> {
  const row = await backend.stream({ tenant, name, now })
  if (typeof row !== 'object') throw streamMissing(name, row ?? 'unknown')
  const { ttl, expires } = row
  return new Response(null, {
    headers: {
      'content-type': row.type,
      'cache-control': 'no-store',
      ...endHeaders(row),
      ...(ttl === undefined ? {} : { 'stream-ttl': String(Math.round(ttl / 1000)) }),
      ...(ttl !== undefined || expires === undefined ? {} : { 'stream-expires-at': new Date(expires).toISOString() }),
    },
  })
}

/** GET: what is there, or what comes. */
export async function readStream(call: StreamCall, signal: AbortSignal): Promise<Response> {
  const { request, backend, tenant, name } = call
  const query = new URL(request.url).searchParams
  const live = query.get('live')
  const offsets = query.getAll('offset')
  if (offsets.length > 1 || offsets[0] === '')
    throw invalidStream('The offset is not one.', 'Say one, or leave it out.')
  if (offsets.length === 0 && (live === 'long-poll' || live === 'sse'))
    throw invalidStream(
      `A reader that waits (${live}) says from where.`,
      'Add offset=-1, offset=now, or the offset of the last answer.',
    )
  const offset = offsets[0] ?? '-1'
  const row = offset === 'now' ? await there(call) : undefined
  const from = row?.tail ?? fromOffset(offset)
  const read = async (at: number, patience: number, ends: AbortSignal): Promise<Chunk> => {
    const found = await backend.readStream({ tenant, name, from: at, limit: readLimit, now: call.now }, patience, ends)
    if (found.state !== 'ok') throw streamMissing(name, found.state)
    return found
  }
  const cursor = query.get('cursor')
  if (live === 'sse') return events(from, await read(from, 0, signal), read, cursor, signal)
  if (live === 'long-poll') return polled(await read(from, longPoll, signal), from, cursor)
  if (row !== undefined) {
    // it is a read, and moves the end of a stream with a ttl
    await read(from, 0, signal)
    const headers = { 'content-type': row.type, 'cache-control': 'no-store', [upToDate]: 'true', ...endHeaders(row) }
    return new Response(row.json ? '[]' : '', { headers })
  }
  return caughtUp(request, from, await read(from, 0, signal))
}

async function there({ backend, tenant, name, now }: StreamCall): Promise<StreamRow> {
  const row = await backend.stream({ tenant, name, now })
  if (typeof row === 'object') return row
  throw streamMissing(name, row ?? 'unknown')
}

function bodyOf({ row, data }: Chunk): Uint8Array<ArrayBuffer> | string {
  return row.json ? jsonText(data) : new Uint8Array(data)
}

function placeHeaders({ row, next }: Chunk): Readonly<Record<string, string>> {
  const isAtEnd = next >= row.tail
  return {
    'content-type': row.type,
    [nextOffset]: toOffset(next),
    ...(isAtEnd ? { [upToDate]: 'true' } : {}),
    ...(isAtEnd && row.closedAt !== undefined ? { [closed]: 'true' } : {}),
  }
}

/** what was answered stays so, and at the end there may be more: it is asked for again with its tag */
function caughtUp(request: Request, from: number, chunk: Chunk): Response {
  const { row, next } = chunk
  const isAtEnd = next >= row.tail
  const etag = `"${row.seq}:${from}:${next}${isAtEnd && row.closedAt !== undefined ? ':c' : ''}"`
  const headers = {
    ...placeHeaders(chunk),
    etag,
    'cache-control': isAtEnd ? 'private, no-cache' : 'private, max-age=60, stale-while-revalidate=300',
  }
  const known = request.headers
    .get('if-none-match')
    ?.split(',')
    .map((one) => one.trim())
  if (known?.includes(etag) === true || known?.includes('*') === true)
    return new Response(null, { status: 304, headers })
  return new Response(bodyOf(chunk), { headers })
}

function polled(chunk: Chunk, from: number, cursor: string | null): Response {
  const headers = {
    ...placeHeaders(chunk),
    'cache-control': 'no-store',
    [cursorName]: String(cursorAfter(cursor, Date.now())),
  }
  if (chunk.next > from)
    return new Response(bodyOf(chunk), { headers: { ...headers, etag: `"${chunk.row.seq}:${from}:${chunk.next}"` } })
  const { 'content-type': _, ...bare } = headers as Record<string, string>
  return new Response(null, { status: 204, headers: bare })
}

/** Data and where it leads, as server-sent events, until the stream is closed. */
function events(
  from: number,
  first: Chunk,
  read: (at: number, patience: number, ends: AbortSignal) => Promise<Chunk>,
  cursor: string | null,
  signal: AbortSignal,
): Response {
  const left = new AbortController()
  const ends = AbortSignal.any([signal, left.signal, AbortSignal.timeout(longest)])
  const source = messages(from, first, read, cursor, ends)
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await source.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      } catch {
        // it was deleted or the store closes: who comes back is told
        controller.close()
      }
    },
    cancel: () => left.abort(),
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      ...(isText(first.row.type) ? {} : { 'stream-sse-data-encoding': 'base64' }),
    },
  })
}

async function* messages(
  from: number,
  first: Chunk,
  read: (at: number, patience: number, ends: AbortSignal) => Promise<Chunk>,
  cursor: string | null,
  ends: AbortSignal,
): AsyncGenerator<string> {
  const text = isText(first.row.type) ? new TextDecoder('utf-8', { ignoreBOM: true }) : undefined
  let last = cursorAfter(cursor, Date.now())
  let at = from
  for (let chunk = first; ; chunk = await read(at, beat, ends)) {
    const { row, data, next } = chunk
    const isAtEnd = next >= row.tail
    const isClosed = isAtEnd && row.closedAt !== undefined
    last = Math.max(last, cursorAt(Date.now()))
    const control = {
      streamNextOffset: toOffset(next),
      ...(isClosed ? { streamClosed: true } : { streamCursor: String(last) }),
      ...(isAtEnd ? { upToDate: true } : {}),
    }
    let message = ''
    if (next > at) {
      const said = row.json
        ? jsonText(data)
        : (text?.decode(data, { stream: true }) ?? Buffer.from(data).toString('base64'))
      message = event('data', said)
    }
    yield message + event('control', JSON.stringify(control))
    if (isClosed || ends.aborted) return
    at = next
  }
}

function event(name: string, data: string): string {
  // one space behind the colon is not part of the line
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`)
  return `event: ${name}\n${lines.join('')}\n`
}

function isText(type: string): boolean {
  const media = mediaType(type)
  return media.startsWith('text/') || media === 'application/json'
}
