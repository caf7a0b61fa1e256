import { randomBytes } from 'node:crypto'
import { encrypt, entryLine, frame } from '../archive/format.ts'
import type { ArchiveRow, Expired, ExpiredQuery, ExportedRun, NewArchive, Rule } from '../retention.ts'
import { archivedPayloads, isArchived, ownSecret } from './archived.ts'
import { firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { archiveEntries, entriesOf, unarchiveEntries } from './entries.ts'
import { eraseRegistry } from './erase-registry.ts'
import { holdsOf } from './ledger.ts'
import { type RawRun, runById } from './rows.ts'
import { subjectSecret } from './subjects.ts'

/** What can be asked of the store about letting runs go; part of `operations.ts`. */
export const retentionOperations = {
  expired: (context: Context, query: ExpiredQuery) => expired(context, query),
  exportRun: (context: Context, run: string) => exportRun(context, run),
  archiveRuns: (context: Context, archive: NewArchive) => archiveRuns(context, archive),
  deleteRuns: (context: Context, runs: readonly string[]) => deleteRuns(context, runs),
  restoreRun: (context: Context, run: string) => restoreRun(context, run),
  archives: (context: Context, _: undefined) => archives(context),
} as const

export const retentionReads = ['expired', 'exportRun', 'archives'] as const

/** runs that are looked at in one request: a walk through millions never holds up a commit for long */
const stretch = 2_000

/** Walks in the order in which runs were made: no index is kept for it, because nothing but this needs one. */
function expired(context: Context, query: ExpiredQuery): Expired {
  const { rules, action, now, after, limit } = query
  const values: (string | number)[] = []
  const matches = rules.map((rule) => condition(context, rule, values))
  const conditions = rules.map(({ keep }, i) => {
    const earlier = matches.slice(0, i).map((match) => `NOT (${match})`)
    const old = keep === undefined ? '0' : `r.updated_at <= ${Math.floor(now - keep)}`
    return `(${[...earlier, `(${matches[i]})`, old].join(' AND ')})`
  })
  // the same values are bound wherever a rule's condition stands: by number
  const rows = context
    .sql(
      `SELECT r.seq, r.run, r.status >= ${firstTerminal} AND (${conditions.join(' OR ') || '0'})
         AND (${action === 'delete' ? '1' : 'NOT EXISTS (SELECT 1 FROM spanwise_archived a WHERE a.run_seq = r.seq)'})
         AND (r.linked = 0 OR NOT EXISTS (SELECT 1 FROM spanwise_links l JOIN spanwise_runs p ON p.run = l.parent_run
           WHERE l.child_seq = r.seq AND p.status < ${firstTerminal}))${action === 'delete' ? kept(query) : ''} AS gone
       FROM spanwise_runs r WHERE r.seq > ${Math.floor(after)} ORDER BY r.seq LIMIT ${stretch}`,
    )
    .all(...values) as unknown as { readonly seq: number; readonly run: string; readonly gone: number }[]
  // the number of a run that is forgotten must not be given again: its leaves stay under it
  const newest = Number(context.sql('SELECT max(seq) AS seq FROM spanwise_runs').get()?.['seq'] ?? 0)
  const runs: string[] = []
  for (const { seq, run, gone } of rows) {
    if (gone === 1 && !(action === 'delete' && seq === newest)) runs.push(run)
    if (runs.length >= limit) return { runs, after: seq }
  }
  return { runs, after: rows.length === stretch ? rows.at(-1)?.seq : undefined }
}

/** What may not be deleted: held runs, and decisions that are too young. */
function kept({ decisionsSince }: ExpiredQuery): string {
  const held = ` AND NOT EXISTS (SELECT 1 FROM spanwise_holds h WHERE h.target IN (${holdsOf('r.seq')}))`
  if (decisionsSince === undefined) return held
  return `${held} AND (r.updated_at <= ${Math.floor(decisionsSince)}
    OR NOT EXISTS (SELECT 1 FROM spanwise_decisions d WHERE d.run_seq = r.seq AND d.pos IS NOT NULL))`
}

function condition(context: Context, { workflow, status, tag }: Rule, values: (string | number)[]): string {
  const parts = ['1']
  const bind = (value: string | number): string => `?${values.push(value)}`
  if (workflow !== undefined) parts.push(`r.workflow = ${bind(workflow)}`)
  if (status !== undefined) parts.push(`r.status IN (${status.map((one) => statuses.code(one)).join(', ')})`)
  if (tag !== undefined) {
    const token = bind(context.token('tag', tag))
    parts.push(`EXISTS (SELECT 1 FROM spanwise_run_tags t WHERE t.token = ${token} AND t.run_seq = r.seq)`)
  }
  return parts.join(' AND ')
}

function endedRun(context: Context, run: string): RawRun | undefined {
  const raw = runById(context, run)
  return raw === undefined || raw.status < firstTerminal ? undefined : raw
}

function isHeld(context: Context, runSeq: number): boolean {
  return (
    context.sql(`SELECT 1 FROM spanwise_holds WHERE target IN (${holdsOf('?1')}) LIMIT 1`).get(runSeq) !== undefined
  )
}

function exportRun(context: Context, run: string): ExportedRun | undefined {
  const raw = endedRun(context, run)
  if (raw === undefined || isArchived(context, raw.seq)) return undefined
  const entries = entriesOf(context, raw, 0)
  const key = new Uint8Array(randomBytes(32))
  const groups = new Map<string, [number, string][]>()
  for (const { index, payload, subject = '' } of entries) {
    if (payload === undefined) continue
    const group = groups.get(subject)
    if (group === undefined) groups.set(subject, [[index, payload]])
    else group.push([index, payload])
  }
  const content: Record<string, string> = {}
  for (const [whose, payloads] of groups) {
    const secret = whose === '' ? ownSecret(context, raw.seq) : subjectSecret(context, whose)
    if (secret !== undefined) content[whose] = encrypt(payloads, secret, key)
  }
  const head = {
    run: raw.run,
    workflow: raw.workflow,
    tenant: raw.tenant,
    status: statuses.name(raw.status),
    release: raw.release,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    ...(raw.subject === null ? {} : { subject: raw.subject }),
  }
  return { run, frame: frame([head, ...entries.map(entryLine), { content }]), key, entries: entries.length }
}

function archiveRuns(context: Context, archive: NewArchive): number {
  const gone: number[] = []
  for (const { run, entries, offset, length, key } of archive.runs) {
    const raw = endedRun(context, run)
    // deleted, archived by somebody else, or with a late note since: it is left for the next time
    if (raw === undefined || isArchived(context, raw.seq) || entriesOf(context, raw, entries, 1).length > 0) continue
    context
      .sql('INSERT INTO spanwise_archived (run_seq, file, offset, length, key, at) VALUES (?, ?, ?, ?, ?, ?)')
      .run(raw.seq, archive.file, offset, length, key, archive.at)
    gone.push(raw.seq)
  }
  archiveEntries(context, gone)
  return gone.length
}

function deleteRuns(
  context: Context,
  runs: readonly string[],
): { readonly deleted: number; readonly unused: readonly string[] } {
  const files = new Set<string>()
  let deleted = 0
  for (const run of runs) {
    const raw = endedRun(context, run)
    if (raw === undefined || isHeld(context, raw.seq)) continue
    const file = context.sql('SELECT file FROM spanwise_archived WHERE run_seq = ?').get(raw.seq)?.['file']
    if (file !== undefined) files.add(String(file))
    for (const table of Object.values(eraseRegistry)) table.erase?.(context, { run: raw.seq })
    for (const table of Object.values(eraseRegistry)) table.forget?.(context, raw)
    context.secrets.delete(raw.seq)
    deleted++
  }
  const unused = [...files].filter(
    (file) => context.sql('SELECT 1 FROM spanwise_archived WHERE file = ? LIMIT 1').get(file) === undefined,
  )
  return { deleted, unused }
}

function restoreRun(context: Context, run: string): boolean {
  const raw = endedRun(context, run)
  const payloads = raw === undefined ? undefined : archivedPayloads(context, raw.seq)
  if (raw === undefined || payloads === undefined) return false
  unarchiveEntries(context, raw, payloads)
  context.sql('DELETE FROM spanwise_archived WHERE run_seq = ?').run(raw.seq)
  return true
}

function archives(context: Context): readonly ArchiveRow[] {
  return context
    .sql('SELECT file, count(*) AS runs, min(at) AS at FROM spanwise_archived GROUP BY file ORDER BY file')
    .all()
    .map((row) => ({ file: String(row['file']), runs: Number(row['runs']), at: Number(row['at']) }))
}
