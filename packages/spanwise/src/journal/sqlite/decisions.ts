import type { DecisionQuery, DecisionRow, Influence } from '../decisions.ts'
import type { Entry } from '../entry.ts'
import { areSiblings } from '../siblings.ts'
import type { Context } from './context.ts'
import { documentTerm, indexDecisions, partsAt } from './decision-index.ts'
import { entriesOf } from './entries.ts'

/** rows that are looked at for one page: other work of the store waits meanwhile */
const rowsAtOnce = 5_000

export const decisionOperations = {
  indexDecisions: (context: Context, _: undefined) => indexDecisions(context),
  decisions: (context: Context, query: DecisionQuery) => decisions(context, query),
} as const
export const decisionReads = ['decisions'] as const

interface Raw {
  readonly run_seq: number
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly release: string
  readonly subject: string | null
  readonly pos: number
  readonly idx: number
  readonly at: number
  readonly parts: string
  readonly key: string
  readonly after: number
}

function decisions(
  context: Context,
  query: DecisionQuery,
): { readonly items: readonly DecisionRow[]; readonly after: string | undefined } {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, limit } = query
  const items: DecisionRow[] = []
  let looked = 0
  for (const raw of select(context, query)) {
    // times are not in the order of the log: what does not fit is passed over one by one
    const via = query.influence === undefined ? undefined : carrier(context, query.influence, raw)
    const fits = raw.at >= since && raw.at < until && (query.influence === undefined || via !== undefined)
    if (fits && items.length === limit) return { items, after: cursorOf(items) }
    if (fits) items.push(toRow(context, raw, via))
    if (++looked === (query.influence === undefined ? rowsAtOnce : rowsAtOnce / 10))
      return { items, after: raw.pos.toString(36) }
  }
  return { items, after: undefined }
}

const cursors = new WeakMap<DecisionRow, number>()

function cursorOf(items: readonly DecisionRow[]): string {
  return (cursors.get(items.at(-1) as DecisionRow) as number).toString(36)
}

function select(context: Context, query: DecisionQuery): Iterable<Raw> {
  const where: string[] = []
  const values: (string | number)[] = []
  const only = (sql: string, ...bound: readonly (string | number)[]): void => {
    where.push(sql)
    values.push(...bound)
  }
  const has = (term: string, when: string): void =>
    only(
      `EXISTS (SELECT 1 FROM spanwise_decision_terms t WHERE t.term = ? AND t.run_seq = d.run_seq AND ${when})`,
      term,
    )
  const influence = query.influence === undefined ? undefined : termOf(context, query.influence)
  if (influence !== undefined) {
    only('d.run_seq IN (SELECT run_seq FROM spanwise_decision_terms WHERE term = ?)', influence)
  }
  const before = query.after === undefined ? undefined : Number.parseInt(query.after, 36)
  if (before !== undefined) only('d.pos < ?', Number.isSafeInteger(before) ? before : 0)
  if (query.run !== undefined) only('r.run = ?', query.run)
  if (query.tenant !== undefined) only('r.tenant = ?', query.tenant)
  if (query.workflow !== undefined) only('r.workflow = ?', query.workflow)
  if (query.subject !== undefined) only('coalesce(d.subject, r.subject) = ?', context.token('subject', query.subject))
  if (query.model !== undefined) has(`model:${query.model}`, 't.idx = d.idx')
  if (query.prompt !== undefined) has(`prompt:${query.prompt}`, 't.idx = d.idx')
  if (query.approver !== undefined) has(termOf(context, { approver: query.approver }), 't.after >= d.idx')
  if (query.cost !== undefined) only('d.cost >= ?', query.cost)
  const { outcome } = query
  if (outcome === 'done' || outcome === 'failed') only('d.failed = ?', outcome === 'failed' ? 1 : 0)
  else if (outcome !== undefined) has(`outcome:${outcome}`, 't.after >= d.idx')
  return context
    .sql(
      `SELECT d.run_seq, r.run, r.workflow, r.tenant, x.name AS release, coalesce(d.subject, r.subject) AS subject,
         d.pos, d.idx, d.after, d.key, d.at, d.parts
       FROM spanwise_decisions d JOIN spanwise_runs r ON r.seq = d.run_seq JOIN spanwise_releases x ON x.seq = r.release
       WHERE d.pos IS NOT NULL${where.map((sql) => ` AND ${sql}`).join('')}
       ORDER BY d.pos DESC`,
    )
    .iterate(...values) as Iterable<unknown> as Iterable<Raw>
}

/** What carried an influence into a decision: the decision itself, else the latest that was there when it was asked for. */
function carrier(context: Context, influence: Influence, raw: Raw): DecisionRow['via'] {
  const rows = context
    .sql(
      `SELECT idx, key FROM spanwise_decision_terms WHERE term = ?1 AND run_seq = ?2 AND (idx = ?3 OR idx <= ?4)
       ORDER BY idx DESC`,
    )
    .iterate(termOf(context, influence), raw.run_seq, raw.idx, raw.after) as Iterable<unknown>
  for (const { idx, key } of rows as Iterable<{ idx: number; key: string }>)
    if (idx === raw.idx || !areSiblings(key, raw.key)) return { key, index: idx }
  return undefined
}

function termOf(context: Context, influence: Influence): string {
  if ('model' in influence) return `model:${influence.model}`
  if ('prompt' in influence) return `prompt:${influence.prompt}`
  if ('document' in influence) return documentTerm(context, influence.document)
  return `approver:${context.token('actor', influence.approver)}`
}

function toRow(context: Context, raw: Raw, via: DecisionRow['via']): DecisionRow {
  const run = { seq: raw.run_seq, run: raw.run }
  // what it was about is read where it is wanted
  const bare = (entry: Entry): Entry => ({ ...entry, payload: undefined })
  const at = (index: number): Entry => bare(entriesOf(context, run, index, 1)[0] as Entry)
  const row: DecisionRow = {
    run: raw.run,
    workflow: raw.workflow,
    tenant: raw.tenant,
    release: raw.release,
    subject: raw.subject ?? undefined,
    entry: at(raw.idx),
    parts: partsAt(context, raw.run_seq, JSON.parse(raw.parts) as number[], raw.run).map(bare),
    ...(via === undefined ? {} : { via }),
  }
  cursors.set(row, raw.pos)
  return row
}
