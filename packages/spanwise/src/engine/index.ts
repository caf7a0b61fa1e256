export { approvalId } from './approval-id.ts'
export { dropResults, filterOf as cacheFilter, type Invalidation, ResultCache } from './cache/index.ts'
export { type Clock, systemClock } from './clock.ts'
export { embeddedEngine } from './embedded.ts'
export { createDesk, type Desk, type Handed } from './external/index.ts'
export {
  type ForkOptions,
  type ForkPlan,
  type ForkRequest,
  forkRun,
  historyFor,
  planFork,
} from './fork.ts'
export { newSeed, runIdFor } from './identity.ts'
export { checkNumber, createLimiter, type Limiter, type LimitState, storedRates } from './limiter/index.ts'
export type { EngineContext } from './options.ts'
export { inPoolThread, preloadInThreads, type ThreadPool, threadPool } from './pool/index.ts'
export type { Activity, Engine } from './port.ts'
export { planResume, type ResumeOptions, repeatedBy } from './resume.ts'
export {
  createScheduler,
  dueTimes,
  invalid as invalidSchedule,
  nextAfter,
  nextFrom,
  readTiming,
  type ScheduledStart,
  type Scheduler,
  type ScheduleTiming,
  scheduledRun,
  type Timing,
  timingOf,
  timingText,
} from './schedule/index.ts'
