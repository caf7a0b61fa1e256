import { decode, encodeCanonical, SpanwiseError } from '../../journal/index.ts'
import { type Duration, formatDuration, milliseconds } from '../../workflow/index.ts'
import { cronOf } from './cron.ts'

/** When a schedule is due: by the calendar, at an interval, or once. */
export type ScheduleTiming = (
  | {
      /** five fields, or six with seconds in front; names, ranges, steps, lists, `L`, `#`, `@daily` as croner reads them */
      readonly cron: string
      /** IANA name of the time zone that the fields are meant in; `UTC` */
      readonly zone?: string
      readonly every?: undefined
      readonly at?: undefined
    }
  | {
      /** counted from `from`, else from 1970-01-01T00:00Z, so that it does not depend on when a process began; 1 s at least */
      readonly every: Duration
      readonly cron?: undefined
      readonly zone?: undefined
      readonly at?: undefined
    }
  | {
      /** once */
      readonly at: Date
      readonly cron?: undefined
      readonly zone?: undefined
      readonly every?: undefined
    }
) & {
  /** no due time before */
  readonly from?: Date
  /** no due time after */
  readonly until?: Date
  /** spreads what is due at once: each due time is acted on up to so much later, always by the same amount */
  readonly jitter?: Duration
}

/** The same, checked and as it is stored. */
export interface Timing {
  readonly kind: 'cron' | 'every' | 'at'
  readonly cron?: string
  readonly zone?: string
  /** ms */
  readonly every?: number
  /** ms since 1970 */
  readonly at?: number
  readonly from?: number
  readonly until?: number
  /** ms */
  readonly jitter: number
}

const shortest = 1_000
const longestJitter = 86_400_000

/** @throws INVALID_SCHEDULE */
export function readTiming(given: ScheduleTiming): Timing {
  const ways = [given.cron, given.every, given.at].filter((one) => one !== undefined)
  if (ways.length !== 1) {
    throw invalid(
      ways.length === 0 ? 'It does not say when.' : 'It says in more than one way when.',
      "Give one of cron: '0 9 * * MON-FRI', every: '15m' and at: new Date(…).",
    )
  }
  if (given.zone !== undefined && given.cron === undefined) {
    throw invalid('A zone is given without cron.', 'Intervals and dates are the same moment everywhere: leave it out.')
  }
  const limits = {
    ...(given.from === undefined ? {} : { from: time(given.from, 'from') }),
    ...(given.until === undefined ? {} : { until: time(given.until, 'until') }),
    jitter: milliseconds(given.jitter ?? 0, 'jitter'),
  }
  if (limits.jitter > longestJitter) throw invalid('The jitter is longer than a day.', 'Give a shorter one.')
  if (given.cron !== undefined) {
    const timing: Timing = { kind: 'cron', cron: given.cron.trim(), zone: given.zone ?? 'UTC', ...limits }
    cronOf(timing)
    return timing
  }
  if (given.at !== undefined) return { kind: 'at', at: time(given.at, 'at'), ...limits }
  const every = milliseconds(given.every, 'every')
  if (every < shortest || !Number.isSafeInteger(every)) {
    throw invalid(
      `An interval of ${formatDuration(every)} is too short.`,
      'Give a second or more, in whole milliseconds.',
    )
  }
  return { kind: 'every', every, ...limits }
}

export function timingText(timing: Timing): string {
  return encodeCanonical(timing)
}

export function timingOf(text: string): Timing {
  return decode(text) as Timing
}

function time(date: Date, what: string): number {
  const ms = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw invalid(`“${what}” is not a date.`, `Pass ${what}: new Date(…).`)
}

export function invalid(message: string, hint: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_SCHEDULE',
    message: `The schedule is not valid. ${message}`,
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
}
