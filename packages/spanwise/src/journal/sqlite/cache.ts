import type { CacheFilter, CacheQuery, CacheRow, NewCachedResult } from '../cache.ts'
import type { Page } from '../page.ts'
import { isArchived } from './archived.ts'
import type { Context } from './context.ts'
import { entriesOf } from './entries.ts'
import { fromCursor, page } from './queries.ts'

/** What can be asked of the store about cached results; part of `operations.ts`. */
export const cacheOperations = {
  cachedResult: (context: Context, query: { readonly token: string; readonly now: number }) =>
    cachedResult(context, query),
  cachedResults: (context: Context, query: CacheQuery) => cachedResults(context, query),
  dropCachedResults: (
    context: Context,
    order: CacheFilter & { readonly limit: number; readonly dryRun?: boolean | undefined },
  ) => dropCachedResults(context, order),
} as const

/** not `cachedResult`, which forgets what it finds to be of no use */
export const cacheReads = ['cachedResults'] as const

/** forgotten a write, so that no write has to forget much */
const few = 32

interface Found {
  readonly seq: number
  readonly idx: number
  readonly at: number
  readonly expires: number
  readonly run_seq: number
  readonly run: string | null
}

function cachedResult(context: Context, { token, now }: { readonly token: string; readonly now: number }) {
  const found = context
    .sql(
      `SELECT c.seq, c.idx, c.at, c.expires, c.run_seq, r.run FROM spanwise_cache c
       LEFT JOIN spanwise_runs r ON r.seq = c.run_seq WHERE c.token = ?`,
    )
    .get(token) as unknown as Found | undefined
  if (found === undefined) return undefined
  const result = isCurrent(found, now) ? resultIn(context, found) : undefined
  // for good: a clock that is set back must not bring it to life again
  if (result === undefined) forget(context, [found.seq])
  return result
}

/** What was computed later than now was computed before a clock was set back: nobody knows how old it is. */
function isCurrent({ at, expires }: Found, now: number): boolean {
  return at <= now && now < expires
}

function resultIn(context: Context, { run_seq, run, idx }: Found) {
  if (run === null || isArchived(context, run_seq)) return undefined
  const [entry] = entriesOf(context, { seq: run_seq, run }, idx, 1)
  if (entry?.index !== idx || entry.kind !== 'step.result' || entry.payload === undefined) return undefined
  return { run, index: idx, result: entry.payload.slice(entry.payload.indexOf('\n') + 1) }
}

/** Beside the entries that they stand in, in the same transaction. */
export function keepResults(context: Context, runSeq: number, results: readonly NewCachedResult[]): void {
  for (const { token, step, key, tags, index, at, expires } of results) {
    const before = context.sql('SELECT seq FROM spanwise_cache WHERE token = ?').get(token)
    if (before !== undefined) forget(context, [Number(before['seq'])])
    const { lastInsertRowid: seq } = context
      .sql('INSERT INTO spanwise_cache (token, step, key, run_seq, idx, at, expires) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(token, step, key, runSeq, index, at, expires)
    for (const tag of new Set(tags))
      context.sql('INSERT INTO spanwise_cache_tags (tag, seq) VALUES (?, ?)').run(tag, seq)
  }
  const now = results.at(-1)?.at
  if (now === undefined) return
  const gone = context
    .sql(`SELECT seq FROM spanwise_cache WHERE expires <= ? ORDER BY expires LIMIT ${few}`)
    .all(now)
    .map(({ seq }) => Number(seq))
  forget(context, gone)
}

function forget(context: Context, rows: readonly number[]): void {
  for (const seq of rows) {
    context.sql('DELETE FROM spanwise_cache_tags WHERE seq = ?').run(seq)
    context.sql('DELETE FROM spanwise_cache WHERE seq = ?').run(seq)
  }
}

/** Of runs that are erased or deleted. `runs` is what to compare `run_seq` with; `?1` in it is the value. */
export function forgetResultsOf(context: Context, runs: string, value: number | string): void {
  const rows = context.sql(`SELECT seq FROM spanwise_cache WHERE run_seq ${runs}`).all(value)
  forget(
    context,
    rows.map(({ seq }) => Number(seq)),
  )
}

function cachedResults(context: Context, query: CacheQuery): Page<CacheRow> {
  const { where, values } = condition(query)
  where.push('c.at <= ?', 'c.expires > ?')
  values.push(query.now, query.now)
  if (query.after !== undefined) {
    where.push('c.seq < ?')
    values.push(fromCursor(query.after))
  }
  const rows = context
    .sql(
      `SELECT c.seq, c.step, c.idx, c.at, c.expires, r.run, r.workflow, r.tenant FROM ${joined}
       WHERE ${where.join(' AND ')} ORDER BY c.seq DESC LIMIT ?`,
    )
    .all(...values, query.limit + 1) as unknown as RawRow[]
  return page(rows, query.limit, ({ seq: _, idx, ...row }) => ({ ...row, index: idx }))
}

type RawRow = Omit<CacheRow, 'index'> & { readonly seq: number; readonly idx: number }

const joined = 'spanwise_cache c JOIN spanwise_runs r ON r.seq = c.run_seq'

function dropCachedResults(
  context: Context,
  { limit, dryRun, ...filter }: CacheFilter & { readonly limit: number; readonly dryRun?: boolean | undefined },
): number {
  const { where, values } = condition(filter)
  const fitting = `SELECT c.seq FROM ${joined} WHERE ${where.join(' AND ') || '1'} LIMIT ?`
  if (dryRun === true) return Number(context.sql(`SELECT count(*) AS n FROM (${fitting})`).get(...values, limit)?.['n'])
  const rows = context.sql(fitting).all(...values, limit)
  forget(
    context,
    rows.map(({ seq }) => Number(seq)),
  )
  return rows.length
}

function condition({ step, key, tag, tenant }: CacheFilter): { where: string[]; values: (string | number)[] } {
  const where: string[] = []
  const values: (string | number)[] = []
  const only = (sql: string, value: string | undefined): void => {
    if (value === undefined) return
    where.push(sql)
    values.push(value)
  }
  only('c.step = ?', step)
  only('c.key = ?', key)
  only('c.seq IN (SELECT seq FROM spanwise_cache_tags WHERE tag = ?)', tag)
  only('r.tenant = ?', tenant)
  return { where, values }
}
