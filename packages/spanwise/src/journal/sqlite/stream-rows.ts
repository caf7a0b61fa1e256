import type { StreamRef, StreamRow } from '../streams.ts'
import type { Context } from './context.ts'

/** A row as the store needs it; `stands` says whether anybody may see it. */
export interface RawStream extends StreamRow {
  readonly stands: 'open' | 'deleted' | 'expired'
  readonly source: number | undefined
  readonly forkAt: number
  readonly order: string | undefined
  readonly closedBy: string | undefined
  readonly subject: string | undefined
}

export function streamByName(context: Context, { tenant, name }: StreamRef, now: number): RawStream | undefined {
  const row = context
    .sql('SELECT * FROM spanwise_streams WHERE tenant = ? AND name = ?')
    .get(tenant, context.columns.sealName(name))
  return row === undefined ? undefined : toRaw(context, row, now)
}

export function streamBySeq(context: Context, seq: number): RawStream {
  return toRaw(context, context.sql('SELECT * FROM spanwise_streams WHERE seq = ?').get(seq) ?? {}, 0)
}

export function toRaw(context: Context, row: Readonly<Record<string, unknown>>, now: number): RawStream {
  const number = (name: string): number | undefined => (row[name] === null ? undefined : Number(row[name]))
  const text = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]))
  const open = (name: string): string | undefined =>
    row[name] === null ? undefined : context.columns.open(String(row[name]))
  const expires = number('expires')
  return {
    seq: Number(row['seq']),
    tenant: String(row['tenant']),
    name: open('name') ?? '',
    type: String(row['type']),
    json: row['json'] === 1,
    tail: Number(row['tail']),
    ttl: number('ttl'),
    expires,
    closedAt: number('closed_at'),
    digest: open('digest'),
    seal: number('seal'),
    run: text('run'),
    createdAt: Number(row['created']),
    stands: row['deleted'] === 1 ? 'deleted' : expires !== undefined && expires <= now ? 'expired' : 'open',
    source: number('source'),
    forkAt: Number(row['fork_at']),
    order: open('ordering'),
    closedBy: text('closed_by'),
    subject: text('subject'),
  }
}

export function toStreamRow(raw: RawStream): StreamRow {
  const { stands: _, source: _source, forkAt: _at, order: _order, closedBy: _by, subject: _subject, ...row } = raw
  return row
}

export function hasForks(context: Context, seq: number): boolean {
  return context.sql('SELECT 1 FROM spanwise_streams WHERE source = ? LIMIT 1').get(seq) !== undefined
}

/** Takes a stream away; what forks of it need stays until they are gone too. */
export function dropStream(context: Context, raw: RawStream): void {
  if (hasForks(context, raw.seq)) {
    context.sql('UPDATE spanwise_streams SET deleted = 1 WHERE seq = ?').run(raw.seq)
    return
  }
  removeRows(context, raw.seq)
  // what stayed for this one's sake only
  let { source } = raw
  while (source !== undefined) {
    const parent = streamBySeq(context, source)
    if (parent.stands !== 'deleted' || hasForks(context, parent.seq)) return
    removeRows(context, parent.seq)
    source = parent.source
  }
}

export function removeRows(context: Context, seq: number): void {
  context.sql('DELETE FROM spanwise_stream_parts WHERE stream = ?').run(seq)
  context.sql('DELETE FROM spanwise_stream_producers WHERE stream = ?').run(seq)
  context.sql('DELETE FROM spanwise_streams WHERE seq = ?').run(seq)
  context.digests.delete(seq)
}

/** Rows of `s` that a legal hold keeps: on whom they are about, or on the run that made them. */
export const heldStreams = `EXISTS (
  SELECT 1 FROM spanwise_holds WHERE target IN ('subject:' || s.subject, 'run:' || s.run)
    OR target IN (SELECT 'subject:' || subject FROM spanwise_runs WHERE run = s.run))`

export function isStreamHeld(context: Context, { seq }: RawStream): boolean {
  return context.sql(`SELECT 1 FROM spanwise_streams s WHERE s.seq = ? AND ${heldStreams}`).get(seq) !== undefined
}
