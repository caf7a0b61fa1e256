import { SpanwiseError } from '../journal/index.ts'

/** Said wrongly on the command line: ends with exit code 2. */
export function usage(message: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'USAGE', message, hint })
}

const usageCodes = new Set([
  'USAGE',
  'CONFIG_NOT_FOUND',
  'INVALID_INPUT',
  'INVALID_FORM',
  'INVALID_DURATION',
  'INVALID_SCHEDULE',
  'INVALID_RETENTION',
  'STORE_UNKNOWN',
])

export function isUsage(error: unknown): boolean {
  return usageCodes.has(String((error as { code?: unknown } | null)?.code))
}

/** How a command ends. */
export const exitCode = { ok: 0, failed: 1, usage: 2, attention: 3, interrupted: 130 } as const
