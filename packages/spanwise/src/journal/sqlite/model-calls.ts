import type { EntryKind, Meta } from '../entry.ts'
import { kindCodes, kindOf } from '../kinds.ts'
import type { ModelCallQuery, ModelCallRow } from '../model-calls.ts'
import { confirmedCost } from './confirmed-calls.ts'
import type { Context } from './context.ts'
import { writeRow } from './log.ts'
import { bitOf, bitsOf, rowIndexOf, type Wanted } from './row-index.ts'
import { readSegment, type Segment } from './segment.ts'

/** rows of the log that are read for one page: other work of the store waits meanwhile */
const rowsAtOnce = 256

const aboutCalls: readonly EntryKind[] = [
  'model.call',
  'model.attempt',
  'model.result',
  'model.error',
  'model.rejected',
]

interface Home {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly release: string
  readonly copied_to: number | null
}

/** Walks the log itself. Times of entries are not in its order; rows that are known to hold nothing of what is asked are passed over. */
export function modelCalls(
  context: Context,
  query: ModelCallQuery,
): { readonly items: readonly ModelCallRow[]; readonly after: string | undefined } {
  // what this transaction has appended is read too
  writeRow(context)
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, limit } = query
  const homes = new Map<number, Home>()
  const homeOf = (runSeq: number): Home => {
    let home = homes.get(runSeq)
    if (home === undefined) {
      // what deleted runs have cost was paid all the same
      home = context
        .sql(
          `SELECT r.run, r.workflow, r.tenant, x.name AS release, f.copied_to FROM (
             SELECT seq, run, workflow, tenant, release FROM spanwise_runs WHERE seq = ?1
             UNION ALL SELECT run_seq, run, workflow, tenant, release FROM spanwise_deleted WHERE run_seq = ?1
           ) r JOIN spanwise_releases x ON x.seq = r.release LEFT JOIN spanwise_forks f ON f.run_seq = r.seq`,
        )
        .get(runSeq) as unknown as Home
      homes.set(runSeq, home)
    }
    return home
  }
  const asked = query.kinds ?? aboutCalls
  const kinds = new Set(asked.map((kind) => kindCodes[kind]))
  const wanted: Wanted = { since, until, kinds: bitsOf(asked) }
  const items: ModelCallRow[] = []
  const known = rowIndexOf(context)
  const from = known.next(query.after === undefined ? 0 : Number.parseInt(query.after, 36) || 0, wanted)
  const start = firstRow(context, from)
  let rows = 0
  for (const { pos, n, data } of context.hot.segmentsFrom.iterate(start) as Iterable<{
    pos: number
    n: number
    data: Uint8Array
  }>) {
    if (rows++ === rowsAtOnce) return { items, after: pos.toString(36) }
    if (known.knows(pos) && known.next(pos, wanted) !== pos) continue
    const segment = readSegment(data)
    // what this transaction has appended may be taken back, and others may stand there then
    if (!known.knows(pos) && pos + n <= context.log.base) known.learn(start, summary(segment, pos, n))
    for (let i = Math.max(0, from - pos); i < n; i++) {
      if (!kinds.has(segment.kind(i))) continue
      const { runSeq, index, at, kind, key, meta } = segment.entry(i)
      if (at < since || at >= until) continue
      const { run, workflow, tenant, release, copied_to } = homeOf(runSeq)
      if (copied_to !== null && index < copied_to) continue
      if (query.tenant !== undefined && tenant !== query.tenant) continue
      if (query.workflow !== undefined && workflow !== query.workflow) continue
      // a row may hold more than a page: the next one goes on in the middle of it
      if (items.length === limit) return { items, after: (pos + i).toString(36) }
      const parsed: Meta = meta === '' ? {} : (JSON.parse(meta) as Meta)
      const confirmed = parsed['unconfirmed'] === true ? confirmedCost(context, runSeq, index) : undefined
      const row = { run, index, at, kind: kindOf(kind) as EntryKind, key, meta: parsed, workflow, tenant, release }
      items.push(confirmed === undefined ? row : { ...row, confirmed })
    }
  }
  return { items, after: undefined }
}

function summary(segment: Segment, from: number, n: number) {
  let [first, last, kinds] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let i = 0; i < n; i++) {
    const { at, kind } = segment.entry(i)
    first = Math.min(first, at)
    last = Math.max(last, at)
    kinds |= bitOf(kind)
  }
  return { from, to: from + n, first, last, kinds }
}

/** Where the row that holds the position begins. */
function firstRow(context: Context, position: number): number {
  const row = context.hot.segmentAt.get(position)
  return (row?.['pos'] as number | undefined) ?? position
}
