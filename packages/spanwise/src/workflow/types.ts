import type { SqlTransaction } from '../journal/index.ts'
import type { Duration } from './duration.ts'

/** What a call may pass: nothing when there is no input, at will when it may be undefined. */
export type Arg<I> = [I] extends [void]
  ? [input?: undefined]
  : void extends I
    ? [input?: I]
    : undefined extends I
      ? [input?: I]
      : [input: I]
/** The same with options behind it. */
export type Rest<I, Options> = [I] extends [void]
  ? [input?: undefined, options?: Options]
  : undefined extends I
    ? [input?: I, options?: Options]
    : [input: I, options?: Options]
/** Lets the caller leave out an input that may be undefined. */
export type Omittable<I> = undefined extends I ? I | void : I

export interface RunInfo {
  /** opaque, unique everywhere */
  readonly id: string
  readonly workflow: string
  readonly tenant: string
  /** which schedule started it; undefined for a run that was started otherwise */
  readonly schedule?: ScheduleInfo
}

export interface ScheduleInfo {
  /** the schedule's */
  readonly id: string
  /** when it was due by the schedule: before it began, by jitter, waiting and catching up */
  readonly due: Date
  /** by itself, to fill a gap in the past, or by hand */
  readonly trigger: 'due' | 'backfill' | 'manual'
}

export interface Log {
  debug(message: string, facts?: object): void
  info(message: string, facts?: object): void
  warn(message: string, facts?: object): void
  error(message: string, facts?: object): void
}

export interface StepContext {
  /** the same over retries, crashes and resumes; another one after an edited input, `continueAs` or a fork */
  readonly idempotencyKey: string
  /** 1 for the first */
  readonly attempt: number
  /** aborts at the timeout, the deadline, when the run is cancelled and when the result is no longer wanted */
  readonly abortSignal: AbortSignal
  /** says that the attempt is alive: its `timeout` is counted from the last heartbeat */
  heartbeat(): void
  /** shown to whoever watches the run; not history */
  progress(value: unknown): void
  /**
   * Says what this attempt was given to read, for the record: which decisions it influenced can then be told.
   * @example for (const page of found) context.cite({ id: page.url, version: page.etag })
   */
  cite(...documents: readonly Document[]): void
  readonly log: Log
  readonly run: RunInfo
}

/** Something that was read, by a name that its readers know it by. */
export interface Document {
  readonly id: string
  readonly version?: string
  /** of its content, to tell later whether it is still the same */
  readonly hash?: string
}

export interface WorkflowContext<I> {
  readonly run: RunInfo
  /** aborts when the run is cancelled */
  readonly abortSignal: AbortSignal
  /** silent while history is replayed */
  readonly log: Log
  progress(value: unknown): void
  /** Starts the run over with a new input and an empty history, as the same run. Never resolves. */
  continueAs(...input: Arg<I>): Promise<never>
}

export type Reconciled<R> =
  | { readonly done: true; readonly result: R }
  /** final: the effect did not happen and an earlier attempt cannot arrive any more */
  | { readonly done: false }
  | { readonly done: 'unknown'; readonly retryAfter?: Duration }

export type { SqlTransaction }
