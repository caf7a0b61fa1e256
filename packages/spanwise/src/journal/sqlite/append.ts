import type { NewEntry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'
import type { Appended, ApprovalChange, RunChange } from '../store.ts'
import { approvalStates, firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { startChild } from './create.ts'
import { insertEntry } from './entries.ts'
import { mailWaits, send } from './mail.ts'
import { settle } from './outcome.ts'
import { type RawRun, runBySeq } from './rows.ts'

const needsAttention = statuses.code('needs attention')
const ok: Appended = { state: 'ok', woken: [] }
const fenced: Appended = { state: 'fenced' }

/** One flush of one run, by its owner under its current epoch only. */
export function append(context: Context, change: RunChange): Appended {
  const run = runBySeq(context, change.ref.seq)
  if (run === undefined || run.run !== change.ref.run) throw strange(change)
  if (run.owner === null || run.epoch !== change.epoch) return fenced
  for (const entry of change.entries) insertEntry(context, change.ref, entry, run.secret ?? undefined)
  if (isPlain(change)) return ok

  const woken = new Set<string>()
  takeMail(context, change)
  const at = timeOf(change, run)
  for (const child of change.children ?? []) {
    const parent = { run: run.run, key: child.parent?.key ?? '' }
    if (startChild(context, parent, child, at)) woken.add(run.run)
  }
  for (const mail of change.send ?? []) {
    if (send(context, mail).state === 'ok') woken.add(mail.run)
  }
  for (const approval of change.approvals ?? []) changeApproval(context, run.seq, approval)

  const status = change.row === undefined ? run.status : statuses.code(change.row.status)
  if (status >= firstTerminal) {
    project(context, change, status, at)
    context.sql('UPDATE spanwise_runs SET owner = NULL, wake_at = NULL WHERE seq = ?').run(run.seq)
    const outcome = change.row?.outcome ?? closing(change)?.payload
    for (const parent of settle(context, run, status, outcome, at)) woken.add(parent)
    return { state: 'ok', woken: [...woken] }
  }
  const busy = change.park !== undefined && mailWaits(context, run.seq, status)
  // what is not parked goes on as it was: its status is not what its owner took it for
  if (change.row !== undefined) project(context, change, busy ? run.status : status, at)
  if (change.park !== undefined && !busy) {
    context
      .sql('UPDATE spanwise_runs SET owner = NULL, wake_at = ? WHERE seq = ?')
      .run(change.park.wakeAt ?? null, run.seq)
  }
  return { state: busy ? 'busy' : 'ok', woken: [...woken] }
}

/** The common flush: entries and nothing else. */
function isPlain(change: RunChange): boolean {
  return (
    change.row === undefined &&
    change.park === undefined &&
    change.taken === undefined &&
    change.children === undefined &&
    change.send === undefined &&
    change.approvals === undefined
  )
}

function takeMail(context: Context, change: RunChange): void {
  for (const id of change.taken ?? []) {
    const { changes } = context.sql('DELETE FROM spanwise_mail WHERE id = ? AND run_seq = ?').run(id, change.ref.seq)
    if (changes === 0) {
      throw new SpanwiseError({
        code: 'MAIL_TAKEN_TWICE',
        message: `Mail ${id} of run ${change.ref.run} was delivered before.`,
        hint: 'This is a bug in Spanwise; nothing of the second delivery was recorded. Please report it.',
        run: change.ref.run,
      })
    }
  }
}

function project(context: Context, change: RunChange, status: number, at: number): void {
  const { row } = change
  context
    .sql(
      `UPDATE spanwise_runs SET status = ?, base = coalesce(?, base), release = coalesce(?, release), fingerprint = ?,
       code = ?, outcome = ?, updated_at = ? WHERE seq = ?`,
    )
    .run(
      status,
      row?.base ?? null,
      row?.release ?? null,
      row?.fingerprint ?? null,
      row?.code ?? null,
      outcomeColumn(change, status),
      at,
      change.ref.seq,
    )
}

/** What ended or stopped a run is kept once: as the index of the entry that says it, where one does. */
function outcomeColumn(change: RunChange, status: number): number | string | null {
  if (status < needsAttention) return null
  const given = change.row?.outcome
  const holder = given === undefined ? closing(change) : change.entries.findLast((entry) => entry.payload === given)
  return holder?.index ?? given ?? null
}

/** The entry of this change that ends or stops the run. */
function closing(change: RunChange): NewEntry | undefined {
  return change.entries.findLast(({ kind }) => closers.has(kind))
}

const closers: ReadonlySet<string> = new Set(['run.parked', 'run.completed', 'run.failed', 'run.cancelled'])

function changeApproval(context: Context, runSeq: number, change: ApprovalChange): void {
  if ('open' in change) {
    const { id, key, role, at, expiresAt } = change.open
    context
      .sql(
        `INSERT INTO spanwise_approvals (id, run_seq, key, role, at, expires_at, state) VALUES (?, ?, ?, ?, ?, ?, 0)
         ON CONFLICT (id) DO UPDATE SET state = 0`,
      )
      .run(id, runSeq, key, role ?? null, at, expiresAt ?? null)
    return
  }
  context
    .sql('UPDATE spanwise_approvals SET state = ? WHERE id = ? AND run_seq = ? AND state = 0')
    .run(approvalStates.code(change.close.state), change.close.id, runSeq)
}

/** Time is the writer's: the last entry's, else what is in the change, else what the row says. */
function timeOf(change: RunChange, run: RawRun): number {
  const last: NewEntry | undefined = change.entries.at(-1)
  return last?.at ?? change.send?.at(-1)?.at ?? run.updated_at
}

function strange(change: RunChange): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `There is no run ${change.ref.run} with number ${change.ref.seq} in this store.`,
    hint: 'The run was loaded from another store, or the file was replaced while the process was running. Restart it.',
    run: change.ref.run,
  })
}
