import { encode } from '../codec.ts'
import type { Page } from '../page.ts'
import {
  isJsonType,
  mediaType,
  type NewStream,
  type StreamAppend,
  type StreamAppended,
  type StreamCreated,
  type StreamData,
  type StreamDeleted,
  type StreamListQuery,
  type StreamProducer,
  type StreamQuery,
  type StreamRead,
  type StreamRef,
  type StreamRow,
} from '../streams.ts'
import type { Context } from './context.ts'
import { eraseEntries, insertEntries } from './entries.ts'
import type { Target } from './erase-target.ts'
import { ledgerRun, ledgerSecret, ledgerSeq } from './ledger-run.ts'
import { lastIndex } from './places.ts'
import { fromCursor, page } from './queries.ts'
import { addPart, digestOf, partEnd, readParts } from './stream-parts.ts'
import {
  dropStream,
  hasForks,
  heldStreams,
  isStreamHeld,
  type RawStream,
  removeRows,
  streamByName,
  streamBySeq,
  toRaw,
  toStreamRow,
} from './stream-rows.ts'
import { livingSubject } from './subjects.ts'

export const streamOperations = {
  createStream: (context: Context, stream: NewStream) => createStream(context, stream),
  appendStream: (context: Context, append: StreamAppend) => appendStream(context, append),
  readStream: (context: Context, query: StreamQuery) => readStream(context, query),
  stream: (context: Context, ref: StreamRef & { readonly now: number }) => lookUp(context, ref),
  streams: (context: Context, query: StreamListQuery) => streams(context, query),
  useStream: (context: Context, ref: StreamRef & { readonly now: number }) => useStream(context, ref),
  deleteStream: (context: Context, ref: StreamRef & { readonly now: number }) => deleteStream(context, ref),
} as const

export const streamReads = ['readStream', 'stream', 'streams'] as const

function createStream(context: Context, stream: NewStream): StreamCreated {
  const { at, fork } = stream
  sweep(context, at)
  const source = fork === undefined ? undefined : streamByName(context, { ...stream, name: fork.source }, at)
  const there = streamByName(context, stream, at)
  if (there?.stands === 'open') return compare(there, stream, source)
  if (there !== undefined) {
    if (there.stands === 'deleted' || isStreamHeld(context, there)) return { state: 'conflict', row: undefined }
    dropStream(context, there)
    if (hasForks(context, there.seq)) return { state: 'conflict', row: undefined }
  }
  if (fork === undefined) {
    const made = insert(context, stream, { source: undefined, forkAt: 0, subject: undefined })
    return { state: 'created', row: toStreamRow(begin(context, made, stream)) }
  }
  if (source === undefined || source.stands === 'expired') return { state: 'source unknown' }
  if (source.stands === 'deleted') return { state: 'source gone' }
  if (stream.type !== undefined && !sameType(source.type, stream.type)) return { state: 'source type' }
  const forkAt = forkPoint(context, source, fork)
  if (forkAt === undefined) return { state: 'fork point' }
  const made = insert(
    context,
    { ...inherited(source), ...stream, type: source.type, ...lifetime(source, stream) },
    { source: source.seq, forkAt, subject: source.subject },
  )
  return { state: 'created', row: toStreamRow(begin(context, made, stream)) }
}

/** The same stream made again, or another one of its name. */
function compare(there: RawStream, asked: NewStream, source: RawStream | undefined): StreamCreated {
  const { fork } = asked
  const { ttl, expires } = source === undefined ? asked : lifetime(source, asked)
  const type = asked.type ?? source?.type ?? there.type
  const isSame =
    sameType(there.type, type) &&
    there.ttl === ttl &&
    (ttl !== undefined || there.expires === expires) &&
    (there.closedAt !== undefined) === (asked.close === true) &&
    there.source === source?.seq &&
    (fork === undefined) === (there.source === undefined) &&
    (fork?.at === undefined || fork.at + (fork.behind ?? 0) === there.forkAt)
  return { state: isSame ? 'exists' : 'conflict', row: toStreamRow(there) }
}

function sameType(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** A fork lives as long as it says, else as its source does. */
function lifetime(source: RawStream, { ttl, expires }: NewStream): Pick<NewStream, 'ttl' | 'expires'> {
  if (ttl !== undefined || expires !== undefined) return { ttl, expires }
  return source.ttl === undefined
    ? { ttl: undefined, expires: source.expires }
    : { ttl: source.ttl, expires: undefined }
}

/** What is copied belongs to whom it was about, and goes with the run that made it. */
function inherited({ run }: RawStream): Pick<NewStream, 'run'> {
  return { run }
}

function forkPoint(context: Context, source: RawStream, fork: NonNullable<NewStream['fork']>): number | undefined {
  const { at = source.tail, behind = 0 } = fork
  if (at > source.tail) return undefined
  if (behind === 0) return at
  const end = partEnd(context, source, at)
  return end === undefined || at + behind > end ? undefined : at + behind
}

function insert(
  context: Context,
  stream: NewStream,
  origin: { readonly source: number | undefined; readonly forkAt: number; readonly subject: string | undefined },
): RawStream {
  const { tenant, name, type = 'application/octet-stream', ttl, at, run } = stream
  const subject = stream.subject === undefined ? origin.subject : livingSubject(context, stream.subject).token
  const { lastInsertRowid } = context
    .sql(
      `INSERT INTO spanwise_streams (tenant, name, type, json, tail, source, fork_at, ttl, expires, subject, run, created)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      tenant,
      context.columns.sealName(name),
      type,
      isJsonType(type) ? 1 : 0,
      origin.forkAt,
      origin.source ?? null,
      origin.forkAt,
      ttl ?? null,
      ttl === undefined ? (stream.expires ?? null) : at + ttl,
      subject ?? null,
      run ?? null,
      at,
    )
  return streamBySeq(context, Number(lastInsertRowid))
}

function begin(context: Context, made: RawStream, { first, close, at }: NewStream): RawStream {
  const grown = first === undefined || first.count === 0 ? made : grow(context, made, first, at)
  return close === true ? closeStream(context, grown, { at }) : grown
}

function appendStream(context: Context, append: StreamAppend): StreamAppended {
  const { at, add, close, producer, order, make } = append
  let raw = streamByName(context, append, at)
  if (raw?.stands === 'expired' && make !== undefined && !isStreamHeld(context, raw) && !hasForks(context, raw.seq)) {
    dropStream(context, raw)
    raw = undefined
  }
  if (raw === undefined && make !== undefined) {
    const { tenant, name } = append
    raw = insert(context, { ...make, tenant, name, at }, { source: undefined, forkAt: 0, subject: undefined })
  }
  if (raw === undefined || raw.stands !== 'open') return missing(context, raw)
  const known = producer === undefined ? undefined : producerOf(context, raw, producer)
  if (raw.closedAt !== undefined) {
    if (known !== undefined && producer !== undefined && producer.epoch < known.epoch)
      return { state: 'fenced', epoch: known.epoch }
    if (producer !== undefined && raw.closedBy === signature(context, producer))
      return { state: 'duplicate', row: toStreamRow(raw), seq: known?.seq ?? producer.seq }
    // closed twice is closed
    if (add === undefined && producer === undefined) return { state: 'ok', row: toStreamRow(raw) }
    return { state: 'closed', row: toStreamRow(raw) }
  }
  if (add !== undefined && append.type !== undefined && mediaType(append.type) !== mediaType(raw.type))
    return { state: 'type', row: toStreamRow(raw) }
  if (producer !== undefined) {
    const refused = refuse(raw, producer, known)
    if (refused !== undefined) return refused
  }
  if (order !== undefined && raw.order !== undefined && Buffer.compare(Buffer.from(order), Buffer.from(raw.order)) <= 0)
    return { state: 'order', row: toStreamRow(raw) }
  if (producer !== undefined) keepProducer(context, raw, producer)
  if (order !== undefined)
    context.sql('UPDATE spanwise_streams SET ordering = ? WHERE seq = ?').run(context.columns.seal(order), raw.seq)
  if (add !== undefined) raw = grow(context, raw, add, at)
  if (close === true) raw = closeStream(context, raw, append)
  return { state: 'ok', row: toStreamRow(raw) }
}

function missing(context: Context, raw: RawStream | undefined): { readonly state: 'unknown' | 'gone' } {
  if (raw === undefined) return { state: 'unknown' }
  return { state: raw.stands === 'deleted' || hasForks(context, raw.seq) ? 'gone' : 'unknown' }
}

interface Known {
  readonly epoch: number
  readonly seq: number
}

function producerOf(context: Context, { seq }: RawStream, { id }: StreamProducer): Known | undefined {
  const row = context
    .sql('SELECT epoch, seq FROM spanwise_stream_producers WHERE stream = ? AND producer = ?')
    .get(seq, context.token('producer', id))
  return row === undefined ? undefined : { epoch: Number(row['epoch']), seq: Number(row['seq']) }
}

function refuse(raw: RawStream, { epoch, seq }: StreamProducer, known: Known | undefined): StreamAppended | undefined {
  if (known === undefined) return seq === 0 ? undefined : { state: 'gap', expected: 0 }
  if (epoch < known.epoch) return { state: 'fenced', epoch: known.epoch }
  if (epoch > known.epoch) return seq === 0 ? undefined : { state: 'epoch' }
  if (seq <= known.seq) return { state: 'duplicate', row: toStreamRow(raw), seq: known.seq }
  return seq === known.seq + 1 ? undefined : { state: 'gap', expected: known.seq + 1 }
}

function keepProducer(context: Context, raw: RawStream, { id, epoch, seq }: StreamProducer): void {
  context
    .sql(
      `INSERT INTO spanwise_stream_producers (stream, producer, epoch, seq) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET epoch = ?3, seq = ?4`,
    )
    .run(raw.seq, context.token('producer', id), epoch, seq)
}

function signature(context: Context, { id, epoch, seq }: StreamProducer): string {
  return `${context.token('producer', id)} ${epoch} ${seq}`
}

function grow(context: Context, raw: RawStream, add: StreamData, at: number): RawStream {
  addPart(context, raw, add)
  const tail = raw.tail + add.count
  context.sql('UPDATE spanwise_streams SET tail = ? WHERE seq = ?').run(tail, raw.seq)
  return use(context, { ...raw, tail }, at)
}

/** It lives on for its `ttl`. */
function use(context: Context, raw: RawStream, now: number): RawStream {
  if (raw.ttl === undefined) return raw
  const expires = now + raw.ttl
  context.sql('UPDATE spanwise_streams SET expires = ? WHERE seq = ?').run(expires, raw.seq)
  return { ...raw, expires }
}

/** The digest of what it is now for ever, in the stream's row and as an entry of the store's own history. */
function closeStream(
  context: Context,
  raw: RawStream,
  { at, producer, by = '-' }: Pick<StreamAppend, 'at' | 'producer' | 'by'>,
): RawStream {
  const digest = digestOf(context, raw)
  const index = lastIndex(context, ledgerSeq) + 1
  const { seq, tenant, name, type, json, tail } = raw
  const entry = {
    index,
    after: index - 1,
    at,
    kind: 'stream.closed',
    key: '',
    attempt: 0,
    meta: { stream: seq, [json ? 'messages' : 'bytes']: tail },
    payload: encode({ tenant, name, type, digest, by }, 'a closed stream'),
    // under a secret that goes when the stream is erased, and with it what could be guessed from the digest
    subject: raw.subject ?? livingSubject(context, sealOwner(raw)).token,
  } as const
  insertEntries(context, { seq: ledgerSeq, run: ledgerRun(context.id) }, [entry], ledgerSecret(context.key))
  const closedBy = producer === undefined ? undefined : signature(context, producer)
  context
    .sql('UPDATE spanwise_streams SET closed_at = ?, closed_by = ?, digest = ?, seal = ? WHERE seq = ?')
    .run(at, closedBy ?? null, context.columns.seal(digest), index, seq)
  context.digests.delete(seq)
  const used = use(context, raw, at)
  return { ...used, closedAt: at, closedBy, digest, seal: index }
}

/** Whose secret covers the digest of a stream that is about nobody. No subject of a user has such a name. */
function sealOwner({ seq, run }: RawStream): string {
  return run === undefined ? `\u0000stream ${seq}` : runOwner(run)
}

function runOwner(run: string): string {
  return `\u0000streams of ${run}`
}

function readStream(context: Context, { from, limit, now, ...ref }: StreamQuery): StreamRead {
  const raw = streamByName(context, ref, now)
  if (raw === undefined || raw.stands !== 'open') return missing(context, raw)
  return { state: 'ok', row: toStreamRow(raw), ...readParts(context, raw, from, limit) }
}

function lookUp(
  context: Context,
  { now, ...ref }: StreamRef & { readonly now: number },
): StreamRow | 'gone' | undefined {
  const raw = streamByName(context, ref, now)
  if (raw?.stands === 'open') return toStreamRow(raw)
  return missing(context, raw).state === 'gone' ? 'gone' : undefined
}

function streams(context: Context, { tenant, after, limit, now }: StreamListQuery): Page<StreamRow> {
  const rows = context
    .sql(
      `SELECT * FROM spanwise_streams WHERE (?1 IS NULL OR tenant = ?1) AND seq < ?2 AND deleted = 0
         AND (expires IS NULL OR expires > ?3) ORDER BY seq DESC LIMIT ?4`,
    )
    .all(tenant ?? null, after === undefined ? Number.MAX_SAFE_INTEGER : fromCursor(after), now, limit + 1)
  return page(
    rows.map((row) => toRaw(context, row, now)),
    limit,
    toStreamRow,
  )
}

function useStream(context: Context, { now, ...ref }: StreamRef & { readonly now: number }): void {
  const raw = streamByName(context, ref, now)
  if (raw?.stands === 'open') use(context, raw, now)
}

function deleteStream(context: Context, { now, ...ref }: StreamRef & { readonly now: number }): StreamDeleted {
  const raw = streamByName(context, ref, now)
  if (raw === undefined || raw.stands !== 'open') return missing(context, raw)
  if (isStreamHeld(context, raw)) return { state: 'held' }
  dropStream(context, raw)
  return { state: 'deleted' }
}

/** What has expired goes when something new comes: a little at a time. */
function sweep(context: Context, now: number): void {
  const rows = context
    .sql(`SELECT s.* FROM spanwise_streams s WHERE s.expires <= ? AND s.deleted = 0 AND NOT ${heldStreams} LIMIT 20`)
    .all(now)
  for (const row of rows) dropStream(context, toRaw(context, row, now))
}

/** Streams that are about a subject, or that a run made, and what was forked from them. */
export function eraseStreams(context: Context, target: Target): void {
  const which =
    'run' in target
      ? 'run IN (SELECT run FROM spanwise_runs WHERE seq = ?1)'
      : 'subject = ?1 OR run IN (SELECT run FROM spanwise_runs WHERE subject = ?1)'
  const rows = context
    .sql(
      `WITH RECURSIVE line (seq) AS (
         SELECT seq FROM spanwise_streams WHERE ${which}
         UNION SELECT s.seq FROM line JOIN spanwise_streams s ON s.source = line.seq
       ) SELECT s.* FROM line JOIN spanwise_streams s USING (seq) ORDER BY seq DESC`,
    )
    .all('run' in target ? target.run : target.subject)
  for (const row of rows) {
    const raw = toRaw(context, row, 0)
    if (raw.seal !== undefined && raw.subject !== undefined)
      eraseEntries(context, ledgerSeq, (_, index) => index === raw.seal)
    if (raw.seal !== undefined && raw.subject === undefined) eraseSeals(context, sealOwner(raw))
    // forks come before what they were made from
    if (hasForks(context, raw.seq)) removeRows(context, raw.seq)
    else dropStream(context, raw)
  }
  // also of those that were deleted before
  const runs = 'run' in target ? 'seq = ?' : 'subject = ?'
  for (const { run } of context
    .sql(`SELECT run FROM spanwise_runs WHERE ${runs}`)
    .all('run' in target ? target.run : target.subject))
    eraseSeals(context, runOwner(String(run)))
}

function eraseSeals(context: Context, owner: string): void {
  const token = context.token('subject', owner)
  const { changes } = context
    .sql('UPDATE spanwise_subjects SET secret = NULL, erased_at = coalesce(erased_at, ?2) WHERE token = ?1')
    .run(token, Date.now())
  if (changes > 0) eraseEntries(context, ledgerSeq, (whose) => whose === token)
}
