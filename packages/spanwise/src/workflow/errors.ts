import { isSpanwiseError, SpanwiseError } from '../journal/index.ts'

/**
 * The errors that workflow code meets and may catch. `instanceof` compares the code, so that it holds for errors that went
 * through the journal and for two copies of the package.
 */
abstract class Coded extends SpanwiseError {
  static readonly code: string
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isSpanwiseError(value) && value.code === this.code
  }
}

/** Ends the run on purpose: registered compensations run, then it is `failed`. */
export class FailError extends Coded {
  static override readonly code = 'FAILED_ON_PURPOSE'
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super({ code: FailError.code, message, hint: 'The workflow ended the run on purpose.', ...options })
    this.name = 'FailError'
  }
}

/** A step attempt, a wait or a run took longer than it was given. */
export class TimeoutError extends Coded {
  static override readonly code = 'TIMEOUT'
  constructor(what: string, after: string, step?: string) {
    super({
      code: TimeoutError.code,
      message: `${what} timed out after ${after}.`,
      hint: 'Give it more time, or find out what it waited for.',
      step,
    })
    this.name = 'TimeoutError'
  }
}

/** The run was cancelled, or a branch of it is no longer wanted. */
export class CancelledError extends Coded {
  static override readonly code = 'CANCELLED'
  constructor(reason: string) {
    super({ code: CancelledError.code, message: `Cancelled: ${reason}`, hint: 'Clean up and let the error pass.' })
    this.name = 'CancelledError'
  }
}

/** Somebody said no. */
export class ApprovalRejectedError extends Coded {
  static override readonly code = 'APPROVAL_REJECTED'
  declare readonly by: string
  declare readonly reason: string | undefined
  constructor(question: string, by: string, reason: string | undefined) {
    super({
      code: ApprovalRejectedError.code,
      message: `${by} rejected: ${question}${reason === undefined ? '' : ` (${reason})`}`,
      hint: 'Catch it to go another way, or use approval.ask to branch on the decision.',
    })
    this.name = 'ApprovalRejectedError'
    this.by = by
    this.reason = reason
  }
}

/** Nobody answered in time. Silence is never consent. */
export class ApprovalExpiredError extends Coded {
  static override readonly code = 'APPROVAL_EXPIRED'
  constructor(question: string, after: string) {
    super({
      code: ApprovalExpiredError.code,
      message: `Nobody answered within ${after}: ${question}`,
      hint: 'Give it a longer timeout, or use approval.ask to branch on the decision.',
    })
    this.name = 'ApprovalExpiredError'
  }
}

/** An at-most-once step was under way when its process died: whether its effect happened is not known here. */
export class OutcomeUnknownError extends Coded {
  static override readonly code = 'OUTCOME_UNKNOWN'
  constructor(step: string, message?: string) {
    super({
      code: OutcomeUnknownError.code,
      message: message ?? `Whether "${step}" took effect is not known: its process died before it answered.`,
      hint: 'Look at the other side, then resume with { edit: { result } } if it happened, or without if it did not. A `reconcile` function can look for you.',
      step,
    })
    this.name = 'OutcomeUnknownError'
  }
}

/** The run is parked until somebody mends the code, the data or the world, and resumes it. */
export class NeedsAttentionError extends Coded {
  static override readonly code = 'NEEDS_ATTENTION'
  constructor(run: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super({
      code: NeedsAttentionError.code,
      message: `Run ${run} needs attention: ${why}`,
      // a fork that waits for a word has nothing to mend
      hint:
        isSpanwiseError(cause) && cause.code === 'FORK_DRY'
          ? cause.hint
          : `Mend the cause, then resume it: spanwise resume ${run}`,
      cause,
      run,
    })
    this.name = 'NeedsAttentionError'
  }
}

/** The run ended as failed or cancelled: the cause says why. */
export class RunFailedError extends Coded {
  static override readonly code = 'RUN_FAILED'
  constructor(run: string, status: 'failed' | 'cancelled', cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super({
      code: RunFailedError.code,
      message: `Run ${run} ${status === 'failed' ? 'failed' : 'was cancelled'}: ${why}`,
      hint: `See what happened: spanwise runs show ${run}`,
      cause,
      run,
    })
    this.name = 'RunFailedError'
  }
}

/** The code asked for something else than what its history holds. */
export class ReplayError extends SpanwiseError {
  constructor(init: {
    readonly code: 'SHAPE_CHANGED' | 'INPUT_CHANGED' | 'UNJOURNALED_WAIT' | 'NOT_ADVANCING'
    readonly message: string
    readonly hint: string
    readonly run?: string
    readonly step?: string
  }) {
    super(init)
    this.name = 'ReplayError'
  }
}
