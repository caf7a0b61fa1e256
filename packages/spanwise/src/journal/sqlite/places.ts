import { SpanwiseError } from '../error.ts'
import type { Context } from './context.ts'
import { catchUp } from './log.ts'
import type { Places } from './log-state.ts'

/** entries in one row */
const rowLength = 512

/** Positions in the log of a run's entries with index >= from, in order. */
export function placesOf(context: Context, runSeq: number, from: number, limit = -1): Places {
  catchUp(context)
  const found: Places = []
  let last = from - 1
  const most = limit < 0 ? Number.POSITIVE_INFINITY : limit * 2
  const take = (index: number, position: number): void => {
    // rows overlap where two connections have written the same places
    if (index <= last || found.length >= most) return
    found.push(index, position)
    last = index
  }
  const rows = context
    .sql('SELECT data FROM spanwise_places WHERE run_seq = ? AND to_idx >= ? ORDER BY from_idx')
    .iterate(runSeq, from)
  for (const row of rows) {
    if (found.length >= most) return found
    unpack(row['data'] as Uint8Array, take)
  }
  const tail = context.log.tail.get(runSeq) ?? []
  for (let i = 0; i < tail.length; i += 2) take(tail[i] as number, tail[i + 1] as number)
  return found
}

/** The last places before an index, in order: reading back from the end touches no more rows than it needs. */
export function placesBefore(context: Context, runSeq: number, to: number, limit: number): Places {
  catchUp(context)
  const found = new Map<number, number>()
  const take = (index: number, position: number): void => {
    if (index < to) found.set(index, position)
  }
  const tail = context.log.tail.get(runSeq) ?? []
  for (let i = tail.length - 2; i >= 0 && found.size < limit; i -= 2) take(tail[i] as number, tail[i + 1] as number)
  if (found.size < limit) {
    const rows = context
      .sql('SELECT data FROM spanwise_places WHERE run_seq = ? AND from_idx < ? ORDER BY from_idx DESC')
      .iterate(runSeq, to)
    for (const row of rows) {
      unpack(row['data'] as Uint8Array, take)
      if (found.size >= limit) break
    }
  }
  const ordered = [...found].sort(([a], [b]) => a - b)
  return ordered.slice(-limit).flat()
}

/** The last fence: two writers that both believe to own a run cannot both write index 7. */
export function checkOrder(
  context: Context,
  run: { readonly seq: number; readonly run: string },
  entries: readonly { readonly index: number }[],
): void {
  if (entries.length === 0) return
  let last = lastIndex(context, run.seq)
  for (const { index } of entries) {
    if (index <= last) throw conflict(context, run.run, index)
    last = index
  }
}

function conflict(context: Context, run: string, index: number): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_CONFLICT',
    message: `The store ${context.where} already holds entry ${index} of run ${run}, or a later one.`,
    hint: 'Nothing of the request was applied. Two writers believed to own one run: this is a bug in Spanwise, please report it.',
    run,
  })
}

export function lastIndex(context: Context, runSeq: number): number {
  catchUp(context)
  const tail = context.log.tail.get(runSeq)
  if (tail !== undefined) return tail[tail.length - 2] as number
  const row = context.sql('SELECT max(to_idx) AS last FROM spanwise_places WHERE run_seq = ?').get(runSeq)
  return (row?.['last'] as number | null) ?? -1
}

/** The run leaves memory, probably: what is known of its places in memory only goes to the table. */
export function persistPlaces(context: Context, runSeq: number): void {
  const { log } = context
  const places = log.tail.get(runSeq)
  if (places === undefined) return
  for (let i = 0; i < places.length; i += rowLength * 2) {
    const row = places.slice(i, i + rowLength * 2)
    // who has fewer of them wrote a row with the same beginning
    context
      .sql('INSERT OR REPLACE INTO spanwise_places (run_seq, from_idx, to_idx, data) VALUES (?, ?, ?, ?)')
      .run(runSeq, row[0] as number, row[row.length - 2] as number, pack(row))
  }
  log.tail.delete(runSeq)
  log.undo.push(() => log.tail.set(runSeq, places))
}

/** Varints: by how much index and position are greater than the ones before. */
function pack(places: Places): Uint8Array {
  const bytes: number[] = []
  const write = (value: number): void => {
    let rest = value
    while (rest >= 0x80) {
      bytes.push((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    bytes.push(rest)
  }
  let index = 0
  let position = 0
  for (let i = 0; i < places.length; i += 2) {
    write((places[i] as number) - index)
    write((places[i + 1] as number) - position)
    index = places[i] as number
    position = places[i + 1] as number
  }
  return Uint8Array.from(bytes)
}

function unpack(bytes: Uint8Array, take: (index: number, position: number) => void): void {
  let at = 0
  const read = (): number => {
    let value = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
    }
  }
  let index = 0
  let position = 0
  while (at < bytes.length) {
    index += read()
    position += read()
    take(index, position)
  }
}
