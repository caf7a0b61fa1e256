import {
  checkStreamName,
  fromOffset,
  jsonText,
  type Page,
  SpanwiseError,
  type StreamAppend,
  type StreamRead,
  type StreamRow,
  streamMissing,
  streamRefused,
  toOffset,
  toStreamData,
} from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { StreamBackend } from './stream-backend.ts'

/** bytes of one read */
const readLimit = 1024 * 1024
/** one wait, ms: another process is asked that often whether there is more */
const patience = 10_000
const json = 'application/json'

export interface StreamPlace {
  /** `default` */
  readonly tenant?: string
}

export interface StreamCreateOptions extends StreamPlace {
  /** `application/json`; of JSON each append is a message, of others bytes */
  readonly type?: string
  /** it is gone when nobody has read or written it for so long */
  readonly ttl?: Duration
  /** it is gone then */
  readonly expires?: Date
  /** whom it is about: it is erased with them */
  readonly subject?: string
  /** it begins with what is before an offset of that stream; its end when no offset is said */
  readonly fork?: { readonly from: string; readonly offset?: string }
}

export interface StreamAppendOptions extends StreamPlace {
  /** `application/json` */
  readonly type?: string
  /** closes it in the same commit */
  readonly close?: boolean
  /** who appends, with the number of the append: the same one again appends nothing */
  readonly producer?: { readonly id: string; readonly epoch: number; readonly seq: number }
}

export interface StreamReadOptions extends StreamPlace {
  /** from there on; the beginning when absent, `now` for the end */
  readonly offset?: string
}

export interface StreamTailOptions extends StreamReadOptions {
  readonly signal?: AbortSignal
}

/** A named stream. */
export interface StreamState {
  readonly name: string
  readonly tenant: string
  readonly type: string
  /** where the next append goes */
  readonly offset: string
  /** messages of JSON, bytes of others */
  readonly length: number
  readonly isClosed: boolean
  readonly closedAt: Date | undefined
  /** SHA-256 of all of it, in hex, once it is closed */
  readonly digest: string | undefined
  /** index of the entry in the store's own history that has the digest */
  readonly seal: number | undefined
  readonly expiresAt: Date | undefined
  /** the run that made it */
  readonly run: string | undefined
  readonly createdAt: Date
}

/** What was read. */
export interface StreamBatch {
  readonly data: Uint8Array
  /** of JSON */
  readonly messages: readonly unknown[]
  /** as text; of JSON an array */
  readonly text: string
  /** where to read on */
  readonly offset: string
  readonly isUpToDate: boolean
  /** it is closed, and this is its end */
  readonly isEnd: boolean
}

/** Named durable streams: made, appended to, read and tailed by runs, programs and browsers. */
export interface Streams {
  /**
   * Makes it, or gets the one that is there like this.
   * @throws STREAM_CONFLICT, INVALID_STREAM, SUBJECT_ERASED
   * @example await app.streams.create('orders', { ttl: '7d' })
   */
  create(name: string, options?: StreamCreateOptions): Promise<StreamState>
  /**
   * Appends a message, or bytes; durable when it resolves.
   * @throws STREAM_UNKNOWN, STREAM_CLOSED, STREAM_TYPE, STREAM_FENCED, STREAM_SEQUENCE
   * @example await app.streams.append('orders', { id: 7 })
   */
  append(name: string, value: unknown, options?: StreamAppendOptions): Promise<StreamState>
  /** About a megabyte from an offset on. @throws STREAM_UNKNOWN */
  read(name: string, options?: StreamReadOptions): Promise<StreamBatch>
  /**
   * What is there and what comes, until it is closed.
   * @example for await (const { messages, offset } of app.streams.tail('orders')) show(messages)
   */
  tail(name: string, options?: StreamTailOptions): AsyncGenerator<StreamBatch>
  /** For ever. Its digest is sealed in the store's own history. Closing it again changes nothing. */
  close(name: string, options?: StreamPlace): Promise<StreamState>
  /** @throws STREAM_UNKNOWN, LEGAL_HOLD */
  delete(name: string, options?: StreamPlace): Promise<void>
  get(name: string, options?: StreamPlace): Promise<StreamState | undefined>
  /** The newest first. */
  list(options?: {
    readonly tenant?: string
    readonly after?: string
    readonly limit?: number
  }): Promise<Page<StreamState>>
  /** for the server, which answers by the protocol */
  readonly port: { readonly backend: StreamBackend; readonly now: () => number }
}

export function namedStreams(backend: StreamBackend, now: () => number, by: string | undefined): Streams {
  const ref = (name: string, { tenant = 'default' }: StreamPlace) => ({
    tenant,
    name: checkStreamName(name),
    now: now(),
  })
  const append = async (name: string, order: Partial<StreamAppend>, options: StreamPlace): Promise<StreamState> => {
    const { now: at, ...one } = ref(name, options)
    const done = await backend.appendStream({ ...one, by, at, ...order })
    if (done.state === 'ok' || done.state === 'duplicate') return streamState(done.row)
    throw streamRefused(name, done, order.type)
  }
  const place = async (name: string, { offset = '-1', ...options }: StreamReadOptions): Promise<number> => {
    if (offset !== 'now') return fromOffset(offset)
    const row = await backend.stream(ref(name, options))
    if (typeof row === 'object') return row.tail
    throw streamMissing(name, row ?? 'unknown')
  }
  return {
    port: { backend, now },
    async create(name, options = {}) {
      const { type, ttl, expires, subject, fork } = options
      const { now: at, ...one } = ref(name, options)
      const made = await backend.createStream({
        ...one,
        type: type ?? (fork === undefined ? json : undefined),
        ttl: ttl === undefined ? undefined : milliseconds(ttl, 'ttl'),
        expires: expires?.getTime(),
        subject,
        fork:
          fork === undefined
            ? undefined
            : { source: fork.from, at: fork.offset === undefined ? undefined : fromOffset(fork.offset) },
        at,
      })
      if (made.state === 'created' || made.state === 'exists') return streamState(made.row)
      throw notMade(name, made.state, fork?.from)
    },
    append: (name, value, { type = json, close, producer, ...options } = {}) =>
      append(name, { add: toStreamData(type, value), type, close, producer }, options),
    async read(name, options = {}) {
      const from = await place(name, options)
      return toBatch(name, await backend.readStream({ ...ref(name, options), from, limit: readLimit }))
    },
    async *tail(name, options = {}) {
      const { signal } = options
      for (let from = await place(name, options); signal?.aborted !== true; ) {
        const read = await backend.readStream({ ...ref(name, options), from, limit: readLimit }, patience, signal)
        const batch = toBatch(name, read)
        const next = fromOffset(batch.offset)
        if (next > from || batch.isEnd) yield batch
        if (batch.isEnd) return
        from = next
      }
    },
    close: (name, options = {}) => append(name, { close: true }, options),
    async delete(name, options = {}) {
      const { state } = await backend.deleteStream(ref(name, options))
      if (state === 'held') throw streamHeld(name)
      if (state !== 'deleted') throw streamMissing(name, state)
    },
    async get(name, options = {}) {
      const row = await backend.stream(ref(name, options))
      return typeof row === 'object' ? streamState(row) : undefined
    },
    async list({ tenant, after, limit = 50 } = {}) {
      const page = await backend.streams({ tenant, after, limit, now: now() })
      return { items: page.items.map(streamState), after: page.after }
    },
  }
}

function streamState(row: StreamRow): StreamState {
  const { name, tenant, type, tail, closedAt, digest, seal, expires, run, createdAt } = row
  return {
    name,
    tenant,
    type,
    offset: toOffset(tail),
    length: tail,
    isClosed: closedAt !== undefined,
    closedAt: closedAt === undefined ? undefined : new Date(closedAt),
    digest,
    seal,
    expiresAt: expires === undefined ? undefined : new Date(expires),
    run,
    createdAt: new Date(createdAt),
  }
}

function toBatch(name: string, read: StreamRead): StreamBatch {
  if (read.state !== 'ok') throw streamMissing(name, read.state)
  const { row, data, next } = read
  const isUpToDate = next >= row.tail
  const text = row.json ? jsonText(data) : Buffer.from(data).toString('utf8')
  return {
    data,
    messages: row.json ? (JSON.parse(text) as unknown[]) : [],
    text,
    offset: toOffset(next),
    isUpToDate,
    isEnd: isUpToDate && row.closedAt !== undefined,
  }
}

function notMade(
  name: string,
  state: 'conflict' | 'source unknown' | 'source gone' | 'source type' | 'fork point',
  from = '',
): SpanwiseError {
  const what = `the stream ${JSON.stringify(name)}`
  if (state === 'source unknown') return streamMissing(from, 'unknown')
  if (state === 'fork point')
    return new SpanwiseError({
      code: 'INVALID_STREAM',
      message: `${JSON.stringify(from)} has no such place to fork ${what} from.`,
      hint: 'Take an offset that a read or an append of it has answered.',
    })
  const why = {
    conflict: `There is ${what} already, and it is another one.`,
    'source gone': `${JSON.stringify(from)} was deleted: only the forks that it has go on.`,
    'source type': `A fork has the type of its source, and ${what} was to have another one.`,
  }[state]
  return new SpanwiseError({
    code: 'STREAM_CONFLICT',
    message: why,
    hint: 'The same name with the same settings gets the stream that is there: compare type, lifetime, fork and whether it is closed.',
  })
}

export function streamHeld(name: string): SpanwiseError {
  return new SpanwiseError({
    code: 'LEGAL_HOLD',
    message: `The stream ${JSON.stringify(name)} is under a legal hold: on whom it is about, or on the run that made it.`,
    hint: 'It can be deleted once the hold is released: spanwise audit release.',
  })
}
