import type { NewEntry } from '../entry.ts'
import { SpanwiseError } from '../error.ts'
import type { Appended, ApprovalChange, RunChange, RunRef } from '../store.ts'
import { changeBudgets } from './budgets.ts'
import { keepResults } from './cache.ts'
import { approvalStates, firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { startChild } from './create.ts'
import { forgetDeaths } from './deaths.ts'
import { insertEntries } from './entries.ts'
import { releaseHeld } from './held-runs.ts'
import { waitForLimit } from './limit-waits.ts'
import { mailWaits, send } from './mail.ts'
import { settle } from './outcome.ts'
import { persistPlaces } from './places.ts'
import { runSecret, subjectSecret } from './subjects.ts'

const needsAttention = statuses.code('needs attention')
const ok: Appended = { state: 'ok', woken: [] }
const fenced: Appended = { state: 'fenced' }

/** One flush of one run, by its owner under its current epoch only. */
export function append(context: Context, change: RunChange): Appended {
  const { ref, entries } = change
  const head = headOf(context, ref)
  if (head === undefined) throw strange(change)
  if (!head.owned || head.epoch !== change.epoch) return fenced
  const secret = head.subject === null ? runSecret(context, ref.seq) : subjectSecret(context, head.subject)
  insertEntries(context, ref, entries, secret)
  if (isPlain(change)) return ok

  const woken = new Set<string>()
  takeMail(context, change)
  const at = timeOf(change, head)
  for (const child of change.children ?? []) {
    const parent = { run: ref.run, key: child.parent?.key ?? '' }
    if (startChild(context, parent, child, at)) woken.add(ref.run)
  }
  for (const mail of change.send ?? []) {
    if (send(context, mail).state === 'ok') woken.add(mail.run)
  }
  changeBudgets(context, change.budgets ?? [])
  keepResults(context, ref.seq, change.results ?? [])
  for (const approval of change.approvals ?? []) changeApproval(context, ref.seq, approval)

  const status = change.row === undefined ? head.status : statuses.code(change.row.status)
  if (status >= firstTerminal) {
    persistPlaces(context, ref.seq)
    forgetDeaths(context, ref.seq)
    project(context, change, status, at, { wakeAt: undefined })
    const outcome = change.row?.outcome ?? closing(change)?.payload
    for (const parent of settle(context, ref, head.linked, status, outcome, at)) woken.add(parent)
    return { state: 'ok', woken: [...woken] }
  }
  const busy = change.park !== undefined && mailWaits(context, ref.seq, status)
  const park = busy ? undefined : change.park
  if (park !== undefined) {
    persistPlaces(context, ref.seq)
    forgetDeaths(context, ref.seq)
  }
  if (park?.queued === true) waitForLimit(context, ref.seq)
  if (change.row !== undefined) {
    // what is not parked goes on as it was: its status is not what its owner took it for
    project(context, change, busy ? head.status : status, at, park)
    if (head.linked && status === needsAttention && !busy) {
      for (const run of releaseHeld(context, ref.seq, false, at)) woken.add(run)
    }
  } else if (park !== undefined) {
    context.sql('UPDATE spanwise_runs SET owner = NULL, wake_at = ? WHERE seq = ?').run(park.wakeAt ?? null, ref.seq)
  }
  return { state: busy ? 'busy' : 'ok', woken: [...woken] }
}

/** What an append has to know of its run. */
interface Head {
  readonly epoch: number
  readonly owned: boolean
  readonly status: number
  readonly linked: boolean
  readonly subject: string | null
  readonly updatedAt: number
}

function headOf(context: Context, ref: RunRef): Head | undefined {
  const row = context.hot.head.get(ref.seq, ref.run) as unknown as
    | [number, number, number, number, string | null, number]
    | undefined
  if (row === undefined) return undefined
  const [epoch, owned, status, linked, subject, updatedAt] = row
  return { epoch, owned: owned === 1, status, linked: linked === 1, subject, updatedAt }
}

/** The common flush: entries and nothing else. */
function isPlain(change: RunChange): boolean {
  return (
    change.row === undefined &&
    change.park === undefined &&
    change.taken === undefined &&
    change.children === undefined &&
    change.send === undefined &&
    change.approvals === undefined &&
    change.budgets === undefined &&
    change.results === undefined
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

/** `free` gives the lease back. */
function project(
  context: Context,
  change: RunChange,
  status: number,
  at: number,
  free: { readonly wakeAt: number | undefined } | undefined,
): void {
  const { row } = change
  context
    .sql(
      `UPDATE spanwise_runs SET status = ?, base = coalesce(?, base), fingerprint = ?,
       code = ?, outcome = ?, updated_at = ?, owner = iif(?, NULL, owner), wake_at = ? WHERE seq = ?`,
    )
    .run(
      status,
      row?.base ?? null,
      row?.fingerprint ?? null,
      row?.code ?? null,
      outcomeColumn(context, change, status),
      at,
      free === undefined ? 0 : 1,
      free?.wakeAt ?? null,
      change.ref.seq,
    )
}

/** What ended or stopped a run is kept once: as the index of the entry that says it, where one does. */
function outcomeColumn({ columns }: Context, change: RunChange, status: number): number | string | null {
  if (status < needsAttention) return null
  const given = change.row?.outcome
  const holder = given === undefined ? closing(change) : change.entries.findLast((entry) => entry.payload === given)
  return holder?.index ?? (given === undefined ? null : columns.seal(given))
}

/** The entry of this change that ends or stops the run. */
function closing(change: RunChange): NewEntry | undefined {
  return change.entries.findLast(({ kind }) => closers.has(kind))
}

const closers: ReadonlySet<string> = new Set(['run.parked', 'run.completed', 'run.failed', 'run.cancelled'])

function changeApproval(context: Context, runSeq: number, change: ApprovalChange): void {
  if ('open' in change) {
    const { id, key, role, at, expiresAt, entry } = change.open
    context
      .sql(
        `INSERT INTO spanwise_approvals (id, run_seq, key, role, at, expires_at, entry, state) VALUES (?, ?, ?, ?, ?, ?, ?, 0)
         ON CONFLICT (id) DO UPDATE SET role = excluded.role, at = excluded.at, expires_at = excluded.expires_at,
           entry = excluded.entry, state = 0`,
      )
      .run(id, runSeq, key, role ?? null, at, expiresAt ?? null, entry)
    return
  }
  context
    .sql('UPDATE spanwise_approvals SET state = ? WHERE id = ? AND run_seq = ? AND state = 0')
    .run(approvalStates.code(change.close.state), change.close.id, runSeq)
}

/** Time is the writer's: the last entry's, else what is in the change, else what the row says. */
function timeOf(change: RunChange, head: Head): number {
  const last: NewEntry | undefined = change.entries.at(-1)
  return last?.at ?? change.send?.at(-1)?.at ?? head.updatedAt
}

function strange(change: RunChange): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `There is no run ${change.ref.run} with number ${change.ref.seq} in this store.`,
    hint: 'The run was loaded from another store, or the file was replaced while the process was running. Restart it.',
    run: change.ref.run,
  })
}
