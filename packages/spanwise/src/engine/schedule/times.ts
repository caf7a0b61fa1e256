import { cronOf } from './cron.ts'
import { jitterOf } from './jitter.ts'
import type { Timing } from './timing.ts'

/** The first due time after a moment, ms; undefined when there is none. */
export function nextAfter(timing: Timing, moment: number): number | undefined {
  const after = timing.from === undefined ? moment : Math.max(moment, timing.from - 1)
  const due = unlimited(timing, after)
  return due === undefined || due > (timing.until ?? Number.POSITIVE_INFINITY) ? undefined : due
}

function unlimited(timing: Timing, after: number): number | undefined {
  if (timing.kind === 'at') return (timing.at as number) > after ? timing.at : undefined
  if (timing.kind === 'every') {
    const every = timing.every as number
    const start = timing.from ?? 0
    return start + Math.max(0, Math.floor((after - start) / every) + 1) * every
  }
  return cronOf(timing).nextRun(new Date(after))?.getTime()
}

/** Due times from one moment to another, both included, in order; as many as there are, or as `most`. */
export function dueTimes(timing: Timing, from: number, to: number, most: number): number[] {
  const found: number[] = []
  for (let due = nextAfter(timing, from - 1); due !== undefined && due <= to && found.length < most; ) {
    found.push(due)
    due = nextAfter(timing, due)
  }
  return found
}

/**
 * The last `most` of them. Looks back from the end through windows that double, so that a year of seconds that nobody worked is
 * not walked through.
 */
export function lastDueTimes(timing: Timing, from: number, to: number, most: number): number[] {
  if (most === 0) return []
  for (let window = 60_000; ; window *= 2) {
    const start = Math.max(from, to - window)
    const found = dueTimes(timing, start, to, Number.POSITIVE_INFINITY)
    if (found.length >= most || start === from) return found.slice(-most)
  }
}

/** When a due time is acted on. */
export function wakeAt(
  schedule: { readonly tenant: string; readonly id: string },
  timing: Timing,
  due: number,
): number {
  return due + jitterOf(schedule, due, timing.jitter)
}
