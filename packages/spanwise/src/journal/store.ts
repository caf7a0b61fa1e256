import type { ApiKeyStore } from './api-keys.ts'
import type { BudgetChange, Budgets } from './budgets.ts'
import type { CacheStore, NewCachedResult } from './cache.ts'
import type { Deaths } from './deaths.ts'
import type { DecisionStore } from './decisions.ts'
import type { Entry, NewEntry, RunStatus } from './entry.ts'
import type { FailureStore } from './failures.ts'
import type { ForkPoint, ForkStore } from './fork.ts'
import type { IdentityStore } from './identities.ts'
import type { LedgerStore } from './ledger.ts'
import type { LogStore } from './log.ts'
import type { MemoryStore } from './memories.ts'
import type { ModelCallStore } from './model-calls.ts'
import type { OlderNote } from './older.ts'
import type { Page } from './page.ts'
import type { LimitWait, Rates } from './rates.ts'
import type { RetentionStore } from './retention.ts'
import type { FiringOf, ScheduleStore } from './schedules.ts'
import type { StreamStore } from './streams.ts'
import type { WebhookStore } from './webhooks.ts'

/**
 * The port that every store implements (SQLite on a thread or in memory today, Postgres later).
 *
 * Writes are durable when their promise resolves. Writes of concurrent callers share a commit; each one is applied whole or
 * not at all. A run's history is appended only by the holder of its lease: a stale `epoch` is answered `fenced`, never applied.
 */
export interface Store
  extends ApiKeyStore,
    Budgets,
    CacheStore,
    ForkStore<NewFork, RunRow>,
    FailureStore,
    IdentityStore,
    LedgerStore,
    LogStore,
    ModelCallStore,
    DecisionStore,
    MemoryStore,
    Rates,
    ScheduleStore<NewRun>,
    StreamStore,
    Deaths,
    RetentionStore,
    WebhookStore {
  readonly info: StoreInfo

  // ---- the life of a worker
  /** Registers the worker, frees runs of dead ones (SQLite: all others, because only one process works). */
  register(worker: WorkerInfo): Promise<{ readonly freed: number }>
  /** Called by the store itself on its own thread too; false when the lease is lost. */
  renew(worker: string): Promise<boolean>
  unregister(worker: string): Promise<void>

  // ---- writes
  /** Insert-or-get by (tenant, workflow, id). */
  create(run: NewRun): Promise<Created>
  append(change: RunChange): Promise<Appended>
  /** Durable mail to a run from anyone but its owner. */
  send(mail: NewMail): Promise<Sent>
  /** Takes runs that are due and free, best priority first, and loads them. */
  claim(query: ClaimQuery): Promise<readonly LoadedRun[]>
  /**
   * Runs `body` and commits what it writes together with the change it returns: `step.transaction`.
   * Synchronous on SQLite, on the caller's thread, on a connection of its own, with the batch writer paused.
   * `body` throwing rolls everything back and rethrows. `fenced` when the epoch is stale; `body` did not run then.
   */
  transact<T>(
    run: RunRef,
    epoch: number,
    body: (tx: SqlTransaction) => { readonly change: RunChange; readonly value: T },
  ): Promise<{ readonly state: 'ok'; readonly value: T } | { readonly state: 'fenced' }>

  /** Token and secret of each subject, made where they are new. Keyed by the readable subject. Erased subjects are missing. */
  subjects(
    subjects: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly token: string; readonly secret: Uint8Array }>>

  /** Runs that are about a subject (the readable one), and those with entries about it; oldest first. */
  runsOfSubject(subject: string): Promise<readonly string[]>

  /**
   * Destroys the content of a run, or all that is about a subject (the readable one), and the secret that it could be guessed
   * with. Leaves and commitments stay. False when there was nothing by that name. It asks for no hold and leaves no word: operators
   * `act`.
   */
  erase(what: { readonly run: string } | { readonly subject: string }): Promise<boolean>

  // ---- reads
  run(id: string): Promise<RunRow | undefined>
  find(identity: {
    readonly tenant: string
    readonly workflow: string
    readonly id: string
  }): Promise<RunRow | undefined>
  /**
   * How an ended run ended, or why one that needs attention does: codec text of result or error. For other runs `payload` is
   * undefined, as it is once erased.
   */
  outcome(run: string): Promise<{ readonly status: RunStatus; readonly payload: string | undefined } | undefined>
  /** Entries with index >= from, in order; `limit` defaults to all. */
  entries(run: string, from?: number, limit?: number): Promise<readonly Entry[]>
  mail(run: string): Promise<readonly Mail[]>
  list(query: ListQuery): Promise<Page<RunRow>>
  approvals(query: ApprovalQuery): Promise<Page<ApprovalRow>>
  approval(id: string): Promise<ApprovalRow | undefined>
  /** The earliest time at which a free run (of these workflows, when given) is due, in ms; undefined when none is. */
  nextWake(workflows?: readonly string[], release?: string): Promise<number | undefined>
  counts(tenant?: string): Promise<Readonly<Record<RunStatus, number>>>

  close(): Promise<void>
  /** Resolves with the reason when nothing can be asked of it any more: its thread died. */
  readonly lost?: Promise<unknown>
}

export interface StoreInfo {
  readonly kind: 'sqlite' | 'memory'
  /** random, made with the store */
  readonly id: string
  readonly path: string | undefined
  readonly schema: number
  /** it had less than what had been acknowledged from it when it was opened: it was put back from a backup, or lost its end */
  readonly older?: OlderNote | undefined
  /** keyed hash of a user-made id, name or tag under the store's own key: what stands in columns instead of them */
  token(
    purpose:
      | 'id'
      | 'tag'
      | 'subject'
      | 'actor'
      | 'input'
      | 'limit'
      | 'document'
      | 'debounce'
      | 'cache'
      | 'memory'
      | 'producer'
      | 'request',
    value: string,
  ): string
}

export interface WorkerInfo {
  readonly id: string
  readonly pid: number
  readonly host: string
  /** how long the lease holds without renewal, ms */
  readonly lease: number
  /** deaths of its process in a row after which a run is set aside; never when absent */
  readonly crashLimit?: number | undefined
}

export interface RunRef {
  /** the store's own number for the run */
  readonly seq: number
  /** opaque, unique everywhere */
  readonly run: string
}

export interface NewRun {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  /** the user's id, looked up by its token only; a run without one gets its own opaque id as id */
  readonly id: string
  /** `token('input', canonical text of the unparsed input)`: what a conflict is judged by */
  readonly inputToken: string
  readonly status: 'queued' | 'running'
  /** worker that owns it from the start, at epoch 1; free when absent */
  readonly owner?: string | undefined
  /** when a free run is due, ms; now when absent */
  readonly wakeAt?: number | undefined
  readonly priority: number
  readonly deadline?: number | undefined
  readonly release: string
  /** readable subject; the store makes token and secret */
  readonly subject?: string | undefined
  readonly tags: readonly string[]
  readonly parent?: ParentLink | undefined
  /** starts of one window become one run, until it begins */
  readonly debounce?: DebounceWindow | undefined
  /** asked for again under this key it is the same run, also where its id does not say so */
  readonly request?: RememberedRequest | undefined
  /** entry 0, `run.started` */
  readonly started: NewEntry
  readonly at: number
}

/** A run that goes on from a point in another one's history. */
export type NewFork = Omit<NewRun, 'status' | 'owner' | 'parent' | 'debounce' | 'request'> & ForkPoint

export interface DebounceWindow {
  /** `token('debounce', …)` of tenant, workflow, key and subject */
  readonly token: string
  /** the run is due when as long has passed without a start, ms */
  readonly period: number
  /** and by then at the latest; as said by the first start, ms since 1970 */
  readonly until?: number | undefined
}

/** A key that the asker gives a request, so that a repeat of it is answered with what came of the first. */
export interface RememberedRequest {
  /** `token('request', …)` */
  readonly token: string
  /** `token('input', …)`: another input under the same key is a conflict */
  readonly input: string
  /** ms since 1970 */
  readonly until: number
}

export interface ParentLink {
  readonly run: string
  /** the parent's operation, as stored */
  readonly key: string
}

export type Created =
  | { readonly state: 'created'; readonly row: RunRow }
  /** same identity, same input */
  | { readonly state: 'exists'; readonly row: RunRow }
  /** it is the latest start of a run that has not begun */
  | { readonly state: 'debounced'; readonly row: RunRow }
  /** same identity, another input */
  | { readonly state: 'conflict'; readonly row: RunRow }

export interface RunRow extends RunRef {
  readonly workflow: string
  readonly tenant: string
  readonly idToken: string
  readonly status: RunStatus
  readonly wakeAt: number | undefined
  readonly owner: string | undefined
  readonly epoch: number
  /** entries below it are not needed to go on (`continueAs`) */
  readonly base: number
  readonly priority: number
  readonly deadline: number | undefined
  readonly release: string
  readonly subject: string | undefined
  readonly parent: ParentLink | undefined
  readonly fingerprint: string | undefined
  /** error code of a run that needs attention or failed */
  readonly code: string | undefined
  readonly createdAt: number
  readonly updatedAt: number
  /** 32 bytes: source of the run's keys; undefined once erased */
  readonly secret: Uint8Array | undefined
}

/** Everything that one flush of one run writes; applied whole. */
export interface RunChange {
  readonly ref: RunRef
  readonly epoch: number
  /** each with an index above all that the run has: anything else is a second writer, and a conflict */
  readonly entries: readonly NewEntry[]
  /** status projection, only at transitions */
  readonly row?: RowChange | undefined
  /** mail that these entries deliver */
  readonly taken?: readonly number[] | undefined
  /** children to start: insert-or-get, linked to this run; what came of it arrives as mail `child` when it conflicts or has ended */
  readonly children?: readonly NewRun[] | undefined
  readonly send?: readonly NewMail[] | undefined
  readonly approvals?: readonly ApprovalChange[] | undefined
  /** more, or less, is used of budgets */
  readonly budgets?: readonly BudgetChange[] | undefined
  /** results among the entries that other runs may reuse */
  readonly results?: readonly NewCachedResult[] | undefined
  /**
   * Gives the lease back in the same commit. Answered `busy` if mail is waiting that moves a run of this status: entries are
   * written, the lease and the old status stay, and the next park says `row` again.
   */
  readonly park?: ({ readonly wakeAt: number | undefined } & Partial<LimitWait>) | undefined
}

export interface RowChange {
  readonly status: RunStatus
  readonly base?: number | undefined
  readonly fingerprint?: string | undefined
  readonly code?: string | undefined
  /**
   * With a terminal status: codec text of the outcome, mailed to every linked parent in the same commit. With `needs
   * attention`: why. When absent, the payload of the entry of this change that ends or parks the run.
   */
  readonly outcome?: string | undefined
}

export type Appended =
  | { readonly state: 'ok' /** runs that got mail by it */; readonly woken: readonly string[] }
  /** entries are written, the lease is kept: mail arrived first */
  | { readonly state: 'busy'; readonly woken: readonly string[] }
  | { readonly state: 'fenced' }

/**
 * `signal` · `cancel` · `give-up` · `resume` from anyone; `decision` on an approval; `child` from a child's last commit;
 * `step` is a late completion under a claim.
 */
export type MailKind = 'signal' | 'cancel' | 'give-up' | 'resume' | 'decision' | 'child' | 'step'

export interface NewMail {
  readonly run: string
  readonly kind: MailKind
  /** signal name, operation key of the approval, child or step; '' otherwise */
  readonly name: string
  /** codec text */
  readonly payload?: string | undefined
  /** a second mail of the same run and dedupe text is accepted and dropped */
  readonly dedupe?: string | undefined
  /** a decision: the approval that it closes; only the first one gets in */
  readonly approval?: string | undefined
  /** as `dedupe`, among all runs, and remembered beyond the end of the run: `until`, ms since 1970 */
  readonly request?: { readonly key: string; readonly until: number } | undefined
  readonly at: number
}

export interface Mail {
  readonly id: number
  readonly kind: MailKind
  readonly name: string
  readonly payload: string | undefined
  readonly at: number
}

export type Sent =
  | { readonly state: 'ok' | 'duplicate'; readonly run: string }
  | { readonly state: 'unknown run' }
  /** the run has ended, or its approval is decided already */
  | { readonly state: 'closed'; readonly status: string }

export interface ClaimQuery {
  readonly worker: string
  readonly now: number
  readonly limit: number
  /** only these workflows; a worker that lacks a workflow does not claim its runs */
  readonly workflows: readonly string[]
  /**
   * The release of the worker's code: runs that a newer one advanced are left alone (order: first seen in the store), and those it
   * takes are its own from then on. Any run when absent.
   */
  readonly release?: string | undefined
  /**
   * What the worker holds, said when it dropped a run or an answer to it got lost: whatever else it owns in the store is freed
   * first, and due.
   */
  readonly held?: readonly string[] | undefined
  /** only one that processes have died of: it is on trial from now on. Others are claimed without these. */
  readonly suspect?: boolean | undefined
  /** only this run, due or not */
  readonly run?: string | undefined
}

export interface LoadedRun {
  readonly row: RunRow
  /** from `row.base` on, without what the last snapshot stands for that says in its meta which `ground` it stands on */
  readonly entries: readonly Entry[]
  readonly mail: readonly Mail[]
  /** secrets of the subjects that appear in the entries, by token; erased ones are missing */
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** of a fork: what the key tokens in the history that it took over were made with */
  readonly tokenKey?: Uint8Array | undefined
}

export interface ListQuery {
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  readonly status?: readonly RunStatus[] | undefined
  readonly tags?: readonly string[] | undefined
  readonly fingerprint?: string | undefined
  readonly parent?: string | undefined
  /** runs whose id begins so */
  readonly prefix?: string | undefined
  /** started at this time or later, ms */
  readonly since?: number | undefined
  /** newest first; `after` is the cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

export type { Page }

export type Firing = FiringOf<NewRun>

export type ApprovalChange =
  | {
      readonly open: {
        readonly id: string
        readonly key: string
        readonly role: string | undefined
        readonly at: number
        readonly expiresAt: number | undefined
        /** index of the entry that asks */
        readonly entry: number
      }
    }
  | { readonly close: { readonly id: string; readonly state: 'expired' | 'withdrawn' } }

export interface ApprovalRow {
  readonly id: string
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly key: string
  readonly role: string | undefined
  readonly at: number
  readonly expiresAt: number | undefined
  /** index of the entry that asks */
  readonly entry: number
  readonly state: 'open' | 'decided' | 'expired' | 'withdrawn'
}

export interface ApprovalQuery {
  readonly role?: string | undefined
  readonly tenant?: string | undefined
  readonly run?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

/** What `step.transaction` gets on SQLite. */
export interface SqlTransaction {
  /** runs one statement; values are bound */
  run(
    sql: string,
    ...values: readonly SqlValue[]
  ): { readonly changes: number; readonly lastInsertRowid: number | bigint }
  all<Row = Record<string, unknown>>(sql: string, ...values: readonly SqlValue[]): Row[]
  get<Row = Record<string, unknown>>(sql: string, ...values: readonly SqlValue[]): Row | undefined
}

export type SqlValue = string | number | bigint | null | Uint8Array
