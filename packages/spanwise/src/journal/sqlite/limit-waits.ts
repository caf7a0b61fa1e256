import type { Context } from './context.ts'

/** The run is free and waits for a limit. */
export function waitForLimit(context: Context, runSeq: number): void {
  context.sql('INSERT OR IGNORE INTO spanwise_limit_waits (run_seq) VALUES (?)').run(runSeq)
}

/** Somebody has it. */
export function waitNoLonger(context: Context, runSeq: number): void {
  context.sql('DELETE FROM spanwise_limit_waits WHERE run_seq = ?').run(runSeq)
}

/** Nobody knows any more what they wait for: they are due, and ask again. */
export function wakeLimitWaits(context: Context): void {
  context
    .sql(
      `UPDATE spanwise_runs SET wake_at = 0 WHERE owner IS NULL AND seq IN (SELECT run_seq FROM spanwise_limit_waits)`,
    )
    .run()
  context.sql('DELETE FROM spanwise_limit_waits').run()
}
