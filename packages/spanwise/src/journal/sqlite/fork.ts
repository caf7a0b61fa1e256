import { decode, encodeCanonical } from '../codec.ts'
import type { Entry, NewEntry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'
import type { Forked, ForkLink } from '../fork.ts'
import { tokenKey } from '../secret.ts'
import type { NewFork, RunRow } from '../store.ts'
import type { Context } from './context.ts'
import { insertRun, link } from './create.ts'
import { entriesOf, insertEntries } from './entries.ts'
import { type RawRun, runById, toRunRow } from './rows.ts'

/** entries of the source that are in memory at once */
const page = 1_000

/**
 * Makes a run out of a part of another one's history. The copies have leaves and commitments of their own, under the fork's
 * secret: what becomes of the source later changes nothing for the fork. Only erasure goes along.
 */
export function fork(context: Context, order: NewFork): Forked<RunRow> {
  const found = runById(context, order.run)
  if (found !== undefined) return { state: 'exists', row: toRunRow(context, found) }
  const source = runById(context, order.source)
  if (source === undefined) return { state: 'unknown source' }
  const { seq, secret } = insertRun(context, { ...order, status: 'queued' }, context.token('id', order.id))
  const run = { seq, run: order.run }
  copy(context, source, order, run, secret)
  insertEntries(context, run, order.entries, secret)
  for (const child of order.children) {
    const raw = runById(context, child.run)
    if (raw !== undefined) link(context, raw.seq, { run: order.run, key: child.key })
  }
  context
    .sql('INSERT INTO spanwise_forks (run_seq, source, idx, copied_to, token_key) VALUES (?, ?, ?, ?, ?)')
    .run(seq, order.source, order.point, order.copy.to, tokenKeyFor(context, source, order))
  context.sql('UPDATE spanwise_runs SET base = ? WHERE seq = ?').run(order.copy.base, seq)
  return { state: 'created', row: toRunRow(context, runById(context, order.run) as RawRun) }
}

function copy(
  context: Context,
  source: RawRun,
  order: NewFork,
  run: { readonly seq: number; readonly run: string },
  secret: Uint8Array | undefined,
): void {
  const { to } = order.copy
  for (let from = order.copy.from; from < to; ) {
    const entries = entriesOf(context, source, from, Math.min(page, to - from))
    const wanted = entries.filter((entry) => entry.index < to)
    insertEntries(context, run, wanted.map(copied), secret)
    const last = entries.at(-1)
    if (last === undefined) return
    from = last.index + 1
  }
}

function copied(entry: Entry): NewEntry {
  if (entry.erased) {
    throw new SpanwiseError({
      code: 'ERASED',
      message: `Entry ${entry.index} of run ${entry.run} was erased: a fork cannot go on from behind it.`,
      hint: 'Fork the run from that entry or from one before it.',
      run: entry.run,
    })
  }
  const { index, after, at, kind, key, attempt, meta, payload, subject } = entry
  return { index, after, at, kind, key, attempt, meta, payload, input: inputOf(entry), subject }
}

/**
 * The text that was committed to as the operation's input. Of steps it is in the payload; of other operations only the source's
 * commitment is left, which says nothing under another secret: their inputs are not held against the code of a fork.
 */
function inputOf({ kind, payload, commitments, meta }: Entry): string | undefined {
  // what was passed is not what is written: nobody can say any more what it was
  if (meta['redacted'] !== undefined) return undefined
  if (commitments.input === undefined || payload === undefined || !kind.startsWith('step.')) return undefined
  const line = payload.slice(0, payload.indexOf('\n'))
  // what has no parts is written canonically to begin with
  return /^[[{~]/.test(line) ? encodeCanonical(decode(line), 'input') : line
}

/** A subject's secret is the same for both runs, and with it the tokens. */
function tokenKeyFor(context: Context, source: RawRun, { subject }: NewFork): Uint8Array | null {
  if (subject !== undefined) return null
  const before = tokenKeyOf(context, source.seq)
  const own = context.vault.unwrap(source.secret)
  const key = before ?? (own === undefined ? undefined : tokenKey(own))
  return key === undefined ? null : context.vault.wrap(key)
}

export function tokenKeyOf(context: Context, runSeq: number): Uint8Array | undefined {
  const row = context.sql('SELECT token_key FROM spanwise_forks WHERE run_seq = ?').get(runSeq)
  return context.vault.unwrap(row?.['token_key'] as Uint8Array | null | undefined)
}

export function forks(context: Context, source: string): readonly ForkLink[] {
  return context
    .sql(
      `SELECT r.run, f.source, f.idx AS at FROM spanwise_forks f JOIN spanwise_runs r ON r.seq = f.run_seq
       WHERE f.source = ? ORDER BY f.run_seq`,
    )
    .all(source)
    .map((row) => ({ run: String(row['run']), source: String(row['source']), at: Number(row['at']) }))
}
