import type { Page } from './page.ts'

/**
 * The part of a store that keeps schedules. It knows nothing of cron: whoever moves a schedule on says which due times are run
 * and when the next one is, and the store starts their runs in the same commit.
 */
export interface ScheduleStore<Run> {
  /** Inserts, or brings the one with this id to this definition. What is the same keeps its place in time. */
  putSchedule(put: PutSchedule): Promise<PutResult>
  schedule(ref: ScheduleRef): Promise<ScheduleRow | undefined>
  /** By tenant, then id; in an encrypted store in an order of its own, which stays the same. */
  schedules(query: ScheduleQuery): Promise<Page<ScheduleRow>>
  /** Pauses it, or lets it go on from a time. */
  changeSchedule(change: ScheduleChange): Promise<ScheduleRow | undefined>
  /** Its runs stay; those that wait for each other go on doing so. False when there is none. */
  removeSchedule(ref: ScheduleRef): Promise<boolean>
  /** Those to be moved on now, longest due first. */
  dueSchedules(now: number, limit: number): Promise<readonly ScheduleRow[]>
  /** When the earliest is to be moved on, ms; undefined when none is. */
  nextSchedule(): Promise<number | undefined>
  /** Moves a schedule on and starts runs, in one commit; `stale` when it is not as the caller believes, and nothing is written. */
  fireSchedule(firing: FiringOf<Run>): Promise<Fired>
}

export interface ScheduleRef {
  readonly tenant: string
  readonly id: string
}

/**
 * What becomes of a due time while an earlier run of the schedule is queued, running or waiting. One that needs attention holds
 * nothing up.
 */
export type Overlap = 'skip' | 'queue' | 'cancel' | 'allow'

export interface PutSchedule extends ScheduleRef {
  readonly workflow: string
  /** codec text: when it is due; the same text is the same timing */
  readonly timing: string
  readonly overlap: Overlap
  /** how many missed due times are made up for, the latest ones */
  readonly catchUp: number
  /** codec text: what every run of it is started with */
  readonly start: string
  /** readable; erasing it removes the schedule */
  readonly subject: string | undefined
  /** where a new timing begins */
  readonly next: NextDue | undefined
  /** only when the schedule is at this revision; a schedule that is not there is at 0 */
  readonly revision?: number | undefined
  readonly at: number
}

/** A due time, and when it is acted on: later by its jitter. */
export interface NextDue {
  readonly due: number
  readonly wakeAt: number
}

export type PutResult =
  | { readonly state: 'created' | 'changed' | 'unchanged'; readonly row: ScheduleRow }
  | { readonly state: 'stale'; readonly row: ScheduleRow | undefined }

export interface ScheduleRow extends ScheduleRef {
  readonly seq: number
  readonly workflow: string
  readonly timing: string
  readonly overlap: Overlap
  readonly catchUp: number
  readonly start: string
  /** token */
  readonly subject: string | undefined
  /** counts changes of the definition, pauses and resumptions */
  readonly revision: number
  readonly paused: { readonly at: number; readonly reason: string } | undefined
  /** undefined when there is no due time any more */
  readonly nextDue: number | undefined
  /** undefined while it is paused, and when there is nothing to come */
  readonly wakeAt: number | undefined
  readonly lastDue: number | undefined
  /** the run that was started last, by a due time, by hand or to fill a gap */
  readonly lastRun: string | undefined
  /** runs that due times started, and due times that were left out */
  readonly started: number
  readonly skipped: number
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ScheduleQuery {
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  /** cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

export type ScheduleChange = ScheduleRef & {
  readonly at: number
  /** only when the schedule is at this revision */
  readonly revision?: number | undefined
} & ({ readonly pause: string } | { readonly resume: NextDue | undefined })

export interface FiringOf<Run> {
  readonly seq: number
  readonly revision: number
  /** from the due time that is next to a later one; absent where runs are started by hand or to fill a gap */
  readonly move?:
    | { readonly from: number; readonly to: NextDue | undefined; readonly last: number; readonly skipped: number }
    | undefined
  /** runs of one lane see each other: what fills a gap in the past does not stand in the way of the present */
  readonly lane: 'due' | 'backfill'
  readonly overlap: Overlap
  /** in the order in which they are to be started: insert-or-get */
  readonly runs: readonly Run[]
  readonly at: number
}

export type Fired =
  | {
      readonly state: 'ok'
      readonly runs: readonly FiredRun[]
      /** runs that got mail */
      readonly told: readonly string[]
    }
  | { readonly state: 'stale' }

export interface FiredRun {
  readonly run: string
  /** `held`: waits for the runs before it. `exists`: it was started before. `skipped`: not started, by the overlap policy */
  readonly state: 'started' | 'held' | 'exists' | 'skipped'
}
