import type { Entry, RunStatus } from '../entry.ts'
import type { RunRef } from '../store.ts'
import { approvalStates, firstTerminal, statuses } from './codes.ts'
import type { Context } from './context.ts'
import { entriesOf, latestOf } from './entries.ts'
import { releaseHeld } from './held-runs.ts'
import { mailWaits, post } from './mail.ts'
import { type RawRun, runById } from './rows.ts'

const needsAttention = statuses.code('needs attention')
const open = approvalStates.code('open')
const withdrawn = approvalStates.code('withdrawn')

/** What a linked parent is told: `{ run, status, outcome }` with the outcome as codec text, null when there is none. */
export function childOutcome(context: Context, run: Pick<RawRun, 'seq' | 'run' | 'status' | 'outcome'>): string {
  return outcomeText(run.run, run.status, outcomeOf(context, run))
}

function outcomeText(run: string, status: number, outcome: string | undefined): string {
  return JSON.stringify({ run, status: statuses.name(status), outcome: outcome ?? null })
}

/** The outcome is kept once: most terminal entries hold it as their payload. */
export function outcomeOf(context: Context, run: Pick<RawRun, 'seq' | 'run' | 'outcome'>): string | undefined {
  if (typeof run.outcome !== 'number') return run.outcome === null ? undefined : context.columns.open(run.outcome)
  const [entry]: readonly Entry[] = entriesOf(context, run, run.outcome, 1)
  return entry?.payload
}

/** How it ended, or why it needs attention. */
export function outcomeOfRun(
  context: Context,
  id: string,
): { readonly status: RunStatus; readonly payload: string | undefined } | undefined {
  const run = runById(context, id)
  if (run === undefined) return undefined
  // an operator has moved it already, durably: its worker has only not written so yet
  if (run.status === needsAttention && mailWaits(context, run.seq, needsAttention)) {
    return { status: 'waiting', payload: undefined }
  }
  return { status: statuses.name(run.status), payload: outcomeOf(context, run) ?? whyParked(context, run) }
}

/** Said in an earlier commit than the one that changed the status. */
function whyParked(context: Context, run: RawRun): string | undefined {
  if (run.status !== needsAttention || run.outcome !== null) return undefined
  return latestOf(context, run, 'run.parked')?.payload
}

/**
 * What a run's end takes along in the same commit: its parents are told, its open approvals are withdrawn, its undelivered
 * mail goes, and the run of its schedule that waits for it begins. Returns the runs that got mail.
 */
export function settle(
  context: Context,
  run: RunRef,
  linked: boolean,
  status: number,
  outcome: string | undefined,
  at: number,
): readonly string[] {
  context.sql(`UPDATE spanwise_approvals SET state = ${withdrawn} WHERE run_seq = ? AND state = ${open}`).run(run.seq)
  context.sql('DELETE FROM spanwise_mail WHERE run_seq = ?').run(run.seq)
  context.sql('DELETE FROM spanwise_mail_seen WHERE run_seq = ?').run(run.seq)
  if (!linked) return []
  const woken: string[] = [...releaseHeld(context, run.seq, true, at)]
  const links = context.sql('SELECT parent_run, parent_key FROM spanwise_links WHERE child_seq = ?').all(run.seq)
  for (const link of links) {
    const parent = runById(context, String(link['parent_run']))
    if (parent === undefined || parent.status >= firstTerminal) continue
    post(context, parent, 'child', String(link['parent_key']), outcomeText(run.run, status, outcome), at)
    woken.push(parent.run)
  }
  return woken
}
