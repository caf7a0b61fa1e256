import { scheduledRun } from '../engine/index.ts'
import type {
  Fired,
  Firing,
  Overlap,
  Page,
  PutResult,
  PutSchedule,
  ScheduleChange,
  ScheduleQuery,
  ScheduleRef,
  ScheduleRow,
  Store,
} from '../journal/index.ts'

/** What the app and the CLI need of whoever holds the store, as to schedules. */
export interface ScheduleBackend {
  putSchedule(put: PutSchedule): Promise<PutResult>
  schedule(ref: ScheduleRef): Promise<ScheduleRow | undefined>
  schedules(query: ScheduleQuery): Promise<Page<ScheduleRow>>
  changeSchedule(change: ScheduleChange): Promise<ScheduleRow | undefined>
  removeSchedule(ref: ScheduleRef): Promise<boolean>
  /** Starts runs of it by hand or to fill a gap: insert-or-get. `stale` when it was changed, or is gone. */
  startScheduled(order: StartScheduled): Promise<Fired>
}

export interface StartScheduled extends ScheduleRef {
  readonly revision: number
  readonly lane: Firing['lane']
  readonly overlap: Overlap
  readonly trigger: 'backfill' | 'manual'
  readonly runs: readonly { readonly due: number; readonly mark?: string | undefined }[]
  readonly release: string
  readonly at: number
}

/** Over a store that this process may write to; `fired` is told what came of it: nothing where the answer was lost. */
export function storeSchedules(
  store: Store,
  told: { readonly changed: () => void; readonly fired: (fired: Fired | undefined) => void },
): ScheduleBackend {
  const changing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } finally {
      // also where only the answer was lost
      told.changed()
    }
  }
  return {
    putSchedule: (put) => changing(store.putSchedule(put)),
    schedule: (ref) => store.schedule(ref),
    schedules: (query) => store.schedules(query),
    changeSchedule: (change) => changing(store.changeSchedule(change)),
    removeSchedule: (ref) => store.removeSchedule(ref),
    async startScheduled(order) {
      const { revision, lane, overlap, trigger, release, at } = order
      const row = await store.schedule(order)
      if (row === undefined || row.revision !== revision) return { state: 'stale' }
      const runs = order.runs.map((one) => scheduledRun(store.info, row, { ...one, trigger }, { release, now: at }))
      let fired: Fired | undefined
      try {
        fired = await store.fireSchedule({ seq: row.seq, revision, lane, overlap, runs, at })
        return fired
      } finally {
        told.fired(fired)
      }
    },
  }
}
