import type { BudgetChange } from '../budgets.ts'
import type { Entry } from '../entry.ts'
import type { FailureQuery } from '../failures.ts'
import type { NewSeal } from '../log.ts'
import type { ConfirmCall, ModelCallQuery } from '../model-calls.ts'
import type { KeptRate } from '../rates.ts'
import type {
  ApprovalQuery,
  ClaimQuery,
  ListQuery,
  Mail,
  NewFork,
  NewMail,
  NewRun,
  RunChange,
  RunRow,
  WorkerInfo,
} from '../store.ts'
import { apiKeyOperations, apiKeyReads } from './api-keys.ts'
import { append } from './append.ts'
import { changeBudgets, usedOf } from './budgets.ts'
import { cacheOperations, cacheReads } from './cache.ts'
import { checkLog } from './check-log.ts'
import { claim, nextWake, register, renew, unregister } from './claim.ts'
import { confirmCall } from './confirmed-calls.ts'
import type { Context } from './context.ts'
import { create } from './create.ts'
import { suspects, trials, tried, tries } from './deaths.ts'
import { decisionOperations, decisionReads } from './decisions.ts'
import { entriesOf } from './entries.ts'
import { type Erasure, erase } from './erase.ts'
import { failures } from './failures.ts'
import { fork, forks } from './fork.ts'
import { identityOperations, identityReads } from './identities.ts'
import { ledgerOperations, ledgerReads } from './ledger.ts'
import { send } from './mail.ts'
import { memoryOperations, memoryReads } from './memories.ts'
import { modelCalls } from './model-calls.ts'
import { outcomeOfRun } from './outcome.ts'
import { approval, approvals, counts, find, list } from './queries.ts'
import { keepRates, rates } from './rates.ts'
import { retentionOperations, retentionReads } from './retention.ts'
import { mailOf, runById, toRunRow } from './rows.ts'
import { scheduleOperations, scheduleReads } from './schedules.ts'
import { checkpoints, logSize, positionOf, readLeaves, readLog, seal, sealed, sealNodes } from './sealing.ts'
import { streamOperations, streamReads } from './streams.ts'
import { runsOfSubject, subjects } from './subjects.ts'
import { webhookOperations, webhookReads } from './webhooks.ts'

/** Everything that can be asked of the store: a name, one plain argument, a plain answer. */
export const operations = {
  register: (context: Context, worker: WorkerInfo) => register(context, worker),
  renew: (context: Context, worker: string) => renew(context, worker),
  unregister: (context: Context, worker: string) => unregister(context, worker),
  create: (context: Context, run: NewRun) => create(context, run),
  append: (context: Context, change: RunChange) => append(context, change),
  send: (context: Context, mail: NewMail) => send(context, mail),
  claim: (context: Context, query: ClaimQuery) => claim(context, query),
  subjects: (context: Context, names: readonly string[]) => subjects(context, names),
  runsOfSubject: (context: Context, subject: string) => runsOfSubject(context, subject),
  erase: (context: Context, erasure: Erasure) => erase(context, erasure),
  fork: (context: Context, order: NewFork) => fork(context, order),
  failures: (context: Context, query: FailureQuery) => failures(context, query),
  forks: (context: Context, source: string) => forks(context, source),
  ...decisionOperations,
  modelCalls: (context: Context, query: ModelCallQuery) => modelCalls(context, query),
  run: (context: Context, id: string): RunRow | undefined => {
    const raw = runById(context, id)
    return raw === undefined ? undefined : toRunRow(context, raw)
  },
  find: (context: Context, identity: { readonly tenant: string; readonly workflow: string; readonly id: string }) =>
    find(context, identity),
  outcome: (context: Context, run: string) => outcomeOfRun(context, run),
  entries: (
    context: Context,
    query: { readonly run: string; readonly from: number; readonly limit: number | undefined },
  ): readonly Entry[] => {
    const raw = runById(context, query.run)
    return raw === undefined ? [] : entriesOf(context, raw, query.from, query.limit)
  },
  mail: (context: Context, run: string): readonly Mail[] => {
    const raw = runById(context, run)
    return raw === undefined ? [] : mailOf(context, raw.seq)
  },
  list: (context: Context, query: ListQuery) => list(context, query),
  approvals: (context: Context, query: ApprovalQuery) => approvals(context, query),
  approval: (context: Context, id: string) => approval(context, id),
  nextWake: (
    context: Context,
    query: { readonly workflows?: readonly string[] | undefined; readonly release?: string | undefined },
  ) => nextWake(context, query.workflows, query.release),
  counts: (context: Context, tenant: string | undefined) => counts(context, tenant),
  suspects: (context: Context, _: undefined) => suspects(context),
  trials: (context: Context, run: string) => trials(context, run),
  tries: (context: Context, trial: { readonly run: string; readonly step: string }) => tries(context, trial),
  tried: (context: Context, trial: { readonly run: string; readonly wentOn: boolean }) => tried(context, trial),
  rates: (context: Context, now: number) => rates(context, now),
  keepRates: (context: Context, kept: { readonly rates: readonly KeptRate[]; readonly now: number }) =>
    keepRates(context, kept),
  ...scheduleOperations,
  ...retentionOperations,
  ...ledgerOperations,
  ...identityOperations,
  ...cacheOperations,
  ...apiKeyOperations,
  ...memoryOperations,
  ...streamOperations,
  ...webhookOperations,
  logSize: (context: Context, _: undefined) => logSize(context),
  log: (context: Context, range: { readonly from: number; readonly limit: number }) => readLog(context, range),
  checkLog: (context: Context, range: { readonly from: number; readonly limit: number }) => checkLog(context, range),
  leaves: (context: Context, range: { readonly from: number; readonly limit: number }) => readLeaves(context, range),
  positionOf: (context: Context, place: { readonly run: string; readonly index: number }) => positionOf(context, place),
  sealed: (context: Context, _: undefined) => sealed(context),
  checkpoints: (context: Context, range: { readonly from: number; readonly limit: number }) =>
    checkpoints(context, range),
  seal: (context: Context, next: NewSeal) => seal(context, next),
  sealNodes: (context: Context, range: { readonly level: number; readonly from: number; readonly limit: number }) =>
    sealNodes(context, range),
  confirmCall: (context: Context, call: ConfirmCall) => confirmCall(context, call),
  used: (context: Context, of: readonly Pick<BudgetChange, 'budget' | 'window'>[]) => usedOf(context, of),
  use: (context: Context, changes: readonly BudgetChange[]) => changeBudgets(context, changes),
} as const

type Operations = typeof operations
export type Op = keyof Operations
export type Argument<O extends Op> = Parameters<Operations[O]>[1]
export type Result<O extends Op> = ReturnType<Operations[O]>
export type Request = { readonly [O in Op]: { readonly op: O; readonly argument: Argument<O> } }[Op]
export type Answer = { readonly value: unknown } | { readonly error: unknown }

const reads: ReadonlySet<Op> = new Set([
  'runsOfSubject',
  'run',
  'find',
  'entries',
  'outcome',
  'mail',
  'list',
  'approvals',
  'approval',
  'nextWake',
  'counts',
  'forks',
  'failures',
  'modelCalls',
  ...decisionReads,
  'rates',
  'suspects',
  'trials',
  ...scheduleReads,
  ...retentionReads,
  ...ledgerReads,
  ...identityReads,
  ...cacheReads,
  ...apiKeyReads,
  ...memoryReads,
  ...streamReads,
  ...webhookReads,
  'logSize',
  'log',
  'checkLog',
  'leaves',
  'positionOf',
  'sealed',
  'checkpoints',
  'sealNodes',
  'used',
])

export function isRead(request: Request): boolean {
  return reads.has(request.op)
}

export function perform(context: Context, request: Request): unknown {
  const operation = operations[request.op] as (context: Context, argument: unknown) => unknown
  return operation(context, request.argument)
}
