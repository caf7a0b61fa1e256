export { type ApprovalOptions, approval } from './approval.ts'
export type { Reminder } from './approval-rounds.ts'
export { openBranch } from './branch.ts'
export { type Cache, type CachePlace, cacheKey, cachePlace } from './cache.ts'
export { changed } from './changed.ts'
export { type ChildOptions, type ChildRun, child } from './child.ts'
export { compensate } from './compensate.ts'
export { currentScope } from './current.ts'
export type { Description, GraphDrawing } from './describe.ts'
export { readDocument } from './document.ts'
export { type Duration, formatDuration, milliseconds } from './duration.ts'
export { type EachOptions, type EachResult, each, type Outcome } from './each.ts'
export {
  ApprovalExpiredError,
  ApprovalRejectedError,
  CancelledError,
  FailError,
  NeedsAttentionError,
  OutcomeUnknownError,
  ReplayError,
  RunFailedError,
  TimeoutError,
} from './errors.ts'
export { classify, type FailureClass, fingerprint, isRetried, refusesAnswer } from './failure.ts'
export { type Inlined, isInlined } from './inlined.ts'
export { jsonSchemaOf } from './json-schema.ts'
export { type Concurrency, type RateLimit, type StepClaim, stepClaims } from './limits.ts'
export { loop } from './loop.ts'
export { answerOf, modelPlace, stepHome } from './model.ts'
export { appClosed, appOpened, type OpenApp, openApps } from './outside.ts'
export { type Branches, parallel, race } from './parallel.ts'
export {
  type ApprovalAnswer,
  type ApprovalRequest,
  type Approved,
  type Decision,
  type Delegation,
  parseForm,
} from './question.ts'
export { random, uuid } from './random.ts'
export { findSignal, findStep, knowsStep, signalSchemas } from './registry.ts'
export { Execution } from './runtime/execution.ts'
export { dryKeys, withoutUnfinished } from './runtime/fork.ts'
export { type ForkMark, readForkMark } from './runtime/fork-mark.ts'
export type { Ending, Host, Offer } from './runtime/host.ts'
export { inputDifference } from './runtime/input-diff.ts'
export { LazyAbort } from './runtime/lazy-abort.ts'
export { readStarted, restoreCompensations, startPayload } from './runtime/lifecycle.ts'
export { type LoopSnapshot, stateAfter, type Turn } from './runtime/loop-run.ts'
export type { Effect, Operation, OperationHistory, Scope, StepFrame } from './runtime/model.ts'
export type {
  BudgetState,
  CandidateState,
  ModelAnswer,
  ModelCall,
  ModelHome,
  ModelOutcome,
  ModelRequest,
  ModelRun,
  Settled,
  StepModels,
} from './runtime/model-call.ts'
export { findOrigin } from './runtime/origin.ts'
export { isSuperseded, type Resumption } from './runtime/recorded.ts'
export { frames, occurrence, openScope } from './runtime/scope.ts'
export type { Started } from './runtime/started.ts'
export { parse, type SchemaInput, type SchemaOutput, type StandardSchemaV1 } from './schema.ts'
export { type Signal, signal } from './signal.ts'
export { bytes, type Size } from './size.ts'
export {
  type Amount,
  checkSpending,
  readAmount,
  readSpending,
  type SpendingLimit,
  spend,
  spendAtMost,
  spending,
  spendingLimit,
  spendingLimits,
} from './spending.ts'
export {
  checkStarts,
  type Debounce,
  type DebounceTerms,
  debounceTerms,
  type StartLimits,
  type Throttle,
  throttleClaim,
} from './starts.ts'
export {
  callStep,
  decisionMeta,
  definitionOf,
  ownStep,
  runFunction,
  type Step,
  type StepDefinition,
  type StepFactory,
  type StepSettings,
  step,
  stepPayload,
  withSettings,
} from './step.ts'
export {
  type Stream,
  type StreamOptions as NamedStreamOptions,
  type StreamPart as NamedStreamPart,
  stream,
} from './stream.ts'
export { now, sleep } from './time.ts'
export type {
  Arg,
  Document,
  Log,
  Omittable,
  Reconciled,
  Rest,
  RunInfo,
  ScheduleInfo,
  StepContext,
  WorkflowContext,
} from './types.ts'
export {
  canonicalInput,
  type Startable,
  type Workflow,
  type WorkflowDefinition,
  type WorkflowFactory,
  workflow,
  workflowDefinition,
} from './workflow.ts'
