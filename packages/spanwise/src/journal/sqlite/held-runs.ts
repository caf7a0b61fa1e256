import { statuses } from './codes.ts'
import type { Context } from './context.ts'

const needsAttention = statuses.code('needs attention')

/**
 * A run has ended, or parked for attention: the one that waits for it begins, if no other stands in its way. Answers who was
 * made due.
 */
export function releaseHeld(context: Context, runSeq: number, ended: boolean, at: number): readonly string[] {
  const row = context.sql('SELECT schedule, lane FROM spanwise_schedule_runs WHERE run_seq = ?').get(runSeq)
  if (row === undefined) return []
  if (ended) context.sql('DELETE FROM spanwise_schedule_runs WHERE run_seq = ?').run(runSeq)
  const where = [Number(row['schedule']), Number(row['lane'])] as const
  const inTheWay = context
    .sql(
      `SELECT 1 FROM spanwise_schedule_runs s JOIN spanwise_runs r ON r.seq = s.run_seq
       WHERE s.schedule = ? AND s.lane = ? AND s.held = 0 AND s.run_seq <> ? AND r.status < ${needsAttention} LIMIT 1`,
    )
    .get(...where, runSeq)
  if (inTheWay !== undefined) return []
  const next = context
    .sql(
      `SELECT r.seq, r.run FROM spanwise_schedule_runs s JOIN spanwise_runs r ON r.seq = s.run_seq
       WHERE s.schedule = ? AND s.lane = ? AND s.held = 1 AND s.run_seq <> ? ORDER BY s.run_seq LIMIT 1`,
    )
    .get(...where, runSeq)
  if (next === undefined) return []
  context.sql('UPDATE spanwise_schedule_runs SET held = 0 WHERE run_seq = ?').run(Number(next['seq']))
  context
    .sql('UPDATE spanwise_runs SET wake_at = min(coalesce(wake_at, ?1), ?1) WHERE seq = ?2 AND owner IS NULL')
    .run(at, Number(next['seq']))
  return [String(next['run'])]
}
