import { Cron } from 'croner'
import { SpanwiseError } from '../../journal/index.ts'

/** thousands of schedules share few patterns, or have one each: either fits */
const kept = 20_000
const patterns = new Map<string, Cron>()

/**
 * A parsed pattern. Where the clocks change: a time with fixed hours and minutes that does not exist is due when the clocks have
 * been put forward, and one that exists twice is due the first time only; what repeats by `*` or a step follows the clock that is
 * shown, so it has nothing in the gap and comes twice in the repeated hour.
 * @throws INVALID_SCHEDULE
 */
export function cronOf({ cron = '', zone = 'UTC' }: { readonly cron?: string; readonly zone?: string }): Cron {
  const key = `${zone} ${cron}`
  const found = patterns.get(key)
  if (found !== undefined) return found
  const made = parse(cron, zone)
  if (patterns.size >= kept) patterns.clear()
  patterns.set(key, made)
  return made
}

function parse(cron: string, zone: string): Cron {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    throw invalid(
      `There is no time zone ${JSON.stringify(zone)}.`,
      'Use an IANA name, like Europe/Berlin or UTC.',
      cause,
    )
  }
  try {
    return new Cron(cron, { timezone: zone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard', paused: true })
  } catch (cause) {
    throw invalid(
      `${JSON.stringify(cron)} is not a cron pattern: ${(cause as Error).message.replace(/^CronPattern: /, '')}`,
      'Write minute, hour, day, month and weekday, with seconds in front if you need them: "0 9 * * MON-FRI".',
      cause,
    )
  }
}

function invalid(message: string, hint: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({ code: 'INVALID_SCHEDULE', message: `The schedule is not valid. ${message}`, hint, cause })
}
