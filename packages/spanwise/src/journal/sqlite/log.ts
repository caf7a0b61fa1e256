import type { Context } from './context.ts'
import { notePlace, type Row } from './log-state.ts'
import { damaged, type RawEntry, readSegment } from './segment.ts'

/** bytes of a row after which the next one is begun: to read one entry is to read its row */
const fullRow = 8 * 1024
const rowsKept = 64

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

/** The rows from the one that holds a position on. */
export function* rowsFrom(context: Context, position: number): Generator<Row> {
  const start = context.sql('SELECT max(pos) AS pos FROM spanwise_segments WHERE pos <= ?').get(position)?.['pos']
  for (const { pos, n, data } of context.hot.segmentsFrom.iterate(Number(start ?? position)) as Iterable<RawSegment>)
    yield { from: pos, to: pos + n, segment: readSegment(data) }
}
