import type { EntryKind, Meta } from '../entry.ts'
import { kindCodes, kindOf } from '../kinds.ts'
import type { ModelCallQuery, ModelCallRow } from '../model-calls.ts'
import { confirmedCost } from './confirmed-calls.ts'
import type { Context } from './context.ts'
import { writeRow } from './log.ts'
import { readSegment } from './segment.ts'

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

/** Walks the log itself: times of entries are not in its order, so what is older is passed over one by one. */
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
  const kinds = new Set((query.kinds ?? aboutCalls).map((kind) => kindCodes[kind]))
  const items: ModelCallRow[] = []
  const from = query.after === undefined ? 0 : Number.parseInt(query.after, 36) || 0
  let rows = 0
  for (const { pos, n, data } of context.hot.segmentsFrom.iterate(firstRow(context, from)) as Iterable<{
    pos: number
    n: number
    data: Uint8Array
  }>) {
    if (rows++ === rowsAtOnce) return { items, after: pos.toString(36) }
    const segment = readSegment(data)
    for (let i = Math.max(0, from - pos); i < n; i++) {
      const { runSeq, index, at, kind, key, meta } = segment.entry(i)
      if (!kinds.has(kind) || at < since || at >= until) continue
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

/** Where the row that holds the position begins. */
function firstRow(context: Context, position: number): number {
  const row = context.hot.segmentAt.get(position)
  return (row?.['pos'] as number | undefined) ?? position
}
