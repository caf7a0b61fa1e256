import { appendFileSync } from 'node:fs'

/** With MAILROOM_TRACE=<file>, one line per execution of a step: how the kill tests count what ran twice. */
export function trace(step: string, id: string): void {
  const file = process.env.MAILROOM_TRACE
  if (file) appendFileSync(file, `${step}\t${id}\t${process.pid}\n`)
}
