import type { ForkRequest, LimitState } from '../engine/index.ts'
import type {
  Act,
  Acted,
  ActQuery,
  ActRow,
  ApiKeyStore,
  ApprovalQuery,
  ApprovalRow,
  ArchiveRow,
  ConfirmCall,
  Confirmed,
  Created,
  DecisionQuery,
  DecisionRow,
  Entry,
  FailureQuery,
  FailureRow,
  ForkLink,
  ListQuery,
  ModelCallQuery,
  ModelCallRow,
  NewMail,
  Page,
  RowChange,
  RunRow,
  RunStatus,
  Sent,
} from '../journal/index.ts'
import type { BudgetState, CandidateState } from '../workflow/index.ts'
import type { Begin } from './begin.ts'
import type { CacheBackend } from './cache-backend.ts'
import type { Formed, Offset } from './forming.ts'
import type { RetentionDone, RetentionStep } from './retention.ts'
import type { ScheduleBackend } from './schedule-backend.ts'
import type { StreamBackend } from './stream-backend.ts'
import type { WebhookBackend } from './webhooks/backend.ts'

/**
 * What the app and the CLI need of whoever holds the store: the engine of this process, the owner of the file over its control
 * socket, or, with no owner, the file itself.
 */
export interface Backend extends ScheduleBackend, CacheBackend, StreamBackend, ApiKeyStore, WebhookBackend {
  readonly kind: 'local' | 'remote' | 'file'
  /** Inserts or gets. */
  begin(begin: Begin): Promise<Created>
  send(mail: NewMail): Promise<Sent>
  /** Inserts or gets, by the id in the request. */
  fork(request: ForkRequest): Promise<RunRow>
  /** of this run itself, oldest first */
  forks(source: string): Promise<readonly ForkLink[]>
  /** Where the workflow's code is at hand: whether the form of an approving decision fits. @throws INVALID_FORM */
  checkForm(run: string, key: string, decision: { readonly approve: boolean; readonly form?: unknown }): Promise<void>
  run(id: string): Promise<RunRow | undefined>
  /** by the user's id */
  find(identity: {
    readonly tenant: string
    readonly workflow: string
    readonly id: string
  }): Promise<RunRow | undefined>
  outcome(id: string): Promise<Outcome | undefined>
  entries(run: string, from?: number, limit?: number): Promise<readonly Entry[]>
  list(query: ListQuery): Promise<Page<RunRow>>
  failures(query: FailureQuery): Promise<Page<FailureRow>>
  /** what somebody found out about a call that was lost */
  confirmCall(call: ConfirmCall): Promise<Confirmed>
  /** what model calls left in all runs */
  modelCalls(query: ModelCallQuery): Promise<Page<ModelCallRow>>
  /** takes in what was appended; true when nothing is left */
  indexDecisions(): Promise<boolean>
  decisions(query: DecisionQuery): Promise<Page<DecisionRow>>
  approvals(query: ApprovalQuery): Promise<Page<ApprovalRow>>
  approval(id: string): Promise<ApprovalRow | undefined>
  /** what the process that works on the store limits, the most waited for first; nothing where nobody works */
  limits(): Promise<readonly LimitState[]>
  /** how the candidates of the gateway are doing in the process that works; undefined where nobody works, or it was given no gateway */
  models(): Promise<readonly CandidateState[] | undefined>
  /** how much is used of the gateway's budgets; undefined where nobody works, or with no gateway */
  budgets(): Promise<readonly BudgetState[] | undefined>
  counts(tenant?: string): Promise<Readonly<Record<RunStatus, number>>>
  /** the latest that a step or the workflow said of its progress */
  progress(run: string): Promise<unknown>
  /** answers of models that form in this run, behind what is had of them; nothing where nobody works */
  forming(run: string, seen: readonly Offset[]): Promise<readonly Formed[]>
  /** calls back after each commit that concerns the run, or when there is more of what forms; returns what ends it */
  watch(run: string, callback: (change: RowChange | undefined) => void, what?: 'forming'): () => void
  /** What the store knows a subject by, and the runs that are about it or hold entries about it, oldest first. */
  about(subject: string): Promise<{ readonly token: string; readonly runs: readonly string[] }>
  /** What an operator does to the record itself, and the entry that says so. */
  act(act: Act): Promise<Acted>
  acts(query: ActQuery): Promise<Page<ActRow>>
  /** One step of letting old runs go. */
  retain(step: RetentionStep): Promise<RetentionDone>
  /** Takes an archived run's content back into the store. */
  restoreRun(run: string): Promise<boolean>
  archives(): Promise<readonly ArchiveRow[]>
  close(): Promise<void>
}

/** How a run stands at its end, or where it parked. */
export interface Outcome {
  readonly status: RunStatus
  /** codec text of result or error */
  readonly payload: string | undefined
}
