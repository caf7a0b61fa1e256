import type { BudgetChange, Meta, Store } from '../../journal/index.ts'
import type { Redactor } from '../../redaction/index.ts'
import type { Log, RunInfo } from '../types.ts'

/** A model call as the runtime and the engine see it. What it means is the gateway's: they record it, wait, and hand it over. */
export interface ModelRequest {
  /** name under which the gateway was asked */
  readonly alias: string
  /**
   * Hash of the canonical form of what is asked, without ids that an SDK makes up: what a call is recognised by when the code runs
   * again.
   */
  readonly hash: string
  /** codec text of what is asked, for the record */
  readonly text: string
  /** Asks. Never rejects. */
  readonly perform: (call: ModelCall) => Promise<ModelOutcome>
}

/** What one generation of a call is given. */
export interface ModelCall {
  readonly home: ModelHome
  /** the run that it belongs to; undefined outside of one */
  readonly run: ModelRun | undefined
  /** 1 for the first; another one for each time that it is asked again after a crash or a failure */
  readonly generation: number
  /** aborts when the answer is not wanted any more */
  readonly signal: AbortSignal
  /** opaque name of the call within the run, for whoever watches it form */
  readonly key: string
  /** when the call was asked for first, ms */
  readonly since: number
  /**
   * Shown to whoever follows the run; not history.
   * @param first the answer begins anew: what was shown of it before counts no more
   */
  show(part: unknown, first: boolean): void
  /**
   * Says before anything is sent that it is about to be, and what is taken from budgets for it; resolves once that is durable.
   * @param meta facts for the entry that says so
   */
  hold(changes: readonly BudgetChange[], meta: Meta): Promise<void>
}

/** Whose call it is: what budgets and limits go by. */
export interface ModelRun extends RunInfo {
  readonly team: string | undefined
  readonly subject: string | undefined
  readonly tags: readonly string[]
  /** key of the step that it is made in */
  readonly step: string | undefined
  readonly priority: number
  /** ms */
  readonly deadline: number | undefined
}

/** What calls use of the app that they belong to. */
export interface ModelHome {
  /** undefined where no app is open */
  readonly store: Store | undefined
  readonly worker: string
  readonly clock: {
    now(): number
    /** calls back after so many ms; answers how to call it off */
    after(ms: number, then: () => void): () => void
  }
  readonly random: () => number
  readonly log: Log
  readonly limiter: ModelLimiter
  /** calls back when what is used of budgets changes by something else than a call */
  readonly watchBudgets?: (callback: (changes: readonly BudgetChange[]) => void) => void
  /** what the gateway says of itself */
  readonly told?: (event: object) => void
}

/** How a candidate of a gateway is doing, in the process that works. */
export interface CandidateState {
  readonly alias: string
  readonly provider: string
  readonly model: string
  /** `open`: it failed again and again, and is left alone */
  readonly breaker: 'closed' | 'open' | 'half open'
  /** when it may be asked again, ms; in the past: now */
  readonly from: number
  /** as it answered last */
  readonly answered: string | undefined
  /** name of the account that it uses, where it has one */
  readonly key?: string | undefined
  /** what answered under this name before, and since when that is no more so, ms; where it ever changed */
  readonly before?: { readonly answered: string; readonly until: number } | undefined
}

/** What a budget counts, and how much of it is used in the window that now is in. */
export interface BudgetState {
  /** in its events and errors */
  readonly name: string
  /** `all`, `workflow`, `tenant`, … */
  readonly by: string
  /** only this one; each by itself when absent */
  readonly only: string | undefined
  readonly unit: 'money' | 'tokens'
  /** nano-dollars or tokens */
  readonly limit: bigint
  readonly per: 'hour' | 'day' | 'month' | 'total'
  /** when its window began and when the next one begins, ms; a total has neither */
  readonly window: { readonly from: number; readonly next: number } | undefined
  /** what becomes of a call that may go over it */
  readonly onExceed: 'fail' | 'wait' | 'degrade' | 'ask'
  /** what calls under way may still use is in it; undefined where each is counted by itself */
  readonly used: bigint | undefined
}

/** The part of the app's limiter that calls need. */
export interface ModelLimiter {
  acquire(request: {
    readonly claims: readonly {
      readonly key: string
      readonly limit?: number | undefined
      readonly rate?: { readonly limit: number; readonly per: number } | undefined
      readonly amount?: number | undefined
    }[]
    readonly tenant?: string | undefined
    readonly priority?: number | undefined
    readonly deadline?: number | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<{ settle(used: Readonly<Record<string, number>>): void; release(): void }>
}

/** What a call used takes the place of what was kept back for it. */
export interface Settled {
  /** for the commit of the entry that says it */
  readonly budgets?: readonly BudgetChange[]
  /** to be called when that is durable: given back before, it would be spent twice if the entry got lost */
  readonly release?: () => void
}

export type ModelOutcome = Settled &
  (
    | {
        readonly state: 'answered'
        /** codec text of the answer */
        readonly payload: string
        readonly meta: Meta
      }
    /** waiting may heal it: it is asked again at that time, ms */
    | {
        readonly state: 'again'
        readonly at: number
        readonly error: unknown
        readonly meta: Meta
      }
    | {
        readonly state: 'failed'
        readonly error: unknown
        readonly meta: Meta
      }
  )

/** An answer, from the provider or from the record. */
export interface ModelAnswer {
  readonly value: unknown
  readonly meta: Meta
}

/** Records the model calls of one attempt of a step, and hands out again what earlier attempts were answered. */
export interface StepModels {
  readonly home: ModelHome
  /** what is recorded of an answer may not be all that was said: code gets it when it is on record, not while it forms */
  readonly whole: boolean
  /** of the step: what it publishes goes by the same rules as what it records */
  readonly redactor: Redactor
  call(request: ModelRequest): Promise<ModelAnswer>
}
