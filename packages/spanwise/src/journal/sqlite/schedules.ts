import { SpanwiseError } from '../error.ts'
import type {
  Fired,
  FiredRun,
  NextDue,
  PutResult,
  PutSchedule,
  ScheduleChange,
  ScheduleQuery,
  ScheduleRef,
  ScheduleRow,
} from '../schedules.ts'
import type { Firing, NewRun, Page } from '../store.ts'
import { overlaps, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { send } from './mail.ts'
import { find } from './queries.ts'
import { livingSubject } from './subjects.ts'

/** What can be asked of the store about schedules; part of `operations.ts`. */
export const scheduleOperations = {
  putSchedule: (context: Context, put: PutSchedule) => putSchedule(context, put),
  schedule: (context: Context, ref: ScheduleRef) => byRef(context, ref),
  schedules: (context: Context, query: ScheduleQuery) => listSchedules(context, query),
  changeSchedule: (context: Context, change: ScheduleChange) => changeSchedule(context, change),
  removeSchedule: (context: Context, ref: ScheduleRef): boolean =>
    context
      .sql('DELETE FROM spanwise_schedules WHERE tenant = ? AND id = ?')
      .run(ref.tenant, context.columns.sealName(ref.id)).changes > 0,
  dueSchedules: (context: Context, query: { readonly now: number; readonly limit: number }) =>
    context
      .sql(`${select} WHERE wake_at <= ? ORDER BY wake_at LIMIT ?`)
      .all(query.now, query.limit)
      .map((row) => toScheduleRow(context, row)),
  nextSchedule: (context: Context, _: undefined): number | undefined =>
    context.sql('SELECT wake_at FROM spanwise_schedules WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1').get()?.[
      'wake_at'
    ] as number | undefined,
  fireSchedule: (context: Context, firing: Firing) => fireSchedule(context, firing),
} as const

export const scheduleReads = ['schedule', 'schedules', 'dueSchedules', 'nextSchedule'] as const

const needsAttention = statuses.code('needs attention')
/** runs of one schedule that wait for each other at most; what would be more is left out */
const longestQueue = 10_000

const select = `SELECT seq, tenant, id, workflow, timing, overlap, catch_up, start, subject, revision, paused_at, paused_why,
  next_due, wake_at, last_due, last_run, started, skipped, created_at, updated_at FROM spanwise_schedules`

interface RawSchedule {
  readonly seq: number
  readonly tenant: string
  readonly id: string
  readonly workflow: string
  readonly timing: string
  readonly overlap: number
  readonly catch_up: number
  readonly start: string
  readonly subject: string | null
  readonly revision: number
  readonly paused_at: number | null
  readonly paused_why: string | null
  readonly next_due: number | null
  readonly wake_at: number | null
  readonly last_due: number | null
  readonly last_run: string | null
  readonly started: number
  readonly skipped: number
  readonly created_at: number
  readonly updated_at: number
}

function toScheduleRow({ columns }: Context, row: unknown): ScheduleRow {
  const raw = row as RawSchedule
  return {
    seq: raw.seq,
    tenant: raw.tenant,
    id: columns.open(raw.id),
    workflow: raw.workflow,
    timing: raw.timing,
    overlap: overlaps.name(raw.overlap),
    catchUp: raw.catch_up,
    start: columns.open(raw.start),
    subject: raw.subject ?? undefined,
    revision: raw.revision,
    paused: raw.paused_at === null ? undefined : { at: raw.paused_at, reason: columns.open(raw.paused_why ?? '') },
    nextDue: raw.next_due ?? undefined,
    wakeAt: raw.wake_at ?? undefined,
    lastDue: raw.last_due ?? undefined,
    lastRun: raw.last_run ?? undefined,
    started: raw.started,
    skipped: raw.skipped,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
  }
}

function byRef(context: Context, { tenant, id }: ScheduleRef): ScheduleRow | undefined {
  const row = context.sql(`${select} WHERE tenant = ? AND id = ?`).get(tenant, context.columns.sealName(id))
  return row === undefined ? undefined : toScheduleRow(context, row)
}

function listSchedules(context: Context, query: ScheduleQuery): Page<ScheduleRow> {
  const [afterTenant, afterId] =
    query.after === undefined ? [null, null] : (JSON.parse(query.after) as readonly [string, string])
  const rows = context
    .sql(
      `${select} WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR workflow = ?2)
       AND (?3 IS NULL OR (tenant, id) > (?3, ?4)) ORDER BY tenant, id LIMIT ?5`,
    )
    .all(
      query.tenant ?? null,
      query.workflow ?? null,
      afterTenant,
      afterId === null ? null : context.columns.sealName(afterId),
      query.limit + 1,
    )
    .map((row) => toScheduleRow(context, row))
  const items = rows.slice(0, query.limit)
  const last = items.at(-1)
  const more = rows.length > query.limit && last !== undefined
  return { items, after: more ? JSON.stringify([last.tenant, last.id]) : undefined }
}

function putSchedule(context: Context, put: PutSchedule): PutResult {
  const before = byRef(context, put)
  if (put.revision !== undefined && put.revision !== (before?.revision ?? 0)) return { state: 'stale', row: before }
  const subject = put.subject === undefined ? undefined : livingSubject(context, put.subject).token
  if (before === undefined) {
    context
      .sql(
        `INSERT INTO spanwise_schedules (tenant, id, workflow, timing, overlap, catch_up, start, subject, revision, next_due,
         wake_at, started, skipped, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0, 0, ?, ?)`,
      )
      .run(
        put.tenant,
        context.columns.sealName(put.id),
        put.workflow,
        put.timing,
        overlaps.code(put.overlap),
        put.catchUp,
        context.columns.seal(put.start),
        subject ?? null,
        put.next?.due ?? null,
        put.next?.wakeAt ?? null,
        put.at,
        put.at,
      )
    return { state: 'created', row: byRef(context, put) as ScheduleRow }
  }
  const sameTiming = before.timing === put.timing
  const same =
    sameTiming &&
    before.workflow === put.workflow &&
    before.overlap === put.overlap &&
    before.catchUp === put.catchUp &&
    before.start === put.start &&
    before.subject === subject
  if (same) return { state: 'unchanged', row: before }
  // a timing that is the same goes on where it was: what is due meanwhile must not be lost by another input
  const next = sameTiming ? { due: before.nextDue ?? null, wakeAt: before.wakeAt ?? null } : stopped(before, put.next)
  context
    .sql(
      `UPDATE spanwise_schedules SET workflow = ?, timing = ?, overlap = ?, catch_up = ?, start = ?, subject = ?,
       revision = revision + 1, next_due = ?, wake_at = ?, updated_at = ? WHERE seq = ?`,
    )
    .run(
      put.workflow,
      put.timing,
      overlaps.code(put.overlap),
      put.catchUp,
      context.columns.seal(put.start),
      subject ?? null,
      next.due,
      next.wakeAt,
      put.at,
      before.seq,
    )
  return { state: 'changed', row: byRef(context, put) as ScheduleRow }
}

/** One that is paused knows what is next and does not act on it. */
function stopped(
  { paused }: ScheduleRow,
  next: NextDue | undefined,
): { readonly due: number | null; readonly wakeAt: number | null } {
  return { due: next?.due ?? null, wakeAt: paused === undefined ? (next?.wakeAt ?? null) : null }
}

function changeSchedule(context: Context, change: ScheduleChange): ScheduleRow | undefined {
  const before = byRef(context, change)
  if (before === undefined || (change.revision !== undefined && change.revision !== before.revision)) return before
  if ('pause' in change) {
    if (before.paused !== undefined) return before
    context
      .sql(
        `UPDATE spanwise_schedules SET paused_at = ?, paused_why = ?, wake_at = NULL, revision = revision + 1, updated_at = ?
         WHERE seq = ?`,
      )
      .run(change.at, context.columns.seal(change.pause), change.at, before.seq)
  } else {
    if (before.paused === undefined) return before
    context
      .sql(
        `UPDATE spanwise_schedules SET paused_at = NULL, paused_why = NULL, next_due = ?, wake_at = ?, revision = revision + 1,
         updated_at = ? WHERE seq = ?`,
      )
      .run(change.resume?.due ?? null, change.resume?.wakeAt ?? null, change.at, before.seq)
  }
  return byRef(context, change)
}

/**
 * The one commit that makes a due time happen once: the schedule is moved on if it still stands where the caller found it, and
 * runs are inserted under ids that follow from schedule and due time.
 */
function fireSchedule(context: Context, firing: Firing): Fired {
  const row = context
    .sql('SELECT revision, next_due, paused_at FROM spanwise_schedules WHERE seq = ?')
    .get(firing.seq) as unknown as Pick<RawSchedule, 'revision' | 'next_due' | 'paused_at'> | undefined
  if (row === undefined || row.revision !== firing.revision) return { state: 'stale' }
  const { move } = firing
  if (move !== undefined && (row.next_due !== move.from || row.paused_at !== null)) return { state: 'stale' }
  const told = new Set<string>()
  const runs = firing.runs.map((run) => fire(context, firing, run, told))
  const count = (state: FiredRun['state']): number => runs.filter((run) => run.state === state).length
  const last = runs.findLast((run) => run.state === 'started' || run.state === 'held')
  if (move !== undefined) {
    context
      .sql(
        `UPDATE spanwise_schedules SET next_due = ?, wake_at = ?, last_due = ?, last_run = coalesce(?, last_run),
         started = started + ?, skipped = skipped + ? WHERE seq = ?`,
      )
      .run(
        move.to?.due ?? null,
        move.to?.wakeAt ?? null,
        move.last,
        last?.run ?? null,
        count('started') + count('held'),
        count('skipped') + move.skipped,
        firing.seq,
      )
  } else if (last !== undefined) {
    context.sql('UPDATE spanwise_schedules SET last_run = ? WHERE seq = ?').run(last.run, firing.seq)
  }
  return { state: 'ok', runs, told: [...told] }
}

function fire(context: Context, firing: Firing, run: NewRun, told: Set<string>): FiredRun {
  const found = find(context, run)
  if (found !== undefined) return { run: found.run, state: 'exists' }
  const lane = lanes.indexOf(firing.lane)
  const open = openRuns(context, firing.seq, lane)
  const full = open.length >= longestQueue
  if (open.length > 0 && (firing.overlap === 'skip' || (full && firing.overlap !== 'allow'))) {
    return { run: run.run, state: 'skipped' }
  }
  const held = open.length > 0 && firing.overlap !== 'allow'
  if (firing.overlap === 'cancel') {
    for (const other of open) {
      const payload = JSON.stringify({ reason: 'the next due time of its schedule came' })
      const sent = send(context, { run: other, kind: 'cancel', name: '', payload, at: firing.at })
      if (sent.state === 'ok') told.add(other)
    }
  }
  const made = create(context, run)
  if (made.state !== 'created') throw strange(run)
  context
    .sql('INSERT INTO spanwise_schedule_runs (run_seq, schedule, lane, held) VALUES (?, ?, ?, ?)')
    .run(made.row.seq, firing.seq, lane, held ? 1 : 0)
  // its end is looked at; and while it is held it is not due
  context
    .sql('UPDATE spanwise_runs SET linked = 1, wake_at = iif(?, NULL, wake_at) WHERE seq = ?')
    .run(held ? 1 : 0, made.row.seq)
  return { run: made.row.run, state: held ? 'held' : 'started' }
}

const lanes: readonly Firing['lane'][] = ['due', 'backfill']

function openRuns(context: Context, schedule: number, lane: number): readonly string[] {
  return context
    .sql(
      `SELECT r.run FROM spanwise_schedule_runs s JOIN spanwise_runs r ON r.seq = s.run_seq
       WHERE s.schedule = ? AND s.lane = ? AND r.status < ${needsAttention} ORDER BY s.run_seq`,
    )
    .all(schedule, lane)
    .map((row) => String(row['run']))
}

function strange(run: NewRun): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_CONFLICT',
    message: `The run ${run.run} of a schedule could not be started: another one has its id.`,
    hint: 'This is a bug in Spanwise; nothing was written. Please report it.',
    run: run.run,
  })
}
