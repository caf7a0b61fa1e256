import type { Condemned, Death } from '../deaths.ts'
import type { ClaimQuery, WorkerInfo } from '../store.ts'
import { firstTerminal } from './codes.ts'
import type { Context } from './context.ts'
import { lastIndex } from './places.ts'
import { type RawRun, selectRun } from './rows.ts'

const noted = 0
const suspect = 1
const onTrial = 2
const condemned = 3

/** deaths that are kept of a run */
const kept = 10

/** Seen by whoever takes over, before it frees what dead workers owned. */
export function noteDeaths(context: Context, { id, crashLimit }: WorkerInfo): void {
  if (crashLimit === undefined) return
  const rows = context
    .sql(
      `SELECT r.seq, r.owner, w.pid, w.host, d.count, d.state, d.passed, d.step, d.deaths
       FROM spanwise_runs r LEFT JOIN spanwise_workers w ON w.id = r.owner LEFT JOIN spanwise_deaths d ON d.run_seq = r.seq
       WHERE r.owner IS NOT NULL AND r.owner <> ? AND r.status < ${firstTerminal}`,
    )
    .all(id)
  const at = Date.now()
  for (const row of rows) {
    const seq = row['seq'] as number
    const index = lastIndex(context, seq)
    const before = row['deaths'] === null ? [] : (JSON.parse(row['deaths'] as string) as Death[])
    const again = before.at(-1)?.index === index
    const tried = row['state'] === onTrial
    const most = tried ? crashLimit : crashLimit - 1
    const count = again ? Math.min((row['count'] as number) + 1, most) : 1
    const death: Death = {
      at,
      worker: row['owner'] as string,
      pid: (row['pid'] as number | null) ?? undefined,
      host: (row['host'] as string | null) ?? undefined,
      index,
      step: (row['step'] as string | null) ?? undefined,
    }
    const state = count >= crashLimit ? condemned : count >= crashLimit - 1 ? suspect : noted
    context
      .sql('INSERT OR REPLACE INTO spanwise_deaths (run_seq, count, state, passed, deaths) VALUES (?, ?, ?, ?, ?)')
      .run(
        seq,
        count,
        state,
        again ? ((row['passed'] as number | null) ?? 0) : 0,
        JSON.stringify([...(again ? before : []), death].slice(-kept)),
      )
  }
  // its trial ended with its worker, though not by its death
  context.sql(`UPDATE spanwise_deaths SET state = ${suspect} WHERE state = ${onTrial}`).run()
}

/** It left memory in order. */
export function forgetDeaths(context: Context, runSeq: number): void {
  context.sql('DELETE FROM spanwise_deaths WHERE run_seq = ?').run(runSeq)
}

export function suspects(context: Context): { readonly waiting: number; readonly condemned: readonly Condemned[] } {
  const waiting = context
    .sql(
      `SELECT count(*) AS n FROM spanwise_deaths d JOIN spanwise_runs r ON r.seq = d.run_seq
       WHERE d.state = ${suspect} AND r.owner IS NULL AND r.wake_at IS NOT NULL`,
    )
    .get()?.['n'] as number
  const rows = context
    .sql(
      `SELECT r.run, d.deaths FROM spanwise_deaths d JOIN spanwise_runs r ON r.seq = d.run_seq
       WHERE d.state = ${condemned} AND r.status < ${firstTerminal}`,
    )
    .all()
  return {
    waiting,
    condemned: rows.map((row) => ({
      run: row['run'] as string,
      deaths: JSON.parse(row['deaths'] as string) as Death[],
    })),
  }
}

export function trials(context: Context, run: string): number {
  const row = context
    .sql('SELECT passed FROM spanwise_deaths WHERE run_seq = (SELECT seq FROM spanwise_runs WHERE run = ?)')
    .get(run)
  return (row?.['passed'] as number | undefined) ?? 0
}

export function tries(context: Context, { run, step }: { readonly run: string; readonly step: string }): void {
  context
    .sql('UPDATE spanwise_deaths SET step = ? WHERE run_seq = (SELECT seq FROM spanwise_runs WHERE run = ?)')
    .run(step, run)
}

export function tried(context: Context, { run, wentOn }: { readonly run: string; readonly wentOn: boolean }): void {
  const where = 'WHERE run_seq = (SELECT seq FROM spanwise_runs WHERE run = ?)'
  if (wentOn) context.sql(`DELETE FROM spanwise_deaths ${where}`).run(run)
  else context.sql(`UPDATE spanwise_deaths SET state = ${suspect}, passed = passed + 1, step = NULL ${where}`).run(run)
}

/** runs that are not claimed with the others */
export const notSuspected = 'NOT IN (SELECT run_seq FROM spanwise_deaths WHERE state > 0)'

/** The suspect that was tried least: alone. */
export function suspectRun(context: Context, query: ClaimQuery, release: number): readonly RawRun[] {
  const raw = context
    .sql(
      `${selectRun} JOIN spanwise_deaths d ON d.run_seq = r.seq WHERE d.state = ${suspect} AND r.owner IS NULL
       AND r.wake_at <= ? AND r.workflow IN (SELECT value FROM json_each(?)) AND r.release <= ?
       ORDER BY d.passed, r.wake_at LIMIT 1`,
    )
    .get(query.now, JSON.stringify(query.workflows), release) as RawRun | undefined
  if (raw === undefined) return []
  context.sql(`UPDATE spanwise_deaths SET state = ${onTrial} WHERE run_seq = ?`).run(raw.seq)
  return [raw]
}
