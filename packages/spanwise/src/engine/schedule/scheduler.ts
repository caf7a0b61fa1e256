import type { ScheduleRow } from '../../journal/index.ts'
import type { EngineContext } from '../options.ts'
import type { Engine } from '../port.ts'
import { planFiring } from './plan.ts'
import { scheduledRun } from './start.ts'

/** Starts what schedules say, in the process that works. */
export interface Scheduler {
  /** A schedule may be new, or due at another time. */
  wake(): void
  /** nothing is being looked at or written */
  readonly settled: boolean
  close(): Promise<void>
  kill(): void
}

/** schedules that are moved on in one commit */
const batch = 100
const retryAfterFailure = 1_000

/** One timer for the earliest of them all: what is not due costs nothing. */
export function createScheduler(engine: EngineContext, wakeRun: Engine['wake']): Scheduler {
  const { store, clock, log } = engine
  let cancelTimer: (() => void) | undefined
  let looking: Promise<void> | undefined
  let again = false
  let closing = false

  async function look(): Promise<void> {
    try {
      do {
        again = false
        for (;;) {
          const due = await store.dueSchedules(clock.now(), batch)
          if (closing) return
          await Promise.all(due.map(fire))
          if (due.length < batch) break
        }
      } while (again && !closing)
      await arm()
    } catch (error) {
      if (closing || isGone(error)) return
      again = false
      log.error('due schedules could not be moved on; trying again', { error })
      // the answer may be all that was lost: what was started is due, and nobody else says so
      wakeRun('')
      cancelTimer?.()
      cancelTimer = clock.at(clock.now() + retryAfterFailure, wake)
    }
  }

  async function fire(schedule: ScheduleRow): Promise<void> {
    const now = clock.now()
    const plan = await planned(schedule, now)
    if (plan === undefined) return
    const runs = plan.dues.map((due) =>
      scheduledRun(store.info, schedule, { due, trigger: 'due' }, { release: engine.release, now }),
    )
    const { seq, revision, overlap } = schedule
    const { from, next, last, skipped } = plan
    const move = { from, to: next, last, skipped }
    const fired = await store.fireSchedule({ seq, revision, move, lane: 'due', overlap, runs, at: now })
    // somebody changed it, or moved it on, meanwhile: it is looked at as it is now
    if (fired.state === 'stale') {
      again = true
      return
    }
    if (skipped > 0) log.info('missed due times of a schedule are left out', { schedule: schedule.id, skipped })
    const held = fired.runs.some(({ state }) => state === 'skipped')
    if (held) log.info('a due time of a schedule is left out: an earlier run is under way', { schedule: schedule.id })
    if (closing) return
    for (const run of fired.told) wakeRun(run)
    if (fired.runs.some(({ state }) => state === 'started')) wakeRun('')
  }

  /** A time zone that this process does not know must not stop the others. */
  async function planned(schedule: ScheduleRow, now: number): Promise<ReturnType<typeof planFiring>> {
    try {
      return planFiring(schedule, now)
    } catch (error) {
      log.error('a schedule cannot be read and is paused', { schedule: schedule.id, error })
      const pause = error instanceof Error ? error.message : String(error)
      await store.changeSchedule({
        tenant: schedule.tenant,
        id: schedule.id,
        revision: schedule.revision,
        pause,
        at: now,
      })
      return undefined
    }
  }

  async function arm(): Promise<void> {
    const next = await store.nextSchedule()
    cancelTimer?.()
    cancelTimer = undefined
    if (next !== undefined && !closing) cancelTimer = clock.at(next, wake)
  }

  function wake(): void {
    if (closing) return
    again = true
    looking ??= look().finally(() => {
      looking = undefined
      if (again && !closing) wake()
    })
  }

  const end = (): void => {
    closing = true
    cancelTimer?.()
  }
  return {
    wake,
    get settled() {
      return looking === undefined
    },
    async close() {
      end()
      await looking
    },
    kill: end,
  }
}

function isGone(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'STORE_CLOSED' || code === 'STORE_LOST'
}
