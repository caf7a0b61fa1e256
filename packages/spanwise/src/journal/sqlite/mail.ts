import { identityToken } from '../secret.ts'
import type { MailKind, NewMail, Sent } from '../store.ts'
import { approvalStates, firstTerminal, mailKinds, rousing, statuses, urgent } from './codes.ts'
import type { Context } from './context.ts'
import { remember, remembered } from './requests.ts'
import type { RawRun } from './rows.ts'

const needsAttention = statuses.code('needs attention')
const queued = statuses.code('queued')
const open = approvalStates.code('open')
const decided = approvalStates.code('decided')

/** Mail from anyone but the owner's own engine: checked, deduplicated, and then the run is made due. */
export function send(context: Context, mail: NewMail): Sent {
  const run = context.sql('SELECT seq, run, status, owner FROM spanwise_runs WHERE run = ?').get(mail.run) as unknown as
    | Pick<RawRun, 'seq' | 'run' | 'status' | 'owner'>
    | undefined
  if (run === undefined) return { state: 'unknown run' }
  const request = mail.request && {
    token: context.token('request', JSON.stringify(['mail', mail.request.key])),
    input: '',
    until: mail.request.until,
  }
  if (request !== undefined && remembered(context, request, mail.at) !== undefined)
    return { state: 'duplicate', run: run.run }
  if (run.status >= firstTerminal) return { state: 'closed', status: statuses.name(run.status) }
  if (mail.dedupe !== undefined && seenBefore(context, run.seq, mail)) return { state: 'duplicate', run: run.run }
  if (mail.approval !== undefined) {
    const state = decide(context, run.seq, mail.approval)
    if (state !== undefined) return { state: 'closed', status: state }
  }
  if (mail.dedupe !== undefined) {
    context
      .sql('INSERT INTO spanwise_mail_seen (run_seq, token) VALUES (?, ?)')
      .run(run.seq, dedupeToken(context, mail))
  }
  if (request !== undefined) remember(context, request, run.seq, mail.at)
  post(context, run, mail.kind, mail.name, mail.payload, mail.at)
  return { state: 'ok', run: run.run }
}

export function post(
  context: Context,
  run: Pick<RawRun, 'seq' | 'status' | 'owner'>,
  kind: MailKind,
  name: string,
  payload: string | undefined,
  at: number,
): void {
  context
    .sql('INSERT INTO spanwise_mail (run_seq, kind, name, payload, at) VALUES (?, ?, ?, ?, ?)')
    .run(run.seq, mailKinds.code(kind), name, payload === undefined ? null : context.columns.seal(payload), at)
  if (run.owner === null && moves(kind, run.status)) {
    context.sql('UPDATE spanwise_runs SET wake_at = min(coalesce(wake_at, ?1), ?1) WHERE seq = ?2').run(at, run.seq)
  }
}

/** Whether this mail makes a run of this status due. */
export function moves(kind: MailKind, status: number): boolean {
  if (status >= firstTerminal) return false
  if (status === needsAttention) return rousing.has(kind)
  // a run that did not begin is due by its own time; mail for it waits in the inbox until then
  return status !== queued || urgent.has(kind)
}

const rousingCodes = [...rousing].map((kind) => mailKinds.code(kind)).join(', ')

const urgentCodes = [...urgent].map((kind) => mailKinds.code(kind)).join(', ')

/** Whether undelivered mail forbids that the run is parked with this status. */
export function mailWaits(context: Context, runSeq: number, status: number): boolean {
  const codes = status === needsAttention ? rousingCodes : status === queued ? urgentCodes : undefined
  const kinds = codes === undefined ? '' : ` AND kind IN (${codes})`
  return context.sql(`SELECT 1 FROM spanwise_mail WHERE run_seq = ?${kinds} LIMIT 1`).get(runSeq) !== undefined
}

function seenBefore(context: Context, runSeq: number, mail: NewMail): boolean {
  const token = dedupeToken(context, mail)
  return (
    context.sql('SELECT 1 FROM spanwise_mail_seen WHERE run_seq = ? AND token = ?').get(runSeq, token) !== undefined
  )
}

function dedupeToken(context: Context, mail: NewMail): string {
  return identityToken(context.key, 'mail', mail.dedupe ?? '')
}

/** The first decision closes the approval; later ones are told how it stands. */
function decide(context: Context, runSeq: number, id: string): string | undefined {
  const row = context.sql('SELECT run_seq, state FROM spanwise_approvals WHERE id = ?').get(id)
  if (row === undefined || row['run_seq'] !== runSeq) return 'unknown approval'
  if (row['state'] !== open) return approvalStates.name(Number(row['state']))
  context.sql('UPDATE spanwise_approvals SET state = ? WHERE id = ?').run(decided, id)
  return undefined
}
