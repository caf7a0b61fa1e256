import { randomUUID } from 'node:crypto'
import {
  dueTimes,
  invalidSchedule,
  nextAfter,
  nextFrom,
  readTiming,
  type ScheduleTiming,
  type Timing,
  timingOf,
  timingText,
} from '../engine/index.ts'
import { decode, type Overlap, type Page, type ScheduleRow, SpanwiseError } from '../journal/index.ts'
import type { Backend } from './backend.ts'
import { type Run, runHandle } from './run.ts'
import { type CatchUp, catchUpOf, overlapOf, type SchedulePolicy } from './schedule-options.ts'

/** How a schedule stands. */
export interface ScheduleState {
  readonly id: string
  readonly tenant: string
  readonly workflow: string
  readonly cron: string | undefined
  readonly zone: string | undefined
  /** ms */
  readonly every: number | undefined
  readonly at: Date | undefined
  readonly from: Date | undefined
  readonly until: Date | undefined
  /** ms */
  readonly jitter: number
  readonly overlap: Overlap
  readonly catchUp: CatchUp
  readonly input: unknown
  readonly paused: { readonly at: Date; readonly reason: string } | undefined
  /** the due time that comes next; undefined when there is none any more */
  readonly nextDue: Date | undefined
  /** when that is acted on: later by its jitter; undefined while it is paused */
  readonly wakeAt: Date | undefined
  readonly lastDue: Date | undefined
  /** id of the run that was started last */
  readonly lastRun: string | undefined
  /** runs that due times started, and due times that were left out: by the overlap policy, or missed (up to 1 000 at once) */
  readonly started: number
  readonly skipped: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

export type ScheduleChanges = Partial<ScheduleTiming> & SchedulePolicy

export interface BackfillOptions {
  readonly from: Date
  readonly to: Date
  /** `queue`: one after the other (the default). `allow`: all at once */
  readonly overlap?: 'queue' | 'allow'
  /** only says which due times have not been run */
  readonly dryRun?: boolean
}

export interface BackfillResult {
  readonly due: readonly Date[]
  /** runs that were started or wait for their turn */
  readonly started: number
  /** due times that had been run before */
  readonly existed: number
}

export interface Schedule {
  readonly id: string
  readonly tenant: string
  status(): Promise<ScheduleState>
  /** The next due times. @param count 5 */
  next(count?: number): Promise<readonly Date[]>
  /** What is due until it is resumed is left out. */
  pause(reason?: string): Promise<void>
  /** Goes on with what is due from now on; `backfill` makes up for the pause. */
  resume(): Promise<void>
  /** Changes when it is due, or its policies; the rest by `app.schedule` with the same id. */
  update(changes: ScheduleChanges): Promise<void>
  /** Starts a run now, whatever else is under way. With an id it can be repeated: the same id is the same run. */
  trigger(options?: { readonly id?: string }): Promise<Run<unknown>>
  /** Runs due times of the past, each once: those that were run are not run again. */
  backfill(options: BackfillOptions): Promise<BackfillResult>
  /** Its runs stay, and go on. */
  delete(): Promise<void>
}

export interface ScheduleListOptions {
  readonly workflow?: string
  readonly tenant?: string
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

interface HandleContext {
  readonly now: () => number
  readonly release: string
}

const mostBackfilled = 10_000
const backfillBatch = 100
/** how often a change that somebody else's overtook is tried again */
const patience = 10

export function scheduleHandle(
  backend: Backend,
  ref: { readonly tenant: string; readonly id: string },
  { now, release }: HandleContext,
): Schedule {
  const { tenant, id } = ref
  const read = async (): Promise<ScheduleRow> => {
    const row = await backend.schedule({ tenant, id })
    if (row === undefined) throw unknownSchedule(id)
    return row
  }
  /** What is computed from a row is written only while the row is that one. */
  const whileSame = async <T>(work: (row: ScheduleRow) => Promise<T | undefined>): Promise<T> => {
    for (let tries = 0; tries < patience; tries++) {
      const done = await work(await read())
      if (done !== undefined) return done
    }
    throw new SpanwiseError({
      code: 'SCHEDULE_BUSY',
      message: `Schedule ${id} is being changed by others all the time.`,
      hint: 'Look at it and try again: spanwise schedules.',
    })
  }
  return {
    id,
    tenant,
    status: async () => scheduleState(await read()),
    next: async (count = 5) => upcoming(timingOf((await read()).timing), now(), count),
    async pause(reason = '') {
      const row = await backend.changeSchedule({ tenant, id, pause: reason, at: now() })
      if (row === undefined) throw unknownSchedule(id)
    },
    async resume() {
      await whileSame(async (row) => {
        if (row.paused === undefined) return true
        const resume = nextFrom(row, timingOf(row.timing), now(), false)
        const after = await backend.changeSchedule({ tenant, id, resume, revision: row.revision, at: now() })
        return after?.paused === undefined ? true : undefined
      })
    },
    async update(changes) {
      await whileSame(async (row) => {
        const timing = readTiming(merged(timingOf(row.timing), changes))
        const put = await backend.putSchedule({
          tenant,
          id,
          workflow: row.workflow,
          timing: timingText(timing),
          overlap: overlapOf(changes.overlap ?? row.overlap),
          catchUp: changes.catchUp === undefined ? row.catchUp : catchUpOf(changes.catchUp),
          start: row.start,
          subject: (decode(row.start) as { readonly subject?: string }).subject,
          next: nextFrom(row, timing, now(), true),
          revision: row.revision,
          at: now(),
        })
        return put.state === 'stale' ? undefined : true
      })
    },
    async trigger(options = {}) {
      const mark = options.id ?? randomUUID()
      const run = await whileSame(async (row) => {
        const at = now()
        const fired = await backend.startScheduled({
          tenant,
          id,
          revision: row.revision,
          lane: 'due',
          overlap: 'allow',
          trigger: 'manual',
          runs: [{ due: at, mark }],
          release,
          at,
        })
        return fired.state === 'ok' ? fired.runs[0]?.run : undefined
      })
      return runHandle(backend, run, now, release)
    },
    backfill: (options) => backfill(backend, options, { read, whileSame, now, release }),
    async delete() {
      if (!(await backend.removeSchedule({ tenant, id }))) throw unknownSchedule(id)
    },
  }
}

async function backfill(
  backend: Backend,
  { from, to, overlap = 'queue', dryRun = false }: BackfillOptions,
  handle: HandleContext & {
    read(): Promise<ScheduleRow>
    whileSame<T>(work: (row: ScheduleRow) => Promise<T | undefined>): Promise<T>
  },
): Promise<BackfillResult> {
  const { now, release } = handle
  const [first, last] = [from.getTime(), to.getTime()]
  if (!(first <= last) || last > now()) {
    throw invalidSchedule(
      last > now() ? 'A backfill cannot reach into the future.' : 'The range of the backfill is empty.',
      'Give from and to, both in the past: { from: new Date(…), to: new Date(…) }.',
    )
  }
  const row = await handle.read()
  const due = dueTimes(timingOf(row.timing), first, last, mostBackfilled + 1)
  if (due.length > mostBackfilled) {
    throw invalidSchedule(
      `There are more than ${mostBackfilled} due times in that range.`,
      `Backfill a shorter one: the first ${mostBackfilled} end at ${new Date(due[mostBackfilled - 1] as number).toISOString()}.`,
    )
  }
  const dates = due.map((one) => new Date(one))
  if (dryRun) return { due: dates, started: 0, existed: 0 }
  let started = 0
  let existed = 0
  for (let at = 0; at < due.length; at += backfillBatch) {
    const runs = due.slice(at, at + backfillBatch).map((one) => ({ due: one }))
    const states = await handle.whileSame(async ({ tenant, id, revision }) => {
      const order = { tenant, id, revision, lane: 'backfill', overlap, trigger: 'backfill', runs, release } as const
      const fired = await backend.startScheduled({ ...order, at: now() })
      return fired.state === 'ok' ? fired.runs.map(({ state }) => state) : undefined
    })
    for (const state of states) {
      if (state === 'exists') existed++
      else if (state !== 'skipped') started++
    }
  }
  return { due: dates, started, existed }
}

export async function listSchedules(backend: Backend, options: ScheduleListOptions): Promise<Page<ScheduleState>> {
  const { workflow, tenant, after, limit = 50 } = options
  const page = await backend.schedules({ workflow, tenant, after, limit })
  return { items: page.items.map(scheduleState), after: page.after }
}

/**
 * The next due times of a schedule that need not exist.
 * @example nextTimes({ cron: '0 9 * * MON-FRI', zone: 'Europe/Berlin' }, { count: 3 })
 */
export function nextTimes(
  timing: ScheduleTiming,
  options: { readonly count?: number; readonly from?: Date } = {},
): readonly Date[] {
  return upcoming(readTiming(timing), options.from?.getTime() ?? Date.now(), options.count ?? 5)
}

function upcoming(timing: Timing, now: number, count: number): readonly Date[] {
  const found: Date[] = []
  for (let due = nextAfter(timing, now); due !== undefined && found.length < count; due = nextAfter(timing, due)) {
    found.push(new Date(due))
  }
  return found
}

function merged(timing: Timing, changes: ScheduleChanges): ScheduleTiming {
  const other = changes.cron ?? changes.every ?? changes.at
  const way =
    other !== undefined && changes.cron === undefined
      ? {}
      : timing.kind === 'cron' || changes.cron !== undefined
        ? { cron: changes.cron ?? timing.cron, ...(timing.zone === undefined ? {} : { zone: timing.zone }) }
        : timing.kind === 'every'
          ? { every: timing.every }
          : { at: new Date(timing.at as number) }
  const { from, until, jitter } = timing
  const { overlap: _, catchUp: __, ...when } = changes
  return {
    ...way,
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    jitter,
    ...when,
  } as ScheduleTiming
}

function scheduleState(row: ScheduleRow): ScheduleState {
  const timing = timingOf(row.timing)
  const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms))
  const { input } = decode(row.start) as { readonly input: unknown }
  return {
    id: row.id,
    tenant: row.tenant,
    workflow: row.workflow,
    cron: timing.cron,
    zone: timing.zone,
    every: timing.every,
    at: date(timing.at),
    from: date(timing.from),
    until: date(timing.until),
    jitter: timing.jitter,
    overlap: row.overlap,
    catchUp: row.catchUp === 0 ? 'none' : row.catchUp === 1 ? 'last' : { all: row.catchUp },
    input,
    paused: row.paused === undefined ? undefined : { at: new Date(row.paused.at), reason: row.paused.reason },
    nextDue: date(row.nextDue),
    wakeAt: date(row.wakeAt),
    lastDue: date(row.lastDue),
    lastRun: row.lastRun,
    started: row.started,
    skipped: row.skipped,
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
  }
}

export function unknownSchedule(id: string): SpanwiseError {
  return new SpanwiseError({
    code: 'SCHEDULE_UNKNOWN',
    message: `There is no schedule ${JSON.stringify(id)}.`,
    hint: 'List them: spanwise schedules.',
  })
}
