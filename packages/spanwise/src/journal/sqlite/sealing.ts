import type { Entry } from '../entry.ts'
import { nameOf } from '../kinds.ts'
import type { LogEntry, NewSeal, Sealed } from '../log.ts'
import type { Context } from './context.ts'
import { entryAt } from './entries.ts'
import { ledgerRun, ledgerSeq } from './ledger-run.ts'
import { rowsFrom, writeRow } from './log.ts'
import type { Row } from './log-state.ts'
import { placesOf } from './places.ts'
import { runById } from './rows.ts'
import { runSecret, subjectSecret } from './subjects.ts'

/** the log counts from 0; in the table the first position is 1 */
export const firstPosition = 1

export function logSize(context: Context): number {
  // from the table, and nothing of it decoded: a log that is damaged can be counted, so that it can be checked
  writeRow(context)
  const last = context.sql('SELECT pos + n AS next FROM spanwise_segments ORDER BY pos DESC LIMIT 1').get()
  return Number(last?.['next'] ?? firstPosition) - firstPosition
}

export function readLog(
  context: Context,
  { from, limit }: { readonly from: number; readonly limit: number },
): LogEntry[] {
  const runs = new Map<number, LogRun>()
  const runOf = (seq: number): LogRun => {
    const known = runs.get(seq) ?? runOfLog(context, seq)
    runs.set(seq, known)
    return known
  }
  const found: LogEntry[] = []
  walk(context, from, limit, (row, i, position) => {
    const raw = row.segment.entry(i)
    const run = runOf(raw.runSeq)
    const secretOf = (subject: string): Uint8Array | undefined =>
      secretFor(context, run, { runSeq: raw.runSeq, subject })
    const entry =
      readable(() => entryAt(context, run.run, raw, position + firstPosition, secretOf, nameOf(raw.kind))) ??
      // its content does not open: that is for who verifies to say, with all the others
      entryAt(context, run.run, raw, position + firstPosition, () => undefined, nameOf(raw.kind))
    found.push({ ...entry, position, secret: secretOf(raw.subject) })
  })
  return found
}

/** A run as entries of the log need it: one that was let go has its name still. */
export interface LogRun {
  readonly run: string
  readonly subject: string | null
}

export function runOfLog(context: Context, seq: number): LogRun {
  if (seq === ledgerSeq) return { run: ledgerRun(context.id), subject: null }
  return (context.sql('SELECT run, subject FROM spanwise_runs WHERE seq = ?').get(seq) ??
    context.sql('SELECT run, NULL AS subject FROM spanwise_deleted WHERE run_seq = ?').get(seq)) as unknown as LogRun
}

/** What covers an entry: the secret of the subject that it names, else of its run's, else of its run. */
export function secretFor(
  context: Context,
  { subject }: LogRun,
  entry: { readonly runSeq: number; readonly subject: string },
): Uint8Array | undefined {
  const whose = entry.subject === '' ? subject : entry.subject
  return whose === null ? runSecret(context, entry.runSeq) : subjectSecret(context, whose)
}

function readable(read: () => Entry): Entry | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'STORE_UNREADABLE') return undefined
    throw error
  }
}

export function readLeaves(
  context: Context,
  { from, limit }: { readonly from: number; readonly limit: number },
): Uint8Array {
  const parts: Uint8Array[] = []
  walk(context, from, limit, (row, i) => parts.push(row.segment.leaf(i)))
  return new Uint8Array(Buffer.concat(parts))
}

function walk(
  context: Context,
  from: number,
  limit: number,
  take: (row: Row, i: number, position: number) => void,
): void {
  writeRow(context)
  let left = limit
  for (const row of rowsFrom(context, from + firstPosition)) {
    for (let i = Math.max(0, from + firstPosition - row.from); i < row.segment.count; i++) {
      if (left-- <= 0) return
      take(row, i, row.from + i - firstPosition)
    }
  }
}

export function positionOf(
  context: Context,
  { run, index }: { readonly run: string; readonly index: number },
): number | undefined {
  const seq = run === ledgerRun(context.id) ? ledgerSeq : runById(context, run)?.seq
  if (seq === undefined) return undefined
  const [found, position] = placesOf(context, seq, index, 1)
  return found === index && position !== undefined ? position - firstPosition : undefined
}

export function sealed(context: Context): Sealed | undefined {
  return context.sql('SELECT size, note FROM spanwise_checkpoints ORDER BY size DESC LIMIT 1').get() as
    | Sealed
    | undefined
}

export function checkpoints(
  context: Context,
  { from, limit }: { readonly from: number; readonly limit: number },
): Sealed[] {
  return context
    .sql('SELECT size, note FROM spanwise_checkpoints WHERE size >= ? ORDER BY size LIMIT ?')
    .all(from, limit) as unknown as Sealed[]
}

export function seal(context: Context, next: NewSeal): 'ok' | 'stale' {
  if ((sealed(context)?.size ?? 0) !== next.after) return 'stale'
  context.sql('INSERT INTO spanwise_checkpoints (size, note) VALUES (?, ?)').run(next.size, next.note)
  for (const { level, index, root } of next.nodes)
    context.sql('INSERT INTO spanwise_seal_nodes (level, idx, root) VALUES (?, ?, ?)').run(level, index, root)
  return 'ok'
}

export function sealNodes(
  context: Context,
  { level, from, limit }: { readonly level: number; readonly from: number; readonly limit: number },
): Uint8Array {
  const rows = context
    .sql('SELECT root FROM spanwise_seal_nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx')
    .all(level, from, from + limit)
  return new Uint8Array(Buffer.concat(rows.map((row) => row['root'] as Uint8Array)))
}
