import { pino } from 'pino'
import type { Log } from '../workflow/index.ts'

/** Warnings and errors go to stderr as JSON lines; `SPANWISE_LOG` sets another level, `silent` none. */
export function defaultLog(): Log {
  const logger = pino(
    { name: 'spanwise', level: process.env['SPANWISE_LOG'] ?? 'warn' },
    pino.destination({ fd: 2, sync: true }),
  )
  return {
    debug: (message, facts) => logger.debug(withError(facts), message),
    info: (message, facts) => logger.info(withError(facts), message),
    warn: (message, facts) => logger.warn(withError(facts), message),
    error: (message, facts) => logger.error(withError(facts), message),
  }
}

/** pino prints an error's stack only under `err`. */
function withError(facts: object | undefined): object {
  if (facts === undefined || !('error' in facts)) return facts ?? {}
  const { error, ...rest } = facts
  return { ...rest, err: error }
}
