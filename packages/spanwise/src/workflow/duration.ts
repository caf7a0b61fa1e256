import { SpanwiseError } from '../journal/index.ts'

/** Milliseconds, or a number with a unit: `'250ms'`, `'10s'`, `'2h'`, `'1.5d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** Milliseconds of a duration, whole ones: rounded up. @throws INVALID_DURATION when it is negative, not finite or not of the form. */
export function milliseconds(duration: Duration, what = 'duration'): number {
  const value = typeof duration === 'number' ? duration : fromText(duration)
  if (value !== undefined && Number.isFinite(value) && value >= 0) return Math.ceil(value)
  throw new SpanwiseError({
    code: 'INVALID_DURATION',
    message: `${what} ${JSON.stringify(duration)} is not a duration.`,
    hint: "Use milliseconds or a number with a unit: '250ms', '10s', '5m', '2h', '1d', '1w'.",
  })
}

function fromText(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text)
  return match === null ? undefined : Number(match[1]) * units[match[2] as keyof typeof units]
}

/** `93 s` as `1m 33s`: for messages and tables. */
export function formatDuration(ms: number): string {
  // what rounds up to the next unit is said in it
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)}s`
  const parts: string[] = []
  let rest = Math.round(ms / 1_000) * 1_000
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / units[unit])
    rest -= count * units[unit]
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`)
  }
  return parts.join(' ')
}
