import type { FailureQuery, FailureRow } from '../failures.ts'
import { statuses } from './codes.ts'
import type { Context } from './context.ts'

const attention = statuses.code('needs attention')
const failed = statuses.code('failed')

interface RawFailure {
  readonly fingerprint: string
  readonly workflow: string
  readonly code: string | null
  readonly attention: number
  readonly failed: number
  readonly first: number
  readonly last: number
  readonly run: string
}

export function failures(
  context: Context,
  query: FailureQuery,
): { readonly items: readonly FailureRow[]; readonly after: string | undefined } {
  const cursor = query.after === undefined ? undefined : fromCursor(query.after)
  const rows = context
    .sql(
      `WITH grouped AS (
         SELECT fingerprint, sum(status = ${attention}) AS attention, sum(status = ${failed}) AS failed,
           min(updated_at) AS first, max(updated_at) AS last,
           coalesce(max(CASE status WHEN ${attention} THEN seq END), max(seq)) AS example
         FROM spanwise_runs
         WHERE fingerprint IS NOT NULL AND status IN (${attention}, ${failed})
           ${query.fingerprint === undefined ? '' : 'AND fingerprint = :fingerprint'}
           ${query.tenant === undefined ? '' : 'AND tenant = :tenant'}
         GROUP BY fingerprint
       )
       SELECT g.fingerprint, g.attention, g.failed, g.first, g.last, r.workflow, r.code, r.run
       FROM grouped g JOIN spanwise_runs r ON r.seq = g.example
       WHERE true
         ${query.workflow === undefined ? '' : 'AND r.workflow = :workflow'}
         ${query.open === true ? 'AND g.attention > 0' : ''}
         ${cursor === undefined ? '' : 'AND (g.last, g.fingerprint) < (:last, :before)'}
       ORDER BY g.last DESC, g.fingerprint DESC LIMIT :limit`,
    )
    .all({
      limit: query.limit + 1,
      ...(query.fingerprint === undefined ? {} : { fingerprint: query.fingerprint }),
      ...(query.tenant === undefined ? {} : { tenant: query.tenant }),
      ...(query.workflow === undefined ? {} : { workflow: query.workflow }),
      ...(cursor === undefined ? {} : { last: cursor.last, before: cursor.fingerprint }),
    }) as unknown as RawFailure[]
  const items = rows.slice(0, query.limit).map(toRow)
  const end = items.at(-1)
  return { items, after: rows.length > query.limit && end !== undefined ? toCursor(end) : undefined }
}

function toRow(raw: RawFailure): FailureRow {
  const { fingerprint, workflow, first, last, run } = raw
  return {
    fingerprint,
    workflow,
    code: raw.code ?? undefined,
    attention: raw.attention,
    failed: raw.failed,
    first,
    last,
    example: run,
  }
}

/** the fingerprint has no dot */
function toCursor({ last, fingerprint }: FailureRow): string {
  return `${last.toString(36)}.${fingerprint}`
}

function fromCursor(text: string): { readonly last: number; readonly fingerprint: string } {
  const [last = '', fingerprint = ''] = text.split('.')
  const at = Number.parseInt(last, 36)
  return { last: Number.isSafeInteger(at) ? at : 0, fingerprint }
}
