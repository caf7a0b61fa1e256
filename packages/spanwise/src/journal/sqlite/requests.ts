import type { RememberedRequest } from '../store.ts'
import type { Context } from './context.ts'

/** Rows that are let go at once: one more than is put in, so that the table shrinks and no request pays for all. */
const goAtOnce = 2

/** What came of this request before: the run's number, and whether it came with the same input. */
export function remembered(
  context: Context,
  { token, input }: RememberedRequest,
  at: number,
): { readonly runSeq: number; readonly isSame: boolean } | undefined {
  const row = context.sql('SELECT input, run_seq FROM spanwise_requests WHERE token = ? AND until > ?').get(token, at)
  return row === undefined ? undefined : { runSeq: Number(row['run_seq']), isSame: row['input'] === input }
}

/** In the commit that does what was asked for. */
export function remember(
  context: Context,
  { token, input, until }: RememberedRequest,
  runSeq: number,
  at: number,
): void {
  context
    .sql(
      `DELETE FROM spanwise_requests WHERE token IN
       (SELECT token FROM spanwise_requests WHERE until <= ? ORDER BY until LIMIT ${goAtOnce})`,
    )
    .run(at)
  context
    .sql('INSERT OR REPLACE INTO spanwise_requests (token, input, run_seq, until) VALUES (?, ?, ?, ?)')
    .run(token, input, runSeq, until)
}
