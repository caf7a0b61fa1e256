import type { EntryKind, Meta } from '../entry.ts'
import { kindCodes } from '../kinds.ts'
import type { DeriveDeliveries } from '../webhooks.ts'
import { approvalStates } from './codes.ts'
import type { Context } from './context.ts'
import { catchUp, rowsFrom, writeRow } from './log.ts'
import type { Row } from './log-state.ts'
import type { RawEntry } from './segment.ts'

/** rows of the log that are read at once: other work of the store waits meanwhile */
const rowsAtOnce = 64
/** how long deliveries are kept that arrived, and those that did not, ms */
const keepDelivered = 7 * 24 * 3_600_000
const keepDead = 90 * 24 * 3_600_000
const goAtOnce = 200

const open = approvalStates.code('open')

const plain = new Map<number, string>(
  (
    [
      ['run.completed', 'run.completed'],
      ['run.failed', 'run.failed'],
      ['run.cancelled', 'run.cancelled'],
      ['run.parked', 'run.needs_attention'],
      ['run.resumed', 'run.resumed'],
      ['approval.decided', 'approval.decided'],
      ['approval.withdrawn', 'approval.withdrawn'],
    ] as const satisfies readonly (readonly [EntryKind, string])[]
  ).map(([kind, type]) => [kindCodes[kind], type]),
)
const requested = kindCodes['approval.requested']
const fired = kindCodes['timer.fired']
const answered = kindCodes['model.result']

export function endOfLog(context: Context): number {
  catchUp(context)
  return context.log.next
}

/** Takes in the next part of the log, in its order. */
export function deriveDeliveries(context: Context, { endpoints, at }: DeriveDeliveries): boolean {
  if (endpoints.length === 0) return true
  writeRow(context)
  const since = new Map(
    context
      .sql('SELECT name, since FROM spanwise_webhooks')
      .all()
      .map((row) => [String(row['name']), Number(row['since'])]),
  )
  const first = Math.min(...endpoints.map(({ name }) => since.get(name) ?? Number.POSITIVE_INFINITY))
  if (first === Number.POSITIVE_INFINITY) return true
  const told = Number(context.sql(`SELECT value FROM spanwise_store WHERE name = 'told'`).get()?.['value'] ?? 1)
  const from = Math.max(told, first)
  letGo(context, at)
  if (from >= endOfLog(context)) return true
  const isAsked = endpoints.some(({ types }) => types.includes('model.changed'))
  const rows: Row[] = []
  for (const row of rowsFrom(context, from)) if (rows.push(row) === rowsAtOnce) break
  for (const { from: pos, to, segment } of rows) {
    for (let i = Math.max(0, from - pos); i < to - pos; i++) {
      const kind = segment.kind(i)
      if (!plain.has(kind) && kind !== requested && kind !== fired && !(isAsked && kind === answered)) continue
      const raw = segment.entry(i)
      if (kind === answered && !raw.meta.includes('"replaced":')) continue
      const run = runOf(context, raw)
      if (run === undefined) continue
      const event = eventOf(context, raw)
      if (event === undefined) continue
      for (const { name, types, workflow, tenant } of endpoints) {
        if ((since.get(name) ?? Number.POSITIVE_INFINITY) > pos + i || !types.includes(event.type)) continue
        if ((workflow ?? run.workflow) !== run.workflow || (tenant ?? run.tenant) !== run.tenant) continue
        insert(context, name, run.run, raw, event, at)
      }
    }
  }
  const next = Math.max(from, rows.at(-1)?.to ?? 0)
  context.sql(`INSERT OR REPLACE INTO spanwise_store (name, value) VALUES ('told', ?)`).run(next)
  return rows.length < rowsAtOnce
}

interface Event {
  readonly type: string
  readonly approval?: string | undefined
}

function eventOf(context: Context, { runSeq, key, index, kind, meta }: RawEntry): Event | undefined {
  if (kind === answered) return { type: 'model.changed' }
  if (kind === fired) return reminderOf(context, runSeq, key)
  if (kind === requested) {
    const { stage = 0 } = (meta === '' ? {} : JSON.parse(meta)) as Meta
    const row = context.sql('SELECT id FROM spanwise_approvals WHERE run_seq = ? AND entry = ?').get(runSeq, index)
    return {
      type: Number(stage) > 0 ? 'approval.escalated' : 'approval.requested',
      approval: row?.['id'] as string | undefined,
    }
  }
  const type = plain.get(kind) as string
  return type.startsWith('approval.') ? { type, approval: approvalAt(context, runSeq, key) } : { type }
}

/** A timer that ends a question, or that reminds of one. */
function reminderOf(context: Context, runSeq: number, key: string): Event | undefined {
  if (/(^|\/)approval#\d+$/.test(key)) return { type: 'approval.expired', approval: approvalAt(context, runSeq, key) }
  const branch = /^(.*)\/reminded\/sleep#\d+$/.exec(key)?.[1]
  if (branch === undefined) return undefined
  const row = context
    .sql(
      `SELECT id FROM spanwise_approvals WHERE run_seq = ?1 AND state = ${open} AND substr(key, 1, length(?2)) = ?2
       ORDER BY seq DESC LIMIT 1`,
    )
    .get(runSeq, `${branch}/decided/`)
  return row === undefined ? undefined : { type: 'approval.reminded', approval: String(row['id']) }
}

function approvalAt(context: Context, runSeq: number, key: string): string | undefined {
  return context
    .sql('SELECT id FROM spanwise_approvals WHERE run_seq = ? AND key = ? ORDER BY seq DESC LIMIT 1')
    .get(runSeq, key)?.['id'] as string | undefined
}

/** Undefined of a run that was deleted, and of what a fork took over: that was told once, of the other run. */
function runOf(
  context: Context,
  { runSeq, index }: RawEntry,
): { readonly run: string; readonly workflow: string; readonly tenant: string } | undefined {
  return context
    .sql(
      `SELECT r.run, r.workflow, r.tenant FROM spanwise_runs r LEFT JOIN spanwise_forks f ON f.run_seq = r.seq
       WHERE r.seq = ?1 AND ?2 >= coalesce(f.copied_to, 0)`,
    )
    .get(runSeq, index) as { run: string; workflow: string; tenant: string } | undefined
}

function insert(context: Context, webhook: string, run: string, raw: RawEntry, event: Event, at: number): void {
  const id = `msg_${context.token('request', JSON.stringify(['delivery', webhook, run, raw.index]))}`
  context
    .sql(
      `INSERT OR IGNORE INTO spanwise_deliveries (id, webhook, type, run_seq, idx, approval, at, state, next_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?8)`,
    )
    .run(id, webhook, event.type, raw.runSeq, raw.index, event.approval ?? null, raw.at, at)
}

function letGo(context: Context, at: number): void {
  context
    .sql(
      `DELETE FROM spanwise_deliveries WHERE seq IN (SELECT seq FROM spanwise_deliveries
       WHERE state > 0 AND updated_at < ?1 AND (state = 1 OR updated_at < ?2) ORDER BY updated_at LIMIT ${goAtOnce})`,
    )
    .run(at - keepDelivered, at - keepDead)
}
