import type { DebounceWindow, NewRun, RunRow } from '../store.ts'
import { statuses } from './codes.ts'
import type { Context } from './context.ts'
import { insertEntries } from './entries.ts'
import { mailWaits } from './mail.ts'
import { releaseSeq } from './releases.ts'
import { type RawRun, runById, selectRun, toRunRow } from './rows.ts'
import { runSecret, subjectSecret } from './subjects.ts'
import { tagRun } from './tags.ts'

const queued = statuses.code('queued')

/** Further starts with this window become part of the run, until it begins. */
export function openWindow(context: Context, runSeq: number, { token, until }: DebounceWindow): void {
  context
    .sql('INSERT OR REPLACE INTO spanwise_debounces (token, run_seq, latest, until) VALUES (?, ?, 0, ?)')
    .run(token, runSeq, until ?? null)
}

export function closeWindow(context: Context, runSeq: number): void {
  context.sql('DELETE FROM spanwise_debounces WHERE run_seq = ?').run(runSeq)
}

/**
 * A start becomes part of the run that its window has: one more entry, which the run begins with, and a later time. Undefined when
 * there is none: it has begun, is about to end, or was erased.
 */
export function debounce(context: Context, run: NewRun, { token, period }: DebounceWindow): RunRow | undefined {
  const window = context.sql('SELECT run_seq, latest, until FROM spanwise_debounces WHERE token = ?').get(token)
  if (window === undefined) return undefined
  const raw = context
    .sql(`${selectRun} WHERE r.seq = ? AND r.epoch = 0 AND r.status = ${queued}`)
    .get(Number(window['run_seq'])) as RawRun | undefined
  // what was started after somebody cancelled is not cancelled
  if (raw === undefined || mailWaits(context, raw.seq, queued)) return undefined
  const secret = raw.subject === null ? runSecret(context, raw.seq) : subjectSecret(context, raw.subject)
  if (secret === undefined) return undefined
  const before = Number(window['latest'])
  const index = before + 1
  const at = Math.max(run.at, raw.updated_at)
  const begins = Math.min(at + period, (window['until'] as number | null) ?? Number.POSITIVE_INFINITY)
  const meta = { ...run.started.meta, begins }
  const entry = { ...run.started, kind: 'run.debounced', index, after: before, at, meta } as const
  insertEntries(context, raw, [entry], secret)
  context
    .sql(
      `UPDATE spanwise_runs SET wake_at = ?, base = ?, priority = ?, deadline = ?, release = max(release, ?),
       updated_at = ? WHERE seq = ?`,
    )
    .run(begins, index, run.priority, run.deadline ?? null, releaseSeq(context, run.release), at, raw.seq)
  tagRun(context, raw.seq, run.tags)
  context.sql('UPDATE spanwise_debounces SET latest = ? WHERE token = ?').run(index, token)
  return toRunRow(context, runById(context, raw.run) as RawRun)
}
