import type { ClaimQuery, LoadedRun, WorkerInfo } from '../store.ts'
import { firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { noteDeaths, notSuspected, suspectRun } from './deaths.ts'
import { closeWindow } from './debounce.ts'
import { entriesToGoOn } from './entries.ts'
import { tokenKeyOf } from './fork.ts'
import { waitNoLonger, wakeLimitWaits } from './limit-waits.ts'
import { knownRelease, releaseSeq } from './releases.ts'
import { mailOf, type RawRun, selectRun, toRunRow } from './rows.ts'
import { subjectSecret } from './subjects.ts'

/** newer than every release */
const anyRelease = Number.MAX_SAFE_INTEGER
const running = statuses.code('running')
const waiting = statuses.code('waiting')

/** Takes runs that are due and free, best priority first, then by how long they are due. */
export function claim(context: Context, query: ClaimQuery): readonly LoadedRun[] {
  const release = query.release === undefined ? undefined : releaseSeq(context, query.release)
  if (query.held !== undefined) freeOthers(context, query.worker, query.held)
  const rows =
    query.suspect === true
      ? suspectRun(context, query, release ?? anyRelease)
      : query.run === undefined
        ? due(context, query, release)
        : one(context, query, query.run, release)
  return rows.map((raw) => load(context, take(context, raw, query, release)))
}

function one(context: Context, query: ClaimQuery, run: string, release: number | undefined): readonly RawRun[] {
  const raw = context
    .sql(`${selectRun} WHERE r.run = ? AND r.owner IS NULL AND r.status < ${firstTerminal} AND r.release <= ?`)
    .get(run, release ?? anyRelease) as RawRun | undefined
  return raw !== undefined && query.workflows.includes(raw.workflow) ? [raw] : []
}

function due(context: Context, query: ClaimQuery, release: number | undefined): readonly RawRun[] {
  const workflows = JSON.stringify(query.workflows)
  const found: RawRun[] = []
  // one seek per priority in use, so that neither a long queue nor a long night of timers is walked through
  for (let priority = nextPriority(context, undefined); priority !== undefined; ) {
    const rows = context
      .sql(
        `${selectRun} WHERE r.owner IS NULL AND r.wake_at IS NOT NULL AND r.priority = ? AND r.wake_at <= ?
         AND r.workflow IN (SELECT value FROM json_each(?)) AND r.release <= ?
         AND r.seq ${notSuspected} ORDER BY r.wake_at LIMIT ?`,
      )
      .all(priority, query.now, workflows, release ?? anyRelease, query.limit - found.length) as unknown as RawRun[]
    found.push(...rows)
    if (found.length >= query.limit) break
    priority = nextPriority(context, priority)
  }
  return found
}

function nextPriority(context: Context, below: number | undefined): number | undefined {
  const free = 'FROM spanwise_runs WHERE owner IS NULL AND wake_at IS NOT NULL'
  const row =
    below === undefined
      ? context.sql(`SELECT priority ${free} ORDER BY priority DESC LIMIT 1`).get()
      : context.sql(`SELECT priority ${free} AND priority < ? ORDER BY priority DESC LIMIT 1`).get(below)
  return row?.['priority'] as number | undefined
}

function take(
  context: Context,
  raw: RawRun,
  { worker, release: name }: ClaimQuery,
  release: number | undefined,
): RawRun {
  // a run that needs attention says so until its owner has written what moved it
  const status = raw.status <= waiting ? running : raw.status
  waitNoLonger(context, raw.seq)
  // it begins: what is started from now on is another run
  if (raw.epoch === 0) closeWindow(context, raw.seq)
  context
    .sql(
      `UPDATE spanwise_runs SET owner = ?, epoch = epoch + 1, wake_at = NULL, status = ?, release = coalesce(?, release)
       WHERE seq = ?`,
    )
    .run(worker, status, release ?? null, raw.seq)
  return { ...raw, release: name ?? raw.release, owner: worker, epoch: raw.epoch + 1, wake_at: null, status }
}

function load(context: Context, raw: RawRun): LoadedRun {
  const entries = entriesToGoOn(context, raw, raw.base)
  const secrets = new Map<string, Uint8Array>()
  for (const { subject } of entries) {
    if (subject === undefined || secrets.has(subject)) continue
    const secret = subjectSecret(context, subject)
    if (secret !== undefined) secrets.set(subject, secret)
  }
  return {
    row: toRunRow(context, raw),
    entries,
    mail: mailOf(context, raw.seq),
    secrets,
    tokenKey: tokenKeyOf(context, raw.seq),
  }
}

/** The earliest time at which a free run is due. */
export function nextWake(context: Context, workflows?: readonly string[], release?: string): number | undefined {
  const only = workflows === undefined ? '' : ' AND workflow IN (SELECT value FROM json_each(?))'
  const newest = release === undefined ? undefined : knownRelease(context, release)
  const values = [newest ?? anyRelease, ...(workflows === undefined ? [] : [JSON.stringify(workflows)])]
  let earliest: number | undefined
  for (let priority = nextPriority(context, undefined); priority !== undefined; ) {
    const row = context
      .sql(
        `SELECT wake_at FROM spanwise_runs WHERE owner IS NULL AND wake_at IS NOT NULL AND priority = ? AND release <= ?${only} AND seq ${notSuspected}
         ORDER BY wake_at LIMIT 1`,
      )
      .get(priority, ...values)
    const at = row?.['wake_at'] as number | undefined
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at
    priority = nextPriority(context, priority)
  }
  return earliest
}

// ---- workers

const free = `UPDATE spanwise_runs SET owner = NULL, wake_at = 0 WHERE owner IS NOT NULL AND owner`

/** One process works on the file: whoever else owned runs is dead, and they are due at once. */
export function register(context: Context, worker: WorkerInfo): { readonly freed: number } {
  noteDeaths(context, worker)
  context.sql('DELETE FROM spanwise_workers WHERE id <> ?').run(worker.id)
  context
    .sql('INSERT OR REPLACE INTO spanwise_workers (id, pid, host, lease, expires) VALUES (?, ?, ?, ?, ?)')
    .run(worker.id, worker.pid, worker.host, worker.lease, Date.now() + worker.lease)
  const { changes } = context.sql(`${free} <> ?`).run(worker.id)
  wakeLimitWaits(context)
  return { freed: Number(changes) }
}

export function renew(context: Context, worker: string): boolean {
  return (
    context.sql('UPDATE spanwise_workers SET expires = ? + lease WHERE id = ?').run(Date.now(), worker).changes === 1
  )
}

/** Owned by it, and it does not know: the answer that said so was lost. */
function freeOthers(context: Context, worker: string, held: readonly string[]): void {
  context.sql(`${free} = ? AND run NOT IN (SELECT value FROM json_each(?))`).run(worker, JSON.stringify(held))
}

export function unregister(context: Context, worker: string): void {
  context.sql('DELETE FROM spanwise_workers WHERE id = ?').run(worker)
  context.sql(`${free} = ?`).run(worker)
}
