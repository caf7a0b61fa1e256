import type { ApprovalRow, Mail, RunRow } from '../store.ts'
import { approvalStates, mailKinds, statuses } from './codes.ts'
import type { Context } from './context.ts'

/** What a row of `spanwise_runs` joined with its subject's secret looks like. */
export interface RawRun {
  readonly seq: number
  readonly run: string
  readonly tenant: string
  readonly workflow: string
  readonly id_token: string
  readonly input_token: string
  readonly status: number
  readonly owner: string | null
  readonly epoch: number
  readonly wake_at: number | null
  readonly base: number
  readonly priority: number
  readonly deadline: number | null
  readonly release: string
  readonly subject: string | null
  readonly parent_run: string | null
  readonly parent_key: string | null
  readonly linked: number
  readonly fingerprint: string | null
  readonly code: string | null
  readonly outcome: number | string | null
  /** as stored */
  readonly secret: Uint8Array | null
  readonly created_at: number
  readonly updated_at: number
}

const columns = `r.seq, r.run, r.tenant, r.workflow, r.id_token, r.input_token, r.status, r.owner, r.epoch, r.wake_at, r.base,
  r.priority, r.deadline, (SELECT x.name FROM spanwise_releases x WHERE x.seq = r.release) AS release, r.subject, r.parent_run, r.parent_key, r.linked, r.fingerprint, r.code, r.outcome,
  r.created_at, r.updated_at,
  CASE WHEN r.subject IS NULL THEN r.secret ELSE (SELECT s.secret FROM spanwise_subjects s WHERE s.token = r.subject) END AS secret`

export const selectRun = `SELECT ${columns} FROM spanwise_runs r`

export function runById(context: Context, run: string): RawRun | undefined {
  return context.sql(`${selectRun} WHERE r.run = ?`).get(run) as RawRun | undefined
}

export function toRunRow(context: Context, raw: RawRun): RunRow {
  return {
    seq: raw.seq,
    run: raw.run,
    workflow: raw.workflow,
    tenant: raw.tenant,
    idToken: raw.id_token,
    status: statuses.name(raw.status),
    wakeAt: raw.wake_at ?? undefined,
    owner: raw.owner ?? undefined,
    epoch: raw.epoch,
    base: raw.base,
    priority: raw.priority,
    deadline: raw.deadline ?? undefined,
    release: raw.release,
    subject: raw.subject ?? undefined,
    parent: raw.parent_run === null ? undefined : { run: raw.parent_run, key: raw.parent_key ?? '' },
    fingerprint: raw.fingerprint ?? undefined,
    code: raw.code ?? undefined,
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
    secret: context.vault.unwrap(raw.secret),
  }
}

interface RawMail {
  readonly id: number
  readonly kind: number
  readonly name: string
  readonly payload: string | null
  readonly at: number
}

/** What waits for the run, first in first out. */
export function mailOf(context: Context, runSeq: number): readonly Mail[] {
  const rows = context
    .sql('SELECT id, kind, name, payload, at FROM spanwise_mail WHERE run_seq = ? ORDER BY id')
    .all(runSeq) as unknown as RawMail[]
  return rows.map((raw) => ({
    id: raw.id,
    kind: mailKinds.name(raw.kind),
    name: raw.name,
    payload: raw.payload === null ? undefined : context.columns.open(raw.payload),
    at: raw.at,
  }))
}

interface RawApproval {
  readonly id: string
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly key: string
  readonly role: string | null
  readonly at: number
  readonly expires_at: number | null
  readonly entry: number
  readonly state: number
  readonly seq: number
}

export const selectApproval = `SELECT a.seq, a.id, a.key, a.role, a.at, a.expires_at, a.entry, a.state, r.run, r.workflow, r.tenant
  FROM spanwise_approvals a JOIN spanwise_runs r ON r.seq = a.run_seq`

export function toApprovalRow(row: unknown): ApprovalRow {
  const raw = row as RawApproval
  return {
    id: raw.id,
    run: raw.run,
    workflow: raw.workflow,
    tenant: raw.tenant,
    key: raw.key,
    role: raw.role ?? undefined,
    at: raw.at,
    expiresAt: raw.expires_at ?? undefined,
    entry: raw.entry,
    state: approvalStates.name(raw.state),
  }
}
