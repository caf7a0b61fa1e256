export type { ActListOptions, ActOn, ActOptions, Operator, OperatorAct, Oversight } from './acts.ts'
export { type Advanced, advance } from './advance.ts'
export type { ApiKey, NewApiKey } from './api-keys.ts'
export type { App, Archive, DecideOptions, ListOptions, OpenApproval } from './app.ts'
export type { BudgetUse } from './budgets.ts'
export type { BulkOptions, BulkPlan, BulkProgress, BulkResult, BulkTarget } from './bulk.ts'
export type {
  CachedResult,
  CacheListOptions,
  InvalidateOptions,
  InvalidateTarget,
  ResultsCache,
} from './cache.ts'
export { closeOnSignal } from './close-on-signal.ts'
export { connect } from './connect.ts'
export { type CostDimension, type CostOptions, type CostRow, type Costs, costDimensions, type Spent } from './costs.ts'
export type { DecisionApproval } from './decisions/approvals.ts'
export { answerText, type CitedDocument, type DecisionCall, type DecisionTool, promptText } from './decisions/calls.ts'
export type { DecisionLineage, InfluencedDecision, LineageOptions, LineageSource } from './decisions/lineage.ts'
export type { DecisionOptions, DecisionState } from './decisions/list.ts'
export type { DecisionDocument, DecisionEffect, DecisionRecord } from './decisions/record.ts'
export type { DiffFact, DiffRow, DiffSide, RunDiff } from './diff.ts'
export type { ErasePlan } from './erase-plan.ts'
export { eraseAgain } from './erasures.ts'
export type { RunEvent, RunState } from './event.ts'
export { bundleRun } from './evidence/bundle.ts'
export type { RunSeal } from './evidence/sealed.ts'
export { exportSubject } from './evidence/subject.ts'
export type { Explanation } from './explain/explain.ts'
export type { Sentence } from './explain/tell.ts'
export { operationName } from './explain/words.ts'
export type { ClaimedStep, ExternalFailure, ExternalSteps } from './external.ts'
export type { Failure, FailureOptions } from './failures.ts'
export { type Health, healthHandler } from './health.ts'
export type { OperationFact, OperationOutcome } from './history.ts'
export { jsonable, jsonError } from './json.ts'
export type { ModelIdentity, ModelUse, ModelUseOptions } from './model-use.ts'
export type { RunMoment } from './moment.ts'
export { defineConfig, type ScheduleEntry, type SpanwiseConfig, type SpanwiseOptions } from './options.ts'
export type { Overview, OverviewOptions, Period } from './overview.ts'
export { Redactors } from './redacting.ts'
export type { RetainOptions, RetainResult, RetentionRule, RetentionState } from './retention.ts'
export { type Grant, type Role, roles } from './roles.ts'
export type { ForkPreview, Resend, Run } from './run.ts'
export type { CatchUp, ScheduleOptions, SchedulePolicy } from './schedule-options.ts'
export {
  type BackfillOptions,
  type BackfillResult,
  nextTimes,
  type Schedule,
  type ScheduleChanges,
  type ScheduleListOptions,
  type ScheduleState,
  unknownSchedule,
} from './schedules.ts'
export type { AuthOptions, OidcOptions, ServeOptions } from './serve-options.ts'
export { spanwise } from './spanwise.ts'
export type { StartOptions } from './start.ts'
export { diffStates, type StateChange, type StateView } from './states.ts'
export type { StreamEvent, StreamOptions, StreamPart } from './stream.ts'
export type { StreamBackend } from './stream-backend.ts'
export {
  type StreamAppendOptions,
  type StreamBatch,
  type StreamCreateOptions,
  type StreamPlace,
  type StreamReadOptions,
  type StreamState,
  type Streams,
  type StreamTailOptions,
  streamHeld,
} from './streams.ts'
export type { UnconfirmedCall, UnconfirmedOptions } from './unconfirmed.ts'
export { version } from './version.ts'
export {
  checkWebhook,
  type Delivery,
  type DeliveryListOptions,
  type IncomingWebhook,
  type OutgoingOptions,
  type OutgoingWebhook,
  type Received,
  type RunAddress,
  type SignalsRuns,
  type StartsRuns,
  type Verified,
  type Verify,
  type Webhook,
  type WebhookEvent,
  type WebhookEventType,
  type WebhookOptions,
  type WebhookRequest,
  type WebhookSecret,
  type WebhookState,
  type Webhooks,
  webhook,
} from './webhooks/index.ts'
export { openWorker, type Worker } from './worker.ts'
