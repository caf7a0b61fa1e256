import type { Context } from './context.ts'
import { catchUp, writeRow } from './log.ts'
import { forgetPlace, type Log } from './log-state.ts'
import { persistPlaces } from './places.ts'

/** entries whose places are found by reading the log after a crash, at most */
const longTail = 16_384
const subjectsKept = 20_000

export function beforeCommit(context: Context): void {
  const { log } = context
  writeRow(context)
  if (!log.caughtUp || log.next === log.base || log.next - (log.indexed as number) < longTail) return
  for (const run of [...log.tail.keys()]) persistPlaces(context, run)
  const before = log.indexed as number
  context.sql(`INSERT OR REPLACE INTO spanwise_store (name, value) VALUES ('indexed', ?)`).run(log.next)
  log.indexed = log.next
  log.undo.push(() => {
    log.indexed = before
  })
}

export function committed({ log }: Context): void {
  log.undo.length = 0
  end(log)
}

export function rolledBack({ log }: Context): void {
  takeBack(log, 0)
  if (log.caughtUp) log.next = log.base
  log.aboutSubjects.clear()
  end(log)
}

function end(log: Log): void {
  log.caughtUp = false
  log.rows.length = 0
  if (log.aboutSubjects.size > subjectsKept) log.aboutSubjects.clear()
}

/** Takes back to the same mark what was done since; for savepoints. */
export function mark(context: Context): { readonly undo: number; readonly next: number } {
  catchUp(context)
  writeRow(context)
  return { undo: context.log.undo.length, next: context.log.next }
}

export function backTo({ log }: Context, to: { readonly undo: number; readonly next: number }): void {
  takeBack(log, to.undo)
  log.next = to.next
  log.aboutSubjects.clear()
  log.rows.length = 0
}

function takeBack(log: Log, to: number): void {
  if (log.writer.count > 0) log.writer.take()
  while (log.undo.length > to) {
    const last = log.undo.pop() as number | (() => void)
    if (typeof last === 'number') forgetPlace(log, last)
    else last()
  }
}
