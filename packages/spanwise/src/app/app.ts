import type { LimitState, ResumeOptions } from '../engine/index.ts'
import {
  type ApprovalQuery,
  type ApprovalRow,
  type BackupOptions,
  type BackupResult,
  backupStore,
  decode,
  encode,
  isTerminal,
  type ListQuery,
  type Page,
  type RunRow,
  type RunStatus,
  SpanwiseError,
} from '../journal/index.ts'
import {
  type ApprovalRequest,
  type CandidateState,
  type Rest,
  readStarted,
  type Startable,
  workflowDefinition,
} from '../workflow/index.ts'
import {
  type ActListOptions,
  type ActOn,
  type ActOptions,
  actAs,
  listActs,
  type Operator,
  type OperatorAct,
  type Oversight,
  watched,
} from './acts.ts'
import { type ApiKey, createApiKey, findApiKey, type NewApiKey, toKey } from './api-keys.ts'
import type { Backend } from './backend.ts'
import { type BudgetUse, budgetUse } from './budgets.ts'
import { type BulkOptions, type BulkResult, type BulkTarget, bulk } from './bulk.ts'
import { type ResultsCache, resultsCache } from './cache.ts'
import { type CostOptions, type Costs, costs } from './costs.ts'
import {
  type DecisionLineage,
  type InfluencedDecision,
  influencedBy,
  type LineageOptions,
  lineageOf,
} from './decisions/lineage.ts'
import { type DecisionOptions, type DecisionState, listDecisions } from './decisions/list.ts'
import { type DecisionRecord, readDecision } from './decisions/record.ts'
import { type DiffStory, diffRuns, type RunDiff } from './diff.ts'
import { type ErasePlan, planErase } from './erase-plan.ts'
import type { RunState } from './event.ts'
import { type ExportedFiles, evidenceOf, recordOf, type WithStore } from './evidence/exports.ts'
import { type RunSeal, sealOf } from './evidence/sealed.ts'
import { type Explanation, explainRun } from './explain/explain.ts'
import type { ExternalSteps } from './external.ts'
import { type Failure, type FailureOptions, failures } from './failures.ts'
import type { Health } from './health.ts'
import { type ModelUse, type ModelUseOptions, modelUse } from './model-use.ts'
import { type Overview, type OverviewOptions, overview } from './overview.ts'
import {
  type RetainOptions,
  type RetainResult,
  type RetentionRule,
  type RetentionState,
  retainAll,
  usualKeepDecisions,
} from './retention.ts'
import { allEvents, type Run, runHandle, runState } from './run.ts'
import { readSchedule, type ScheduleOptions } from './schedule-options.ts'
import {
  listSchedules,
  type Schedule,
  type ScheduleListOptions,
  type ScheduleState,
  scheduleHandle,
} from './schedules.ts'
import type { AuditOptions } from './sealing.ts'
import { type StartOptions, startRun } from './start.ts'
import { namedStreams, type Streams } from './streams.ts'
import {
  type ConfirmOptions,
  confirmCall,
  type UnconfirmedCall,
  type UnconfirmedOptions,
  unconfirmedCalls,
} from './unconfirmed.ts'
import { unknownRun } from './unknown-run.ts'
import { makeWebhooks, type Webhook, type Webhooks } from './webhooks/index.ts'

export interface ListOptions {
  readonly workflow?: string
  readonly status?: RunStatus | readonly RunStatus[]
  readonly tenant?: string
  /** all of them */
  readonly tags?: readonly string[]
  readonly fingerprint?: string
  /** runs that this run waits for or waited for */
  readonly parent?: string
  /** runs whose id begins so */
  readonly prefix?: string
  /** started at this time or later */
  readonly since?: Date
  /** substring of id, input or tags; reads payloads, so give it with other filters on a large store */
  readonly text?: string
  /** cursor: `after` of the page before */
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

/** A question that waits for an answer. */
export interface OpenApproval {
  readonly id: string
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly question: string
  readonly role: string | undefined
  readonly of: unknown
  /** a form has to be filled in to approve */
  readonly hasForm: boolean
  /** its JSON Schema, where it can be said as one */
  readonly form: unknown
  readonly askedAt: Date
  readonly expiresAt: Date | undefined
}

export type DecideOptions = {
  /** who decides */
  readonly by: string
  readonly reason?: string
  /** the same one is the same decision: repeating it is harmless */
  readonly sendId?: string
} & (
  | { readonly approve: boolean; readonly form?: unknown; readonly delegateTo?: undefined }
  /** passes it on: this role is asked instead */
  | { readonly delegateTo: string; readonly approve?: undefined; readonly form?: undefined }
)

/** A file with archived runs. */
export interface Archive {
  /** name in the folder `<store>.archive` */
  readonly file: string
  /** that are in it and were not deleted or taken back since */
  readonly runs: number
  readonly at: Date
}

export interface App extends AsyncDisposable {
  /** what programs outside need to perform steps of `step.external`: the server gives it to them */
  readonly external: ExternalSteps
  /** those that this process has the code of */
  readonly workflows: readonly Startable<never, unknown>[]
  /** Starts a run, or gets the one with this id. Durable when it resolves. @throws INVALID_INPUT, ID_CONFLICT */
  start<I, O>(startable: Startable<I, O>, ...rest: Rest<I, StartOptions>): Promise<Run<O>>
  /** Starts and waits for the output. */
  run<I, O>(startable: Startable<I, O>, ...rest: Rest<I, StartOptions>): Promise<O>
  get<I, O>(startable: Startable<I, O>, id: string, options?: { readonly tenant?: string }): Promise<Run<O> | undefined>
  /** the same by the workflow's name, where its code is not at hand */
  get(workflow: string, id: string, options?: { readonly tenant?: string }): Promise<Run<unknown> | undefined>
  get(runId: string): Promise<Run<unknown> | undefined>
  /** Newest first. */
  list(options?: ListOptions): Promise<Page<RunState>>
  /** What is limited, who holds it and how many wait. */
  limits(): Promise<readonly LimitState[]>
  /**
   * How the candidates of the gateway are doing in the process that works. Undefined where nobody works, or it was opened without
   * `models`.
   */
  models(): Promise<readonly CandidateState[] | undefined>
  /**
   * What the candidates did in a period, by the journal: calls, share, times, cost, and who answered under their names.
   * @example for (const { model, p95, identities } of await app.modelUse({ period: '7d' })) console.log(model, p95, identities)
   */
  modelUse(options?: ModelUseOptions): Promise<readonly ModelUse[]>
  /** How much of the gateway's budgets is used now. Undefined where nobody works, or with no gateway. */
  budgets(): Promise<readonly BudgetUse[] | undefined>
  /** How many runs stand how. */
  counts(options?: { readonly tenant?: string }): Promise<Readonly<Record<RunStatus, number>>>
  /** Results of steps that runs take from each other. */
  readonly cache: ResultsCache
  /** Named durable streams. */
  readonly streams: Streams
  /** Two runs side by side, by their ids: what they did alike, and where they went apart. */
  diff(a: string, b: string): Promise<RunDiff>
  /** Runs that need attention or failed, grouped by what failed. */
  failures(options?: FailureOptions): Promise<Page<Failure>>
  /**
   * What model calls cost, by any dimensions. Sums are exactly those of the entries; what is not known is counted, not guessed.
   * @example const { rows, total } = await app.costs({ by: ['model', 'workflow'], since: '7d' })
   */
  costs(options?: CostOptions): Promise<Costs>
  /**
   * Decisions that a model had a part in, and steps that are decisions by their own word; latest first.
   * @example const { items } = await app.decisions({ model: 'gpt-5-mini', from: '30d', outcome: 'rejected' })
   */
  decisions(options?: DecisionOptions): Promise<Page<DecisionState>>
  /** All that is on record about one, by `run/index`. @throws DECISION_UNKNOWN */
  decision(id: string): Promise<DecisionRecord>
  /** What had a part in a decision, by `run/index`. @throws DECISION_UNKNOWN */
  lineage(decision: string): Promise<DecisionLineage>
  /**
   * Which decisions a document, a prompt, a model or a person who approved had a part in; latest first.
   * @example const { items } = await app.lineage({ document: 'refund-policy@2026-01' })
   */
  lineage(of: LineageOptions): Promise<Page<InfluencedDecision>>
  /** What happened in a run and why, in plain English, from the record alone; each sentence with its entries. @throws RUN_UNKNOWN */
  explain(runId: string): Promise<Explanation>
  /**
   * How runs of a period went, and of as much time before: success rate, time to completion, cost of a success.
   * @example const { successRate, previous } = await app.overview({ period: '7d', workflow: 'refund' })
   */
  overview(options?: OverviewOptions): Promise<Overview>
  /** Calls that were under way when their process died, as long as nobody has said what they did cost. They are charged as the most that it can be. */
  unconfirmed(options?: UnconfirmedOptions): Promise<readonly UnconfirmedCall[]>
  /**
   * Says once what such a call did cost, in nano-dollars: `0n` where the provider charged nothing. Costs and budgets follow, and who
   * said it stands in the store's own history. False where it was said before.
   * @throws CALL_UNKNOWN
   */
  confirmCall(
    call: { readonly run: string; readonly index: number },
    cost: bigint,
    options: ConfirmOptions,
  ): Promise<boolean>
  approvals(options?: {
    readonly role?: string
    /** only of this run */
    readonly run?: string
    readonly tenant?: string
    readonly after?: string
    readonly limit?: number
  }): Promise<Page<OpenApproval>>
  /** One question, also when it is closed already. */
  approval(approvalId: string): Promise<(OpenApproval & { readonly state: ApprovalRow['state'] }) | undefined>
  /** The first decision counts. @throws APPROVAL_CLOSED, APPROVAL_UNKNOWN, INVALID_FORM */
  decide(approvalId: string, options: DecideOptions): Promise<void>
  /** Resumes every run that parked with this fingerprint, or that the filter names. */
  resume(target: BulkTarget, options?: BulkOptions & ResumeOptions): Promise<BulkResult>
  cancel(target: BulkTarget, options?: BulkOptions & { readonly reason?: string }): Promise<BulkResult>
  giveUp(target: BulkTarget, options?: BulkOptions & { readonly reason?: string }): Promise<BulkResult>
  /**
   * Makes a schedule, or brings the one with this id to this definition; durable when it resolves. Saying the same again changes
   * nothing, so a program may say it each time it begins.
   * @throws INVALID_SCHEDULE, INVALID_INPUT
   * @example await app.schedule(digest, { top: 10 }, { id: 'daily-digest', cron: '0 7 * * *', zone: 'Europe/Berlin' })
   */
  schedule<I, O>(startable: Startable<I, O>, input: I, options: ScheduleOptions): Promise<Schedule>
  getSchedule(id: string, options?: { readonly tenant?: string }): Promise<Schedule | undefined>
  /** By id; in an encrypted store in another order, which stays the same. */
  schedules(options?: ScheduleListOptions): Promise<Page<ScheduleState>>
  /** What the config says about letting runs go. */
  retention(): Promise<RetentionState>
  /**
   * Applies rules of retention now. What is archived is read as before: `app.get(id)` and its events; `list` shows it too.
   * @example await app.retain([{ status: 'completed', keep: '30d', action: 'archive' }], { dryRun: true })
   */
  retain(rules: readonly RetentionRule[], options?: RetainOptions): Promise<RetainResult>
  /** What an erasure would reach, what forbids it, and whether somebody else has to agree. @throws RUN_UNKNOWN */
  planErase(target: ActOn): Promise<ErasePlan>
  /**
   * Destroys what a run holds, or all that is about a subject, and the secret that it could be guessed with; proofs stay valid. Who did
   * it, when and why stays in the store's own history. A run that would need what was erased parks with `ERASED`.
   * @throws LEGAL_HOLD, SECOND_PERSON_NEEDED, REASON_NEEDED
   * @example await app.erase({ subject: 'customer-7' }, { reason: 'request of 3 March', by: 'ann' })
   */
  erase(target: ActOn, options: ActOptions): Promise<OperatorAct>
  /** Until it is released, nothing of it is erased or deleted. */
  hold(target: ActOn, options: ActOptions): Promise<OperatorAct>
  /** @throws NOT_HELD */
  release(target: ActOn, options: ActOptions): Promise<OperatorAct>
  /** Erasures, legal holds, who read what, and who said what lost calls did cost, newest first. */
  acts(options?: ActListOptions): Promise<Page<OperatorAct>>
  /**
   * Evidence of a run for somebody who has no store, as files by name: what `spanwise audit bundle` writes.
   * @throws RUN_UNKNOWN, NOT_SEALED, AUDIT_KEY_MISSING
   */
  evidence(runId: string): Promise<ExportedFiles>
  /** How many of a run's entries can be proved now. @throws RUN_UNKNOWN */
  seal(runId: string): Promise<RunSeal>
  /** All that is on record about a subject, as files by name: what `spanwise audit subject` writes. */
  subjectRecord(subject: string, options?: { readonly tenant?: string }): Promise<ExportedFiles>
  /**
   * The same app for somebody who looks at the record: what they read of runs is an entry, once for each run, where `oversight.access`
   * asks for it.
   * @throws REASON_NEEDED from its methods, where a reason has to be given
   * @example const run = await app.as({ by: 'ann', reason: 'complaint of 3 March' }).get(id)
   */
  as(reader: { readonly by: string; readonly reason?: string | undefined }): App
  /** Files with archived runs, in the folder beside the store. */
  archives(): Promise<readonly Archive[]>
  /** Takes an archived run's content back into the store. False when it is not archived. */
  restoreArchived(runId: string): Promise<boolean>
  /**
   * Copies the store into a file of its own, as it is at one moment, while work goes on. The file has its name when it is whole and on
   * disk. A restore is for when nobody works: `spanwise store restore`.
   * @throws BACKUP_EXISTS, BACKUP_NEEDS_FILE
   */
  backup(to: string, options?: BackupOptions): Promise<BackupResult>
  /** What others send, and who is told what happens in runs. */
  readonly webhooks: Webhooks
  /** Makes a key of the server's API. Its secret is told now and never again. @throws INVALID_API_KEY */
  createApiKey(key: NewApiKey): Promise<ApiKey & { readonly secret: string }>
  /** The newest first, also those that count no more. */
  apiKeys(): Promise<readonly ApiKey[]>
  /** The key that a secret belongs to, unless it is expired or revoked. */
  findApiKey(secret: string): Promise<ApiKey | undefined>
  /** False when there is none, or it is revoked already. */
  revokeApiKey(id: string): Promise<boolean>
  /** Whether this process lives, and whether it can be sent work. */
  health(): Promise<Health>
  /** Begins nothing new, lets steps end within the grace, gives runs back. */
  close(): Promise<void>
}

/** The app's surface over whoever holds the store. */
export function makeApp(
  backend: Backend,
  options: {
    readonly now: () => number
    readonly release: string
    readonly oversight: Oversight
    readonly operator?: Operator | undefined
    readonly workflows: readonly Startable<never, unknown>[]
    readonly external: ExternalSteps
    readonly withStore: WithStore
    readonly audit: AuditOptions | false | undefined
    readonly webhooks: readonly Webhook[]
    readonly retention: readonly RetentionRule[]
    /** of the store, where it is one */
    readonly file: string | undefined
    readonly close: () => Promise<void>
    readonly health: () => Promise<Health>
  },
): App {
  const { now, release, oversight, operator } = options
  const read = operator === undefined ? backend : watched(backend, operator, now)
  const start = async (
    startable: Startable<never, unknown>,
    input: unknown,
    startOptions: StartOptions = {},
  ): Promise<Run<unknown>> => {
    const { state, row } = await startRun(backend, now(), release, startable, input, startOptions)
    return runHandle(read, row.run, now, release, state === 'created' ? row : undefined)
  }
  const webhooks = makeWebhooks(backend, options.webhooks, { now, release })
  const close = async (): Promise<void> => {
    // at once: what is started from this moment on is refused
    await Promise.all([webhooks.close(), options.close()])
  }
  const app = {
    workflows: options.workflows,
    webhooks,
    external: options.external,
    retention: async () => ({
      rules: options.retention,
      keepDecisions: oversight.keepDecisions ?? usualKeepDecisions,
    }),
    start,
    run: async (startable: Startable<never, unknown>, input: unknown, startOptions?: StartOptions) =>
      (await start(startable, input, startOptions)).result(),
    async get(first: string | Startable<never, unknown>, id?: string, where: { readonly tenant?: string } = {}) {
      const row =
        id === undefined
          ? await backend.run(first as string)
          : await backend.find({
              tenant: where.tenant ?? 'default',
              workflow: typeof first === 'string' ? first : workflowDefinition(first).name,
              id,
            })
      return row === undefined ? undefined : runHandle(read, row.run, now, release)
    },
    list: (query: ListOptions = {}) => list(query.text === undefined ? backend : read, query),
    limits: () => backend.limits(),
    models: () => backend.models(),
    modelUse: (query: ModelUseOptions = {}) => modelUse(backend, query, now()),
    budgets: () => budgetUse(backend, now()),
    counts: (query: { readonly tenant?: string } = {}) => backend.counts(query.tenant),
    cache: resultsCache(backend, now),
    streams: namedStreams(backend, now, operator?.by),
    diff: async (a: string, b: string) => diffRuns(await story(read, a), await story(read, b)),
    failures: (query: FailureOptions = {}) => failures(backend, query),
    costs: (query: CostOptions = {}) => costs(backend, query, now()),
    unconfirmed: (query: UnconfirmedOptions = {}) => unconfirmedCalls(backend, query),
    confirmCall: (call: Pick<UnconfirmedCall, 'run' | 'index'>, cost: bigint, how: ConfirmOptions) =>
      confirmCall(backend, call, cost, how, now()),
    decisions: (query: DecisionOptions = {}) => listDecisions(query.text === undefined ? backend : read, query, now()),
    decision: (id: string) => readDecision(read, id),
    explain: (id: string) => explainRun(read, id),
    lineage: (of: string | LineageOptions) =>
      typeof of === 'string' ? lineageOf(read, of) : influencedBy(backend, of, now()),
    approvals: (query: Omit<ApprovalQuery, 'limit'> & { readonly limit?: number } = {}) => approvals(read, query),
    approval: (id: string) => oneApproval(backend, id),
    overview: (query: OverviewOptions = {}) => overview(backend, query, now()),
    decide: (id: string, decision: DecideOptions) => decide(backend, id, decision, now()),
    resume: (target: BulkTarget, how: BulkOptions & ResumeOptions = {}) =>
      bulk(backend, now, { kind: 'resume', options: how }, target, how),
    cancel: (target: BulkTarget, how: BulkOptions & { readonly reason?: string } = {}) =>
      bulk(backend, now, { kind: 'cancel', reason: how.reason ?? 'cancelled by an operator' }, target, how),
    giveUp: (target: BulkTarget, how: BulkOptions & { readonly reason?: string } = {}) =>
      bulk(backend, now, { kind: 'give-up', reason: how.reason ?? 'given up by an operator' }, target, how),
    async schedule(startable: Startable<never, unknown>, input: unknown, how: ScheduleOptions) {
      const put = await readSchedule(workflowDefinition(startable), input, how, now())
      const { row } = await backend.putSchedule(put)
      return scheduleHandle(backend, row as { readonly tenant: string; readonly id: string }, { now, release })
    },
    async getSchedule(id: string, where: { readonly tenant?: string } = {}) {
      const row = await backend.schedule({ tenant: where.tenant ?? 'default', id })
      return row === undefined ? undefined : scheduleHandle(backend, row, { now, release })
    },
    schedules: (query: ScheduleListOptions = {}) => listSchedules(backend, query),
    retain: (rules: readonly RetentionRule[], how: RetainOptions = {}) =>
      retainAll(backend.retain, rules, now(), { keepDecisions: oversight.keepDecisions, ...how }),
    planErase: (target: ActOn) => planErase(backend, target, oversight),
    erase: (target: ActOn, how: ActOptions) => actAs(backend, 'erased', target, how, now(), oversight),
    hold: (target: ActOn, how: ActOptions) => actAs(backend, 'held', target, how, now(), oversight),
    release: (target: ActOn, how: ActOptions) => actAs(backend, 'released', target, how, now(), oversight),
    acts: (query: ActListOptions = {}) => listActs(backend, query),
    seal: (run: string) => sealOf(options.withStore, run),
    async evidence(run: string) {
      // on record before anything is read
      if (operator !== undefined) await read.entries(run, 0, 1)
      return evidenceOf(options.withStore, run, options.audit)
    },
    subjectRecord: (subject: string, { tenant }: { readonly tenant?: string } = {}) =>
      recordOf(options.withStore, subject, tenant, async (run) =>
        operator === undefined ? undefined : read.entries(run, 0, 1),
      ),
    as: (reader: Omit<Operator, 'needsReason'>) =>
      (oversight.access ?? false) === false
        ? (app as unknown as App)
        : makeApp(backend, { ...options, operator: { ...reader, needsReason: oversight.access === 'reason' } }),
    archives: async () => (await backend.archives()).map((one) => ({ ...one, at: new Date(one.at) })),
    restoreArchived: (run: string) => backend.restoreRun(run),
    async backup(to: string, how: BackupOptions = {}) {
      if (options.file === undefined) throw needsFile()
      return backupStore(options.file, to, how)
    },
    createApiKey: (key: NewApiKey) => createApiKey(backend, key, now()),
    apiKeys: async () => (await backend.apiKeys()).map(toKey),
    findApiKey: (secret: string) => findApiKey(backend, secret, now()),
    revokeApiKey: (id: string) => backend.revokeApiKey(id, now()),
    health: options.health,
    close,
    [Symbol.asyncDispose]: close,
  }
  return app as unknown as App
}

async function story(backend: Backend, id: string): Promise<DiffStory> {
  const row = await backend.run(id)
  if (row === undefined) throw unknownRun(id)
  return { state: runState(row, (await backend.outcome(id))?.payload), events: await allEvents(backend, id) }
}

function needsFile(): SpanwiseError {
  return new SpanwiseError({
    code: 'BACKUP_NEEDS_FILE',
    message: 'A store in memory cannot be backed up.',
    hint: 'Open a store in a file: sqlite:./spanwise.db',
  })
}

function listQuery(options: ListOptions): ListQuery {
  const status =
    options.status === undefined ? undefined : typeof options.status === 'string' ? [options.status] : options.status
  return {
    workflow: options.workflow,
    status,
    tenant: options.tenant,
    tags: options.tags,
    fingerprint: options.fingerprint,
    parent: options.parent,
    prefix: options.prefix,
    since: options.since?.getTime(),
    after: options.after,
    limit: options.limit ?? 50,
  }
}

async function list(backend: Backend, options: ListOptions): Promise<Page<RunState>> {
  const limit = options.limit ?? 50
  const found: RunState[] = []
  let after = options.after
  do {
    // no more than are missing: the cursor cannot point into a page
    const page = await backend.list({ ...listQuery(options), after, limit: limit - found.length })
    for (const row of page.items) {
      if (options.text !== undefined && !(await mentions(backend, row, options.text))) continue
      found.push(
        runState(
          row,
          isTerminal(row.status) || row.status === 'needs attention'
            ? (await backend.outcome(row.run))?.payload
            : undefined,
        ),
      )
    }
    after = page.after
  } while (options.text !== undefined && found.length < limit && after !== undefined)
  return { items: found, after }
}

async function mentions(backend: Backend, row: RunRow, text: string): Promise<boolean> {
  if (row.run.includes(text)) return true
  const [entry] = await backend.entries(row.run, 0, 1)
  if (entry?.payload === undefined) return false
  const { id, tags, input } = readStarted(entry)
  const texts = [id ?? '', ...tags, typeof input === 'string' ? input : encode(input)]
  return texts.some((one) => one.toLowerCase().includes(text.toLowerCase()))
}

async function approvals(
  backend: Backend,
  query: Omit<ApprovalQuery, 'limit'> & { readonly limit?: number },
): Promise<Page<OpenApproval>> {
  const page = await backend.approvals({
    role: query.role,
    run: query.run,
    tenant: query.tenant,
    after: query.after,
    limit: query.limit ?? 50,
  })
  return { items: await Promise.all(page.items.map((row) => toApproval(backend, row))), after: page.after }
}

async function oneApproval(
  backend: Backend,
  id: string,
): Promise<(OpenApproval & { readonly state: ApprovalRow['state'] }) | undefined> {
  const row = await backend.approval(id)
  return row === undefined ? undefined : { ...(await toApproval(backend, row)), state: row.state }
}

async function toApproval(backend: Backend, row: ApprovalRow): Promise<OpenApproval> {
  const request = await requestOf(backend, row)
  return {
    id: row.id,
    run: row.run,
    workflow: row.workflow,
    tenant: row.tenant,
    question: request?.question ?? '(erased)',
    role: row.role,
    of: request?.of,
    hasForm: request?.hasForm ?? false,
    form: request?.form,
    askedAt: new Date(row.at),
    expiresAt: row.expiresAt === undefined ? undefined : new Date(row.expiresAt),
  }
}

async function requestOf(backend: Backend, row: ApprovalRow): Promise<ApprovalRequest | undefined> {
  const [entry] = await backend.entries(row.run, row.entry, 1)
  return entry?.payload === undefined ? undefined : (decode(entry.payload) as ApprovalRequest)
}

async function decide(backend: Backend, id: string, decision: DecideOptions, at: number): Promise<void> {
  const row = await backend.approval(id)
  if (row === undefined)
    throw new SpanwiseError({
      code: 'APPROVAL_UNKNOWN',
      message: `There is no approval ${id}.`,
      hint: 'List the open ones: spanwise approvals.',
    })
  const { by, reason, form, delegateTo, approve = false } = decision
  await backend.checkForm(row.run, row.key, { approve, form })
  const sent = await backend.send({
    run: row.run,
    kind: 'decision',
    name: row.key,
    approval: id,
    dedupe: decision.sendId,
    payload: encode({ approve, by, reason, form, ...(delegateTo === undefined ? {} : { delegateTo }) }, 'decision'),
    at,
  })
  if (sent.state === 'closed' || sent.state === 'unknown run') {
    const how = sent.state === 'closed' ? sent.status : 'gone'
    throw new SpanwiseError({
      code: 'APPROVAL_CLOSED',
      message: `Approval ${id} is ${how} already.`,
      hint: 'The first decision counts; look at the run to see which one it was.',
      run: row.run,
    })
  }
}
