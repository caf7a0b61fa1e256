import type { Vault } from '../encryption/vault.ts'
import type { Entry, EntryKind, Meta, NewEntry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'
import { codeOf, kindOf } from '../kinds.ts'
import { metaText } from '../leaf.ts'
import { seal, unseal } from '../seal.ts'
import { archivedPayloads, ownSecret } from './archived.ts'
import type { Context } from './context.ts'
import { ledgerRun, ledgerSeq } from './ledger-run.ts'
import { appendRaw, rowAt, writeRow } from './log.ts'
import type { Row } from './log-state.ts'
import { archivedFlag, encryptedFlag, erasedFlag, inBlob, loadPayload, storePayload } from './payloads.ts'
import { checkOrder, placesBefore, placesOf } from './places.ts'
import { type RawEntry, segmentWriter } from './segment.ts'
import { subjectSecret } from './subjects.ts'

type Run = { readonly seq: number; readonly run: string }

/** The one place where history is written. `own` is the secret of the run, used where an entry names no subject. */
export function insertEntries(
  context: Context,
  run: Run,
  entries: readonly NewEntry[],
  own: Uint8Array | undefined,
): void {
  checkOrder(context, run, entries)
  for (const entry of entries) insertEntry(context, run, entry, own)
}

function insertEntry(context: Context, run: Run, entry: NewEntry, own: Uint8Array | undefined): void {
  const { subject } = entry
  const secret = subject === undefined ? own : subjectSecret(context, subject)
  if (secret === undefined) throw erasedError(run.run, subject)
  const meta = metaText(entry.meta)
  const { payload, flags, blob } = storePayload(context, entry.payload, { run: run.run, index: entry.index, secret })
  const position = appendRaw(context, {
    runSeq: run.seq,
    index: entry.index,
    after: entry.after,
    at: entry.at,
    kind: codeOf(entry.kind),
    key: entry.key,
    attempt: entry.attempt,
    meta: meta === '{}' ? '' : meta,
    payload,
    flags,
    subject: subject ?? '',
    proof: seal(secret, run.run, entry, meta),
  })
  if (blob !== undefined) context.sql('INSERT INTO spanwise_blobs (pos, data) VALUES (?, ?)').run(position, blob)
  if (subject !== undefined) noteSubject(context, subject, run.seq)
}

function noteSubject(context: Context, subject: string, runSeq: number): void {
  const { aboutSubjects } = context.log
  const name = `${subject} ${runSeq}`
  if (aboutSubjects.has(name)) return
  context.sql('INSERT OR IGNORE INTO spanwise_subject_runs (subject, run_seq) VALUES (?, ?)').run(subject, runSeq)
  aboutSubjects.add(name)
}

export function entriesOf(context: Context, run: Run, from: number, limit = -1): readonly Entry[] {
  // what this transaction has appended is read too
  writeRow(context)
  return entriesAt(context, run, placesOf(context, run.seq, from, limit))
}

/**
 * What it takes to go on: without the history that the last snapshot of a loop stands for, where that says what it stands on. A run of
 * 10 000 rounds is read as one of ten is.
 */
export function entriesToGoOn(context: Context, run: Run, from: number): readonly Entry[] {
  writeRow(context)
  const last: Entry[][] = []
  let to = Number.MAX_SAFE_INTEGER
  for (let limit = 64; ; limit = Math.min(limit * 2, 1024)) {
    const places = placesBefore(context, run.seq, to, limit)
    while (places.length > 0 && (places[0] as number) < from) places.splice(0, 2)
    const entries = entriesAt(context, run, places)
    const at = entries.findLastIndex(({ kind, meta }) => marks.has(kind) || isGrounded(kind, meta))
    const found = entries[at]
    // what was resumed or forked needs the history that this supersedes
    if (found !== undefined && marks.has(found.kind)) return entriesOf(context, run, from)
    if (found !== undefined) {
      const ground = Number(found.meta['ground'])
      const before = entriesAt(context, run, upTo(placesOf(context, run.seq, from, ground + 1 - from), ground))
      return [...before, ...entries.slice(at), ...last.reverse().flat()]
    }
    last.push([...entries])
    if (places.length < limit * 2) return last.reverse().flat()
    to = places[0] as number
  }
}

const marks: ReadonlySet<EntryKind> = new Set(['run.resumed', 'run.forked'])

function isGrounded(kind: EntryKind, meta: Meta): boolean {
  return kind === 'scope.snapshot' && typeof meta['ground'] === 'number'
}

function upTo(places: readonly number[], index: number): readonly number[] {
  return places.filter((_, i) => (places[i - (i % 2)] as number) <= index)
}

function entriesAt(context: Context, run: Run, places: readonly number[]): readonly Entry[] {
  const entries: Entry[] = []
  const secretOf = secretsOf(context, run.seq)
  let row: Row | undefined
  let archived = false
  for (let i = 1; i < places.length; i += 2) {
    const position = places[i] as number
    if (row === undefined || position < row.from || position >= row.to) row = rowAt(context, position)
    const raw = row.segment.entry(position - row.from)
    archived ||= (raw.flags & archivedFlag) !== 0
    entries.push(entryAt(context, run.run, raw, position, secretOf))
  }
  return archived ? withPayloads(entries, archivedPayloads(context, run.seq)) : entries
}

function withPayloads(entries: readonly Entry[], payloads: ReadonlyMap<number, string> | undefined): readonly Entry[] {
  return entries.map((entry) => {
    const payload = entry.payload ?? payloads?.get(entry.index)
    if (payload === undefined) return entry
    const { archived: _, ...read } = entry
    return { ...read, payload, erased: false }
  })
}

/** how many are looked at together on the way back */
const stride = 32

/** The latest entry of a kind. */
export function latestOf(context: Context, run: Run, kind: EntryKind): Entry | undefined {
  writeRow(context)
  const places = placesOf(context, run.seq, 0)
  for (let i = places.length - 1; i > 0; i -= 2 * stride) {
    const from = places[Math.max(0, i - 1 - 2 * (stride - 1))] as number
    const found = entriesOf(context, run, from, stride).findLast((entry) => entry.kind === kind)
    if (found !== undefined) return found
  }
  return undefined
}

const noMeta: Meta = Object.freeze({})

/** What covers a run's entries, by the subject that they name; '' for none. */
export function secretsOf(context: Context, runSeq: number): (subject: string) => Uint8Array | undefined {
  let own: { readonly secret: Uint8Array | undefined } | undefined
  return (subject) => {
    if (subject !== '') return subjectSecret(context, subject)
    own ??= { secret: ownSecret(context, runSeq) }
    return own.secret
  }
}

function knownKind(context: Context, run: string, raw: RawEntry): EntryKind {
  const kind = kindOf(raw.kind)
  if (kind !== undefined) return kind
  throw new SpanwiseError({
    code: 'STORE_TOO_NEW',
    message: `Entry ${raw.index} of run ${run} in ${context.where} is of kind ${raw.kind}, which this version of Spanwise does not know.`,
    hint: 'Upgrade Spanwise to the version that wrote it, or newer.',
    run,
  })
}

/** An entry of the log, as everybody reads it. */
export function entryAt(
  context: Context,
  run: string,
  raw: RawEntry,
  position: number,
  secretOf: (subject: string) => Uint8Array | undefined = secretsOf(context, raw.runSeq),
  kind: EntryKind = knownKind(context, run, raw),
): Entry {
  return {
    run,
    index: raw.index,
    after: raw.after,
    at: raw.at,
    kind,
    key: raw.key,
    attempt: raw.attempt,
    meta: raw.meta === '' ? noMeta : (JSON.parse(raw.meta) as Meta),
    payload: loadPayload(context, { position, payload: raw.payload, flags: raw.flags }, () => ({
      run,
      index: raw.index,
      secret: secretOf(raw.subject),
    })),
    erased: (raw.flags & erasedFlag) !== 0,
    ...((raw.flags & archivedFlag) === 0 ? {} : { archived: true }),
    ...(context.vault.state === 'locked' && (raw.flags & encryptedFlag) !== 0 ? { locked: true } : {}),
    subject: raw.subject === '' ? undefined : raw.subject,
    ...unseal(raw.proof),
  }
}

/** Takes the content of a run's entries away, of those that `whose` names; leaves and commitments stay. */
export function eraseEntries(
  context: Context,
  runSeq: number,
  whose: (subject: string | undefined, index: number) => boolean,
): void {
  rewrite(context, [runSeq], (raw, position) => {
    if (!whose(raw.subject === '' ? undefined : raw.subject, raw.index)) return raw
    if (raw.payload === undefined && raw.flags === 0) return raw
    if (raw.flags & inBlob) context.sql('DELETE FROM spanwise_blobs WHERE pos = ?').run(position)
    return { ...raw, payload: undefined, flags: erasedFlag }
  })
}

/** Their payloads are in a file from now on: what was erased before stays erased. */
export function archiveEntries(context: Context, runSeqs: readonly number[]): void {
  rewrite(context, runSeqs, (raw, position) => {
    if (raw.payload === undefined && (raw.flags & inBlob) === 0) return raw
    if (raw.flags & inBlob) context.sql('DELETE FROM spanwise_blobs WHERE pos = ?').run(position)
    return { ...raw, payload: undefined, flags: erasedFlag | archivedFlag }
  })
}

/** The other way round: what is not among the payloads was erased meanwhile. */
export function unarchiveEntries(context: Context, run: Run, payloads: ReadonlyMap<number, string>): void {
  const secretOf = secretsOf(context, run.seq)
  rewrite(context, [run.seq], (raw, position) => {
    if ((raw.flags & archivedFlag) === 0) return raw
    const text = payloads.get(raw.index)
    if (text === undefined) return { ...raw, flags: erasedFlag }
    const owner = { run: run.run, index: raw.index, secret: secretOf(raw.subject) }
    const { payload, flags, blob } = storePayload(context, text, owner)
    if (blob !== undefined) context.sql('INSERT INTO spanwise_blobs (pos, data) VALUES (?, ?)').run(position, blob)
    return { ...raw, payload, flags }
  })
}

/** Payloads that stand in clear are encrypted, row by row of the whole log. */
export function encryptEntries(context: Context, vault: Vault, progress: (done: number) => void): void {
  const to = { ...context, vault }
  const runs = new Map<number, { readonly run: string; readonly secretOf: ReturnType<typeof secretsOf> }>()
  const runOf = (seq: number) => {
    let run = runs.get(seq)
    if (run === undefined) {
      const row = context.sql('SELECT run FROM spanwise_runs WHERE seq = ?').get(seq)
      const name = seq === ledgerSeq ? ledgerRun(context.id) : String(row?.['run'])
      run = { run: name, secretOf: secretsOf(context, seq) }
      runs.set(seq, run)
    }
    return run
  }
  for (let next = 1; ; ) {
    const found = context.sql('SELECT min(pos) AS pos FROM spanwise_segments WHERE pos >= ?').get(next)?.['pos'] as
      | number
      | null
    if (found === null) break
    const row = rowAt(context, found)
    const writer = segmentWriter()
    for (let i = 0; i < row.segment.count; i++) {
      const raw = row.segment.entry(i)
      const position = row.from + i
      const { run, secretOf } = runOf(raw.runSeq)
      const owner = { run, index: raw.index, secret: secretOf(raw.subject) }
      const text = loadPayload(context, { position, payload: raw.payload, flags: raw.flags }, () => owner)
      if (text === undefined) {
        writer.add(raw)
        continue
      }
      const { payload, flags, blob } = storePayload(to, text, owner)
      if (raw.flags & inBlob) context.sql('DELETE FROM spanwise_blobs WHERE pos = ?').run(position)
      if (blob !== undefined) context.sql('INSERT INTO spanwise_blobs (pos, data) VALUES (?, ?)').run(position, blob)
      writer.add({ ...raw, payload, flags })
    }
    context.sql('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(writer.take(), row.from)
    next = row.to
    progress(next - 1)
  }
  context.log.rows.length = 0
}

/** Writes entries of some runs anew, each row of the log once. Proofs and positions stay what they are. */
function rewrite(
  context: Context,
  runSeqs: readonly number[],
  change: (raw: RawEntry, position: number) => RawEntry,
): void {
  writeRow(context)
  const runs = new Set(runSeqs)
  const positions = runSeqs.flatMap((runSeq) => placesOf(context, runSeq, 0).filter((_, i) => i % 2 === 1))
  let done = 0
  for (const position of positions.sort((a, b) => a - b)) {
    if (position < done) continue
    const row = rowAt(context, position)
    const writer = segmentWriter()
    let changed = false
    for (let i = 0; i < row.segment.count; i++) {
      const raw = row.segment.entry(i)
      const now = runs.has(raw.runSeq) ? change(raw, row.from + i) : raw
      changed ||= now !== raw
      writer.add(now)
    }
    if (changed) context.sql('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(writer.take(), row.from)
    done = row.to
  }
  context.log.rows.length = 0
}

function erasedError(run: string, subject: string | undefined): SpanwiseError {
  return new SpanwiseError({
    code: 'SUBJECT_ERASED',
    message: `Nothing can be recorded in run ${run}: ${subject === undefined ? 'its subject or the run itself' : `its subject ${subject}`} was erased.`,
    hint: 'Cancel the run; start a new one under a new subject if there is a ground for it.',
    run,
  })
}
