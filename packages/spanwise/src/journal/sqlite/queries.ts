import type { RunStatus } from '../entry.ts'
import type { ApprovalQuery, ApprovalRow, ListQuery, Page, RunRow } from '../store.ts'
import { statuses } from './codes.ts'
import type { Context } from './context.ts'
import { type RawRun, selectApproval, selectRun, toApprovalRow, toRunRow } from './rows.ts'

type Value = string | number

/** Newest first. */
export function list(context: Context, query: ListQuery): Page<RunRow> {
  const where: string[] = []
  const values: Value[] = []
  const only = (sql: string, ...bound: readonly Value[]): void => {
    where.push(sql)
    values.push(...bound)
  }
  // `+` keeps SQLite from sorting all runs of a workflow where walking back from the newest finds a page soon
  if (query.tenant !== undefined) only('+r.tenant = ?', query.tenant)
  if (query.workflow !== undefined) only('r.workflow = ?', query.workflow)
  if (query.status !== undefined) {
    only(
      // with a fingerprint its own index is walked, which has the order of the runs
      `${query.fingerprint === undefined ? '' : '+'}r.status IN (SELECT value FROM json_each(?))`,
      JSON.stringify(query.status.map((name) => statuses.code(name))),
    )
  }
  if (query.fingerprint !== undefined) only('r.fingerprint = ?', query.fingerprint)
  if (query.parent !== undefined) {
    only('r.seq IN (SELECT child_seq FROM spanwise_links WHERE parent_run = ?)', query.parent)
  }
  // a range and not LIKE, which would take % and _ for wildcards and not use the index
  if (query.prefix !== undefined) only('r.run >= ? AND r.run < ?', query.prefix, `${query.prefix}\u{10ffff}`)
  for (const tag of query.tags ?? []) {
    only('r.seq IN (SELECT run_seq FROM spanwise_run_tags WHERE token = ?)', context.token('tag', tag))
  }
  if (query.since !== undefined) only('r.created_at >= ?', query.since)
  if (query.after !== undefined) only('r.seq < ?', fromCursor(query.after))
  const filter = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const rows = context
    .sql(`${selectRun} ${filter} ORDER BY r.seq DESC LIMIT ?`)
    .all(...values, query.limit + 1) as unknown as RawRun[]
  return page(rows, query.limit, (raw) => toRunRow(context, raw))
}

/** Open ones, oldest first. */
export function approvals(context: Context, query: ApprovalQuery): Page<ApprovalRow> {
  const where = ['a.state = 0']
  const values: Value[] = []
  const only = (sql: string, value: Value | undefined): void => {
    if (value === undefined) return
    where.push(sql)
    values.push(value)
  }
  only('a.role = ?', query.role)
  only('r.tenant = ?', query.tenant)
  only('r.run = ?', query.run)
  only('a.seq > ?', query.after === undefined ? undefined : fromCursor(query.after))
  const rows = context
    .sql(`${selectApproval} WHERE ${where.join(' AND ')} ORDER BY a.seq LIMIT ?`)
    .all(...values, query.limit + 1) as unknown as { readonly seq: number }[]
  return page(rows, query.limit, toApprovalRow)
}

export function approval(context: Context, id: string): ApprovalRow | undefined {
  const row = context.sql(`${selectApproval} WHERE a.id = ?`).get(id)
  return row === undefined ? undefined : toApprovalRow(row)
}

export function find(
  context: Context,
  identity: { readonly tenant: string; readonly workflow: string; readonly id: string },
): RunRow | undefined {
  const raw = context
    .sql(`${selectRun} WHERE r.tenant = ? AND r.workflow = ? AND r.id_token = ?`)
    .get(identity.tenant, identity.workflow, context.token('id', identity.id)) as RawRun | undefined
  return raw === undefined ? undefined : toRunRow(context, raw)
}

export function counts(context: Context, tenant: string | undefined): Readonly<Record<RunStatus, number>> {
  const found: Record<RunStatus, number> = {
    queued: 0,
    running: 0,
    waiting: 0,
    'needs attention': 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
  }
  for (const row of context
    .sql('SELECT status, sum(n) AS n FROM spanwise_counts WHERE ?1 IS NULL OR tenant = ?1 GROUP BY status')
    .all(tenant ?? null)) {
    found[statuses.name(Number(row['status']))] = Number(row['n'])
  }
  return found
}

export function page<Raw extends { readonly seq: number }, T>(
  rows: readonly Raw[],
  limit: number,
  map: (raw: Raw) => T,
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(map), after: rows.length > limit && last !== undefined ? toCursor(last.seq) : undefined }
}

export function toCursor(seq: number): string {
  return seq.toString(36)
}

export function fromCursor(text: string): number {
  const seq = Number.parseInt(text, 36)
  return Number.isSafeInteger(seq) ? seq : 0
}
