import type { Entry, EntryKind, Meta } from '../../journal/index.ts'
import type { Redaction, Redactor } from '../../redaction/index.ts'
import type { StandardSchemaV1 } from '../schema.ts'
import type { RunInfo, StepContext } from '../types.ts'
import type { Compensation } from './compensation.ts'
import type { Dry, Forked } from './fork-mark.ts'
import type { LazyAbort } from './lazy-abort.ts'
import type { Mailbox } from './mailbox.ts'
import type { ModelRequest, StepModels } from './model-call.ts'
import type { Letter, Started } from './started.ts'

/** What constructs see of the run that they are called in. */
export interface Runtime {
  readonly run: RunInfo
  readonly seed: string
  readonly root: Scope
  readonly started: Started
  readonly recorded: Recorded
  readonly mailbox: Mailbox
  readonly compensations: Compensation[]
  /** without those of what the source of a fork did: the fork has nothing of it to undo */
  readonly ownCompensations: readonly Compensation[]
  /** of a fork and what comes of it: which effects may happen */
  readonly dry: Dry | undefined
  /** what must not be written of it */
  readonly redactor: Redactor
  /** aborts when the run is cancelled */
  readonly abort: LazyAbort
  readonly replaying: boolean
  /** finished items after which `each` takes its first snapshot */
  readonly snapshotAfter: number
  /** time of the last delivery, ms */
  readonly time: number
  /** index of the last delivery */
  readonly current: number
  /** Issues an operation in the current window; `known` settles it at once, without an entry, where replayed code alone decides it. */
  issue<T>(scope: Scope, spec: OperationSpec, known?: Settlement): Promise<T>
  /** Why an operation may not be issued now; breaks the run where the code left the promise of replay. */
  refusal(scope: Scope, what: string): unknown
  /** Wraps a construct's promise, so that its unseen failure counts when the body settles. */
  track<T>(work: Promise<T>): Promise<T>
  /** Ends a scope: what is open in it is abandoned; waits consume nothing. */
  closeScope(scope: Scope): void
  /** History that nothing is delivered from. Written once per key. */
  note(scope: Scope, key: string, meta: Meta, payload?: string): void
  /** A construct's continuation as data. False where it may not be on record as it is: then it is not. */
  snapshot(scope: Scope, key: string, payload: string, meta?: Meta): boolean
  /** Which history a snapshot of this construct does not stand for; undefined where that cannot be said in a word. */
  groundOf(scope: Scope, key: string): Ground
  /** The next early signal of this name that is there for the scope. */
  takeLetter(scope: Scope, name: string): Letter | undefined
  /** Short stand-in for a user-made part of a key, under the secret of whom it is about. */
  keyToken(text: string, subject?: string): string
  /** Token of a subject, made with its secret where it is new. Not for the body: it waits. */
  subjectToken(subject: string): Promise<string>
  continueWith(input: unknown): Promise<never>
  /** A promise that the code forgot was rejected: counts like a failure of the body, now. */
  fail(error: unknown): void
}

/**
 * The last entry before the construct, while all that was written since is about it: then a snapshot stands for everything in between,
 * and whoever loads the run need not read it. Told the places of the signals that the construct took.
 */
export type Ground = (taken: readonly number[]) => number | undefined

/** Where operations get their keys from: the body, a branch of a combinator, an item, a compensation. */
export interface Scope {
  readonly kind: 'scope'
  readonly execution: Runtime
  readonly parent: Scope | undefined
  /** put before the keys of its operations, as stored: `each#0[x7f…]/` */
  readonly prefix: string
  /** the same with user-made parts readable */
  readonly clear: string
  /** token of the subject that its content belongs to */
  readonly subject: string | undefined
  readonly counts: Map<string, number>
  /** while a snapshot is restored: the window that had begun this scope, for what is done in the window that restores it */
  readonly begun: Begun | undefined
  closed: boolean
  /** a signal was waited for in it: signals have no key, so a snapshot of `each` cannot stand for what happened here */
  waits: boolean
  /** places of the signals that were taken in it: a snapshot of a loop says which these were */
  readonly took: number[]
}

/** The window that had begun a scope before it was restored from a snapshot in `window`. */
export interface Begun {
  readonly window: number
  readonly after: number
  readonly time: number
  /** places of the signals that were there for it, whenever they come now */
  readonly letters?: readonly number[]
}

/** Inside an attempt of a step: operations are refused, steps are part of the attempt. */
export interface StepFrame {
  readonly kind: 'step'
  readonly step: string
  readonly context: StepContext
  /** a promise that it forgot was rejected */
  readonly stray?: (error: unknown) => void
  /** records its model calls */
  readonly models?: StepModels | undefined
}

export type Frame = Scope | StepFrame

/**
 * What a construct asks of the runtime. The runtime knows keys, order and delivery; what an operation means is in its spec,
 * and how its effect is brought about is the engine's: it reads `effect`.
 */
export interface OperationSpec {
  readonly kind: OperationKind
  /** what its key is made of: a step's name, `sleep`, `signal(go)` */
  readonly name: string
  /** canonical codec text of its input; undefined for operations without one */
  readonly input?: string | undefined
  /** ms; when it fires, `timer.fired` is delivered to the operation */
  readonly due?: number | undefined
  /** `due` is a time that the code names, not so long after it asked */
  readonly fixed?: boolean | undefined
  /** a step that says of itself that repeating it does no harm */
  readonly repeatable?: boolean | undefined
  readonly effect: Effect
  /** entry written when the operation is issued, before its effect may begin */
  readonly announce?: ((childRun: string, due: number | undefined) => Announcement) | undefined
  /** turns a delivered entry into the operation's outcome; undefined when it does not settle it */
  settle(entry: Delivered): Settlement | undefined
  /** what to do when the code now passes another input under the same key */
  readonly onDrift?: 'park' | 'keep' | undefined
  /** what must not be written of it, beside what holds for its run */
  readonly redact?: Redaction | false | undefined
  /** what comes from outside must fit: a filled-in form, a signal's value */
  readonly form?: StandardSchemaV1 | undefined
}

export type OperationKind = 'step' | 'sleep' | 'signal' | 'approval' | 'child' | 'item' | 'model'

/** Read by the engine. `definition`s are opaque to the runtime. */
export type Effect =
  /** `text`: codec text of the input in its own order; canonical text would reorder keys, maps and sets */
  | { readonly type: 'step' | 'transaction'; readonly definition: unknown; readonly text: string }
  | { readonly type: 'wait' }
  | {
      readonly type: 'child'
      readonly workflow: string
      readonly definition: unknown
      readonly value: unknown
      readonly id: string | undefined
      readonly onParentClose: 'cancel' | 'abandon' | 'wait'
    }
  | {
      readonly type: 'mail'
      readonly run: string
      readonly mail: 'signal' | 'cancel'
      readonly name: string
      readonly payload: string | undefined
    }
  | { readonly type: 'model'; readonly request: ModelRequest }
  | { readonly type: 'pull'; readonly pull: () => Promise<PulledItem> }

export type PulledItem =
  | { readonly done: true }
  | { readonly done: false; readonly key: string; readonly item: unknown; readonly subject?: string | undefined }

export interface Announcement {
  readonly kind: EntryKind
  readonly meta?: Meta | undefined
  readonly payload?: string | undefined
}

/** The part of an entry that delivery needs: recorded ones and new ones alike. */
export interface Delivered {
  readonly kind: EntryKind
  readonly index: number
  readonly at: number
  readonly key: string
  readonly attempt: number
  readonly meta: Meta
  readonly payload: string | undefined
}

export type Settlement =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

export interface Operation {
  readonly spec: OperationSpec
  /** changes only while it is issued in replay: a model call that finds no record of what it asks takes that of its place */
  key: string
  readonly clearKey: string | undefined
  readonly scope: Scope
  /** index of the delivery in whose window it was issued */
  readonly after: number
  /** time of that delivery, ms */
  readonly issuedAt: number
  state: 'open' | 'settled' | 'abandoned'
  /** handed to the engine */
  started: boolean
  /** index of the entry that announced it */
  announced: number | undefined
  readonly promise: Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** What the journal holds of an operation that has no outcome yet. */
export interface OperationHistory {
  readonly intent: Entry | undefined
  readonly announcement: Entry | undefined
  /** failed attempts, oldest first */
  readonly attempts: readonly Entry[]
  /** an operator's replacement for the input, with the count of edits so far */
  readonly edited: { readonly value: unknown; readonly count: number } | undefined
}

/** History as replay sees it: superseded entries are out, each operation's entries are together. */
export interface Recorded {
  readonly start: Entry
  readonly deliveries: readonly Entry[]
  /** first entry of each operation, by the delivery that issued it */
  readonly issuedAfter: ReadonlyMap<number, readonly Entry[]>
  readonly lastIssuedAfter: number
  readonly operations: ReadonlyMap<string, RecordedOperation>
  /** how often the child of an operation was superseded: the next one is another run */
  readonly childGenerations: ReadonlyMap<string, number>
  /** operations whose failure was resumed */
  readonly reopened: ReadonlySet<string>
  /** an operator resumed it: what came for operations that were closed by the failure may be lost on them */
  readonly resumed: boolean
  /** where it was forked from another run's history, oldest first */
  readonly forked: readonly Forked[]
  /** children that the source of a fork had started before it */
  readonly shared: ReadonlySet<string>
  /** said since the last fork point of this generation */
  readonly dry: Dry | undefined
  /** latest per construct, behind those that it adds to */
  readonly snapshots: ReadonlyMap<string, readonly Entry[]>
  /** continuations of constructs that were replaced where the run was forked, if they did not go on since */
  readonly rewritten: ReadonlyMap<string, unknown>
  /** places of the letters that this generation began with, and that rounds took which a snapshot stands for */
  readonly taken: ReadonlySet<number>
  /** entries about model calls that were made inside steps, by the key of the step */
  readonly stepCalls: ReadonlyMap<string, readonly Entry[]>
  readonly notes: ReadonlySet<string>
  /** approvals that nobody has to decide any more */
  readonly withdrawn: ReadonlySet<string>
  /** the latest `run.parked`, if nothing resumed it since */
  readonly parked: Entry | undefined
}

export interface RecordedOperation extends OperationHistory {
  readonly outcome: Entry | undefined
}
