import { randomBytes } from 'node:crypto'
import type { Created, NewRun, ParentLink, RunRow } from '../store.ts'
import { firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { debounce, openWindow } from './debounce.ts'
import { insertEntries } from './entries.ts'
import { post } from './mail.ts'
import { childOutcome } from './outcome.ts'
import { releaseSeq } from './releases.ts'
import { remember, remembered } from './requests.ts'
import { type RawRun, runById, selectRun, toRunRow } from './rows.ts'
import { keepSecret, livingSubject } from './subjects.ts'
import { tagRun } from './tags.ts'

const insert = `INSERT INTO spanwise_runs (run, tenant, workflow, id_token, input_token, status, owner, epoch, wake_at, base,
  priority, deadline, release, subject, parent_run, parent_key, linked, secret, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** Insert-or-get by (tenant, workflow, id). */
export function create(context: Context, run: NewRun): Created {
  const idToken = context.token('id', run.id)
  const found = context
    .sql(`${selectRun} WHERE r.tenant = ? AND r.workflow = ? AND r.id_token = ?`)
    .get(run.tenant, run.workflow, idToken) as RawRun | undefined
  if (found === undefined) {
    const before = run.request === undefined ? undefined : remembered(context, run.request, run.at)
    if (before !== undefined) {
      const raw = context.sql(`${selectRun} WHERE r.seq = ?`).get(before.runSeq) as unknown as RawRun
      return { state: before.isSame ? 'exists' : 'conflict', row: toRunRow(context, raw) }
    }
    const debounced = run.debounce === undefined ? undefined : debounce(context, run, run.debounce)
    if (debounced !== undefined) {
      if (run.request !== undefined) remember(context, run.request, debounced.seq, run.at)
      return { state: 'debounced', row: debounced }
    }
    const row = insertRun(context, run, idToken)
    if (run.request !== undefined) remember(context, run.request, row.seq, run.at)
    if (run.debounce !== undefined) openWindow(context, row.seq, run.debounce)
    return { state: 'created', row }
  }
  const state = found.input_token === run.inputToken ? 'exists' : 'conflict'
  return { state, row: toRunRow(context, found) }
}

/**
 * Starts a child in its parent's commit. A child that is there already is linked all the same; what there is to say about it
 * (another input, or an outcome) is mailed to the parent at once. Returns whether it was.
 */
export function startChild(context: Context, parent: ParentLink, child: NewRun, at: number): boolean {
  const made = create(context, { ...child, parent })
  if (made.state === 'created') return false
  const { row } = made
  const raw = runById(context, parent.run)
  if (raw === undefined) return false
  if (made.state === 'conflict') {
    post(context, raw, 'child', parent.key, JSON.stringify({ run: row.run, conflict: true }), at)
    return true
  }
  if (statuses.code(row.status) >= firstTerminal) {
    const settled = runById(context, row.run)
    if (settled !== undefined) post(context, raw, 'child', parent.key, childOutcome(context, settled), at)
    return true
  }
  link(context, row.seq, parent)
  return false
}

export function insertRun(context: Context, run: NewRun, idToken: string): RunRow {
  const subject = run.subject === undefined ? undefined : livingSubject(context, run.subject)
  const secret = subject?.secret ?? new Uint8Array(randomBytes(32))
  const owner = run.owner ?? null
  const epoch = owner === null ? 0 : 1
  const wakeAt = owner === null ? (run.wakeAt ?? run.at) : null
  const { lastInsertRowid } = context
    .sql(insert)
    .run(
      run.run,
      run.tenant,
      run.workflow,
      idToken,
      run.inputToken,
      statuses.code(run.status),
      owner,
      epoch,
      wakeAt,
      run.priority,
      run.deadline ?? null,
      releaseSeq(context, run.release),
      subject?.token ?? null,
      run.parent?.run ?? null,
      run.parent?.key ?? null,
      run.parent === undefined ? 0 : 1,
      subject === undefined ? context.vault.wrap(secret) : null,
      run.at,
      run.at,
    )
  const seq = Number(lastInsertRowid)
  if (subject === undefined) keepSecret(context, seq, secret)
  insertEntries(context, { seq, run: run.run }, [run.started], secret)
  tagRun(context, seq, run.tags)
  if (run.parent !== undefined) link(context, seq, run.parent)
  return {
    seq,
    run: run.run,
    workflow: run.workflow,
    tenant: run.tenant,
    idToken,
    status: run.status,
    wakeAt: wakeAt ?? undefined,
    owner: run.owner,
    epoch,
    base: 0,
    priority: run.priority,
    deadline: run.deadline,
    release: run.release,
    subject: subject?.token,
    parent: run.parent,
    fingerprint: undefined,
    code: undefined,
    createdAt: run.at,
    updatedAt: run.at,
    secret,
  }
}

export function link(context: Context, childSeq: number, parent: ParentLink): void {
  context
    .sql('INSERT OR IGNORE INTO spanwise_links (child_seq, parent_run, parent_key) VALUES (?, ?, ?)')
    .run(childSeq, parent.run, parent.key)
  context.sql('UPDATE spanwise_runs SET linked = 1 WHERE seq = ? AND linked = 0').run(childSeq)
}
