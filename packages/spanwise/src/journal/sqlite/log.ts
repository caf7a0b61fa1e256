import type { Context } from './context.ts'
import { forgetPlace, notePlace, type Places, persistPlaces } from './places.ts'
import { damaged, type RawEntry, readSegment, type Segment, type SegmentWriter, segmentWriter } from './segment.ts'

/**
 * The end of the log as one connection sees it. Entries are gathered while a transaction runs and written as few rows; where a
 * run's entries are is kept in memory until the run parks or ends. All of it is what the segments say: another connection, and
 * this one after a crash, reads it from there.
 */
export interface Log {
  /** position of the next entry */
  next: number
  /** positions below it are in spanwise_places; undefined before anything was read */
  indexed: number | undefined
  /** places that are not in spanwise_places yet, by a run's number */
  readonly tail: Map<number, Places>
  /** entries that are not in a row yet; the last of them has position `next - 1` */
  readonly writer: SegmentWriter
  /** what this transaction has seen and written since it began: what others wrote is known, and ours can be taken back */
  caughtUp: boolean
  readonly undo: (number | (() => void))[]
  /** where the transaction began */
  base: number
  /** rows read in this transaction: runs that are loaded together lie together */
  readonly rows: Row[]
  /** subject and run of which spanwise_subject_runs knows */
  readonly aboutSubjects: Set<string>
}

export interface Row {
  /** position of its first entry, and the one after its last */
  readonly from: number
  readonly to: number
  readonly segment: Segment
}

/** bytes of a row after which the next one is begun: to read one entry is to read its row */
const fullRow = 8 * 1024
/** entries whose places are found by reading the log after a crash, at most */
const longTail = 16_384
const rowsKept = 64
const subjectsKept = 20_000

export function createLog(): Log {
  return {
    next: 0,
    indexed: undefined,
    tail: new Map(),
    writer: segmentWriter(),
    caughtUp: false,
    undo: [],
    base: 0,
    rows: [],
    aboutSubjects: new Set(),
  }
}

/** Once in each transaction: what other connections have appended. */
export function catchUp(context: Context): void {
  const { log } = context
  if (log.caughtUp) return
  log.caughtUp = true
  if (log.indexed === undefined) log.next = log.indexed = indexed(context)
  const before = log.next
  log.base = before
  for (const { pos, n, data } of context.hot.segmentsFrom.iterate(log.next) as Iterable<RawSegment>) {
    const segment = readSegment(data)
    for (let i = 0; i < n; i++) {
      const { runSeq, index } = segment.place(i)
      notePlace(log, runSeq, index, pos + i)
    }
    // at once: what others have committed is known, even if reading on fails
    log.base = log.next = pos + n
  }
  if (log.next !== before) forgetIndexed(context, indexed(context))
}

interface RawSegment {
  readonly pos: number
  readonly n: number
  readonly data: Uint8Array
}

function indexed(context: Context): number {
  const row = context.sql(`SELECT value FROM spanwise_store WHERE name = 'indexed'`).get()
  return (row?.['value'] as number | undefined) ?? 1
}

/** Another connection has written places; what it wrote need not be kept here too. */
function forgetIndexed({ log }: Context, below: number): void {
  if (below <= (log.indexed as number)) return
  log.indexed = below
  for (const [run, places] of log.tail) {
    const from = places.findIndex((value, i) => i % 2 === 1 && value >= below)
    if (from < 0) log.tail.delete(run)
    else if (from > 1) log.tail.set(run, places.slice(from - 1))
  }
}

/** Appends; answers the position. */
export function appendRaw(context: Context, entry: RawEntry): number {
  const { log } = context
  catchUp(context)
  const large = (entry.payload?.length ?? 0) > fullRow
  if (log.writer.count > 0 && (large || log.writer.size > fullRow)) writeRow(context)
  const position = log.next++
  log.writer.add(entry)
  notePlace(log, entry.runSeq, entry.index, position)
  log.undo.push(entry.runSeq)
  return position
}

/** What was appended is in the table from now on, in this transaction. */
export function writeRow({ log, hot }: Context): void {
  const n = log.writer.count
  if (n > 0) hot.insertSegment.run(log.next - n, n, log.writer.take())
}

/** The row that holds a position. */
export function rowAt(context: Context, position: number): Row {
  const { rows } = context.log
  const known = rows.find(({ from, to }) => from <= position && position < to)
  if (known !== undefined) return known
  const raw = context.hot.segmentAt.get(position) as unknown as RawSegment | undefined
  if (raw === undefined || position >= raw.pos + raw.n) throw damaged(`has no entry at ${position}`)
  const row = { from: raw.pos, to: raw.pos + raw.n, segment: readSegment(raw.data) }
  if (rows.unshift(row) > rowsKept) rows.pop()
  return row
}

// ---- transactions

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
