import type { Entry, Meta, NewEntry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'
import { kindCodes, kindOf } from '../kinds.ts'
import { metaText } from '../leaf.ts'
import { seal, unseal } from '../seal.ts'
import type { Context } from './context.ts'
import { erasedFlag, inBlob, loadPayload, storePayload } from './payloads.ts'
import { subjectSecret } from './subjects.ts'

/** The one place where history is written. `own` is the secret of the run, used where the entry names no subject. */
export function insertEntry(
  context: Context,
  run: { readonly seq: number; readonly run: string },
  entry: NewEntry,
  own: Uint8Array | undefined,
): void {
  const { subject } = entry
  const secret = subject === undefined ? own : subjectSecret(context, subject)
  if (secret === undefined) throw erasedError(run.run, subject)
  const meta = metaText(entry.meta)
  const payload = storePayload(entry.payload)
  const { lastInsertRowid } = context.hot.insertEntry.run(
    run.seq,
    entry.index,
    entry.after,
    entry.at,
    kindCodes[entry.kind],
    entry.key,
    entry.attempt,
    meta === '{}' ? null : meta,
    payload.column,
    payload.flags,
    subject ?? null,
    seal(secret, run.run, entry, meta),
  )
  if (payload.flags & inBlob) {
    context.sql('INSERT INTO spanwise_blobs (entry_seq, data) VALUES (?, ?)').run(lastInsertRowid, payload.blob ?? null)
  }
}

interface RawEntry {
  readonly seq: number
  readonly idx: number
  readonly after: number
  readonly at: number
  readonly kind: number
  readonly key: string
  readonly attempt: number
  readonly meta: string | null
  readonly payload: string | Uint8Array | null
  readonly flags: number
  readonly subject: string | null
  readonly proof: Uint8Array
}

const noMeta: Meta = Object.freeze({})

export function entriesOf(
  context: Context,
  run: { readonly seq: number; readonly run: string },
  from: number,
  limit = -1,
): readonly Entry[] {
  const rows = context
    .sql(
      `SELECT seq, idx, after, at, kind, key, attempt, meta, payload, flags, subject, proof
       FROM spanwise_entries WHERE run_seq = ? AND idx >= ? ORDER BY idx LIMIT ?`,
    )
    .all(run.seq, from, limit) as unknown as RawEntry[]
  return rows.map((raw) => toEntry(context, run.run, raw))
}

function toEntry(context: Context, run: string, raw: RawEntry): Entry {
  const kind = kindOf(raw.kind)
  if (kind === undefined) throw new RangeError(`no such entry kind in this version: ${raw.kind}`)
  return {
    run,
    index: raw.idx,
    after: raw.after,
    at: raw.at,
    kind,
    key: raw.key,
    attempt: raw.attempt,
    meta: raw.meta === null ? noMeta : (JSON.parse(raw.meta) as Meta),
    payload: loadPayload(context, raw.seq, raw.payload, raw.flags),
    erased: (raw.flags & erasedFlag) !== 0,
    subject: raw.subject ?? undefined,
    ...unseal(raw.proof),
  }
}

function erasedError(run: string, subject: string | undefined): SpanwiseError {
  return new SpanwiseError({
    code: 'SUBJECT_ERASED',
    message: `Nothing can be recorded in run ${run}: ${subject === undefined ? 'its subject or the run itself' : `its subject ${subject}`} was erased.`,
    hint: 'Cancel the run; start a new one under a new subject if there is a ground for it.',
    run,
  })
}
