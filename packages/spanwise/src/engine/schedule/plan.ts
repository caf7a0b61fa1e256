import type { NextDue, ScheduleRow } from '../../journal/index.ts'
import { dueTimes, lastDueTimes, nextAfter, wakeAt } from './times.ts'
import { type Timing, timingOf } from './timing.ts'

/** What is acted on later than that was missed: nobody worked, or the clock jumped. ms */
export const lateAfter = 60_000
/** missed due times that are counted, where they are only left out */
const counted = 1_000

export interface Plan {
  /** the due time that the schedule stands at */
  readonly from: number
  /** due times that are run now, in order */
  readonly dues: readonly number[]
  /** missed ones that are left out; not counted beyond a thousand */
  readonly skipped: number
  /** the last due time that is dealt with by this */
  readonly last: number
  readonly next: NextDue | undefined
}

type Schedule = Pick<ScheduleRow, 'tenant' | 'id' | 'timing' | 'catchUp' | 'nextDue'>

/** What a schedule has to do now; undefined when nothing. Time only moves it on: what was dealt with is behind it. */
export function planFiring(schedule: Schedule, now: number): Plan | undefined {
  const from = schedule.nextDue
  if (from === undefined) return undefined
  const timing = timingOf(schedule.timing)
  const { catchUp } = schedule
  const found: { readonly due: number; readonly missed: boolean }[] = []
  let skipped = 0
  let due: number | undefined = from
  let last: number | undefined

  // up to here they are missed whatever their jitter
  const lost = now - lateAfter - timing.jitter - 1
  if (from <= lost) {
    for (const one of lastDueTimes(timing, from, lost, catchUp)) found.push({ due: one, missed: true })
    last = lastDueTimes(timing, from, lost, 1)[0]
    skipped += dueTimes(timing, from, lost, counted + found.length).length - found.length
    due = nextAfter(timing, lost)
  }
  while (due !== undefined) {
    const at = wakeAt(schedule, timing, due)
    if (at > now) break
    found.push({ due, missed: at < now - lateAfter })
    last = due
    due = nextAfter(timing, due)
  }
  if (last === undefined) return undefined
  // jitter may have made a later one late and an earlier one not
  const tooMany = found.filter(({ missed }) => missed).length - catchUp
  let left = Math.max(0, tooMany)
  const dues: number[] = []
  for (const one of found) {
    if (one.missed && left > 0) left--
    else dues.push(one.due)
  }
  return {
    from,
    dues,
    skipped: skipped + found.length - dues.length,
    last,
    next: due === undefined ? undefined : { due, wakeAt: wakeAt(schedule, timing, due) },
  }
}

/** Where a schedule begins, or goes on after a pause: with what is due from now on. A date that has passed is due at once. */
export function nextFrom(
  schedule: { readonly tenant: string; readonly id: string },
  timing: Timing,
  now: number,
  begins: boolean,
): NextDue | undefined {
  const due = nextAfter(timing, begins && timing.kind === 'at' ? Number.NEGATIVE_INFINITY : now)
  return due === undefined ? undefined : { due, wakeAt: wakeAt(schedule, timing, due) }
}
