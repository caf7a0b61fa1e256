import { ownerOf } from './open.ts'
import type { Terminal } from './terminal.ts'

/** Said and durable; when nobody is there to act on it, that is said too. */
export function done(terminal: Terminal, store: string, line: string, data: Record<string, unknown>): void {
  const worker = ownerOf(store)
  if (terminal.json) {
    terminal.data({ ...data, worker: worker ?? null })
    return
  }
  terminal.out(line)
  if (worker === undefined) terminal.note('no worker runs now; it is taken up when one is started: spanwise start')
}
