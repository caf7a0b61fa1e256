import type { RowChange, Store } from '../journal/index.ts'
import type { Redactor } from '../redaction/index.ts'
import type { Log, ModelHome, StepContext, WorkflowDefinition } from '../workflow/index.ts'
import type { ResultCache } from './cache/index.ts'
import type { Clock } from './clock.ts'
import type { Desk } from './external/index.ts'
import type { Limiter } from './limiter/index.ts'
import type { ThreadPool } from './pool/index.ts'

/** What the parts of the engine share. */
export interface EngineContext {
  readonly store: Store
  /** id of this worker */
  readonly worker: string
  readonly clock: Clock
  /** in [0, 1), for jitter */
  readonly random: () => number
  readonly log: Log
  readonly release: string
  readonly workflows: ReadonlyMap<string, WorkflowDefinition>
  /** how long an aborted step may take to stop, ms */
  readonly grace: number
  /** how long an idle waiting run stays in memory, ms */
  readonly linger: number
  /** runs in memory at once; more wait in the store */
  readonly capacity: number
  /** finished items after which `each` takes its first snapshot; as the runtime chooses when absent */
  readonly snapshotAfter?: number | undefined
  readonly pool: () => ThreadPool
  /** where other programs take steps from */
  readonly desk: Desk
  /** one for steps, models and pools */
  readonly limiter: Limiter
  /** results that runs take from each other */
  readonly results: ResultCache
  /** what must not be written by any run of the app */
  readonly redactor: Redactor
  /** steps replaced by name: tests */
  readonly fakes: ReadonlyMap<string, (input: unknown, context: StepContext) => unknown>
  readonly events: EngineEvents
  /** what model calls use of the app */
  readonly models: ModelHome
  /** the gateway that the app was opened with: its calls outside of runs belong to this app */
  readonly gateway?: object | undefined
}

/** What the engine tells whoever watches; never history. */
export interface EngineEvents {
  /** committed: something of the run is new; `row` where its status changed */
  changed(run: string, row: RowChange | undefined): void
  progress(run: string, value: unknown): void
  /**
   * A part of a model's answer that forms, as it came.
   * @param first what was shown of this call before counts no more
   * @param shown what of it may be shown: asked for each part in their order, once somebody looks
   */
  forming(
    run: string,
    call: string,
    part: unknown,
    first: boolean,
    shown: (part: unknown, first: boolean) => readonly unknown[],
  ): void
  /** it forms no more: the entry with this index says what came of it */
  formed(run: string, call: string, index: number): void
  /** an attempt of a step begins */
  attempt(run: string, step: string): void
}
