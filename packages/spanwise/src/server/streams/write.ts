import type { StreamBackend } from '../../app/index.ts'
import {
  fromOffset,
  invalidStream,
  isJsonType,
  jsonMessages,
  type NewStream,
  SpanwiseError,
  type StreamAppend,
  type StreamAppended,
  type StreamData,
  streamRefused,
} from '../../journal/index.ts'
import { closed, endHeaders, type Headers, isTrue, wholeHeader } from './headers.ts'

/** A request about one stream. */
export interface StreamCall {
  readonly backend: StreamBackend
  readonly tenant: string
  readonly name: string
  readonly request: Request
  /** where streams are mounted, like `/streams/` */
  readonly root: string
  readonly by: string
  readonly now: number
}

/** A refusal, with what the protocol says beside its status. */
export class Refusal extends Error {
  readonly error: SpanwiseError
  readonly headers: Headers

  constructor(error: SpanwiseError, headers: Headers = {}) {
    super(error.message)
    this.error = error
    this.headers = headers
  }
}

/** PUT: makes it, or says that it is there. */
export async function makeStream(call: StreamCall): Promise<Response> {
  const { backend, tenant, name, request, now } = call
  const fork = forkOf(call)
  const given = request.headers.get('content-type') ?? ''
  const type = /^[\w.+-]+\/[\w.+-]+/.test(given) ? given : undefined
  const seconds = wholeHeader(request, 'stream-ttl')
  const until = request.headers.get('stream-expires-at')
  if (seconds !== undefined && until !== null)
    throw invalidStream('Stream-TTL and Stream-Expires-At are both said.', 'Say one of them.')
  const expires = until === null ? undefined : timeOf(until)
  const asked = type ?? (fork === undefined ? 'application/octet-stream' : await sourceType(call, fork.source))
  const body = new Uint8Array(await request.arrayBuffer())
  const made = await backend.createStream({
    tenant,
    name,
    type: type ?? (fork === undefined ? asked : undefined),
    ttl: seconds === undefined ? undefined : seconds * 1000,
    expires,
    fork,
    first: body.length === 0 ? undefined : dataOf(asked, body),
    close: isTrue(request, closed),
    subject: request.headers.get('spanwise-subject') ?? undefined,
    at: now,
  })
  if (made.state !== 'created' && made.state !== 'exists') throw notMade(name, made.state)
  const location =
    made.state === 'created' ? { location: new URL(request.url).origin + new URL(request.url).pathname } : {}
  return new Response(null, {
    status: made.state === 'created' ? 201 : 200,
    headers: { 'content-type': made.row.type, 'cache-control': 'no-store', ...location, ...endHeaders(made.row) },
  })
}

function forkOf({ request, root }: StreamCall): NewStream['fork'] {
  const from = request.headers.get('stream-forked-from')
  const offset = request.headers.get('stream-fork-offset')
  const behind = wholeHeader(request, 'stream-fork-sub-offset')
  if (from === null) {
    if (offset === null && behind === undefined) return undefined
    throw invalidStream('A place to fork from is said, and no stream.', 'Say which one: Stream-Forked-From.')
  }
  if (behind !== undefined && behind > 0 && offset === null)
    throw invalidStream(
      'Stream-Fork-Sub-Offset counts from an offset, and there is none.',
      'Say Stream-Fork-Offset too.',
    )
  return { source: nameAt(from, root), at: offset === null ? undefined : fromOffset(offset), behind }
}

/** The path of a stream: of its URL, or behind the root of all streams. */
export function nameAt(path: string, root: string): string {
  const rest = path.startsWith(root) ? path.slice(root.length) : path.replace(/^\//, '')
  try {
    return decodeURIComponent(rest)
  } catch {
    throw invalidStream(`${JSON.stringify(path)} is no path.`, 'Encode it as a URL is.')
  }
}

async function sourceType({ backend, tenant, now }: StreamCall, name: string): Promise<string> {
  const row = await backend.stream({ tenant, name, now })
  return typeof row === 'object' ? row.type : 'application/octet-stream'
}

function timeOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(time)) return time
  throw invalidStream(
    `Stream-Expires-At is no time: ${JSON.stringify(text.slice(0, 40))}.`,
    'Send one like 2027-01-31T12:00:00Z.',
  )
}

/** Bytes as they are; JSON as messages, an array as its elements. @throws INVALID_STREAM */
function dataOf(type: string, body: Uint8Array): StreamData {
  if (!isJsonType(type)) return { data: body, count: body.length }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    JSON.parse(text)
    const messages = jsonMessages(text)
    return { data: Buffer.from(messages.join(',')), count: messages.length }
  } catch {
    throw invalidStream('The body is no JSON, and the stream is one of JSON.', 'Send one message, or an array of them.')
  }
}

/** POST: appends, closes, or both. */
export async function appendToStream(call: StreamCall): Promise<Response> {
  const { backend, tenant, name, request, by, now } = call
  const close = isTrue(request, closed)
  const producer = producerOf(request)
  const body = new Uint8Array(await request.arrayBuffer())
  const type = request.headers.get('content-type') ?? undefined
  if (body.length === 0 && !close) {
    throw invalidStream('There is nothing to append.', 'Send a body, or the header Stream-Closed: true.')
  }
  const order = request.headers.get('stream-seq') ?? undefined
  const append = { tenant, name, producer, order, close, by, at: now }
  const done = await backend.appendStream(
    body.length === 0 ? append : { ...append, ...(await additionOf(call, type, body)) },
  )
  return answer(name, done, producer, body.length > 0, type)
}

async function additionOf(
  { backend, tenant, name, now }: StreamCall,
  type: string | undefined,
  body: Uint8Array,
): Promise<Pick<StreamAppend, 'add' | 'type'>> {
  if (type === undefined || type.trim() === '') {
    const row = await backend.stream({ tenant, name, now })
    // what is not there is said first
    if (typeof row !== 'object') return { add: { data: body, count: body.length }, type }
    throw invalidStream('The body has no type.', `Send Content-Type: ${row.type}.`)
  }
  if (!isJsonType(type)) return { add: { data: body, count: body.length }, type }
  const row = await backend.stream({ tenant, name, now })
  // nothing of it is parsed where it is refused anyway
  if (typeof row !== 'object' || !row.json) return { add: { data: body, count: body.length }, type }
  const add = dataOf(type, body)
  if (add.count === 0) throw invalidStream('An empty array appends nothing.', 'Send one message or more.')
  return { add, type }
}

function answer(
  name: string,
  done: StreamAppended,
  producer: StreamAppend['producer'],
  hasBody: boolean,
  type: string | undefined,
): Response {
  switch (done.state) {
    case 'ok':
    case 'duplicate': {
      const seq = done.state === 'duplicate' ? done.seq : producer?.seq
      const said =
        producer === undefined ? {} : { 'producer-epoch': String(producer.epoch), 'producer-seq': String(seq) }
      const isNew = done.state === 'ok' && producer !== undefined && hasBody
      return new Response(null, {
        status: isNew ? 200 : 204,
        headers: { 'cache-control': 'no-store', ...endHeaders(done.row), ...said },
      })
    }
    case 'closed':
      throw new Refusal(streamRefused(name, done), endHeaders(done.row))
    case 'fenced':
      throw new Refusal(streamRefused(name, done), { 'producer-epoch': String(done.epoch) })
    case 'gap':
      throw new Refusal(streamRefused(name, done), {
        'producer-expected-seq': String(done.expected),
        'producer-received-seq': String(producer?.seq),
      })
    default:
      throw new Refusal(streamRefused(name, done, type))
  }
}

/** All three headers or none of them. @throws INVALID_STREAM */
function producerOf(request: Request): StreamAppend['producer'] {
  const id = request.headers.get('producer-id') ?? undefined
  const epoch = wholeHeader(request, 'producer-epoch')
  const seq = wholeHeader(request, 'producer-seq')
  if (id === undefined && epoch === undefined && seq === undefined) return undefined
  if (id !== undefined && id !== '' && epoch !== undefined && seq !== undefined) return { id, epoch, seq }
  throw invalidStream(
    'A producer is known by three headers, and one is missing or empty.',
    'Send Producer-Id, Producer-Epoch and Producer-Seq, or none of them.',
  )
}

function notMade(
  name: string,
  state: 'conflict' | 'source unknown' | 'source gone' | 'source type' | 'fork point',
): SpanwiseError {
  const stream = `the stream ${JSON.stringify(name)}`
  const [code, message] = (
    {
      conflict: ['STREAM_CONFLICT', `There is ${stream} already, and it is another one.`],
      'source unknown': ['STREAM_UNKNOWN', `The stream that ${stream} was to be forked from is not here.`],
      'source gone': ['STREAM_CONFLICT', `The stream that ${stream} was to be forked from was deleted.`],
      'source type': ['STREAM_CONFLICT', `A fork has the type of its source, and ${stream} was to have another one.`],
      'fork point': ['INVALID_STREAM', `There is no such place to fork ${stream} from.`],
    } as const
  )[state]
  return new SpanwiseError({
    code,
    message,
    hint: 'Compare with what is there: HEAD of the stream says its type, lifetime, end, and whether it is closed.',
  })
}
