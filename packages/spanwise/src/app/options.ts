import type { Clock } from '../engine/index.ts'
import type { EncryptionOptions, Store } from '../journal/index.ts'
import type { Redaction } from '../redaction/index.ts'
import type { Duration, Log, Size, Startable, StepContext } from '../workflow/index.ts'
import type { Oversight } from './acts.ts'
import type { RetentionRule } from './retention.ts'
import type { ScheduleOptions } from './schedule-options.ts'
import type { AuditOptions } from './sealing.ts'
import type { ServeOptions } from './serve-options.ts'
import type { Webhook } from './webhooks/index.ts'

export interface SpanwiseOptions {
  /** `sqlite:./spanwise.db`, `memory:`, or an open store */
  readonly store: string | Store
  readonly workflows: readonly Startable<never, unknown>[]
  /**
   * the gateway of `spanwise/models` whose calls outside of runs belong to this app; needed only where several apps are open in a
   * process. The command line finds it here
   */
  readonly models?: object
  /**
   * false: this process starts and watches runs and another one does the work: over its control socket while it lives, else
   * durably queued in the file until it comes
   */
  readonly work?: boolean
  /** names the code that runs; history says which one wrote it. `SPANWISE_RELEASE`, else `dev` */
  readonly release?: string
  readonly clock?: Clock
  /** in [0, 1), for the jitter of retries; `Math.random` */
  readonly random?: () => number
  readonly log?: Log
  /** how long an aborted step, or a closing app, is waited for; 5 s */
  readonly grace?: Duration
  /** how long an idle waiting run stays in memory; 200 ms */
  readonly linger?: Duration
  /** runs in memory at once; 10 000 */
  readonly capacity?: number
  /** finished items after which an `each` that may takes its first snapshot; 500 */
  readonly snapshotAfter?: number
  /** threads for `pool: 'thread'`; as many as there are processors */
  readonly threads?: number
  /** what the JavaScript heap of such a thread may grow to, where a step says nothing; V8's own limit when absent */
  readonly threadMemory?: Size
  /**
   * deaths of the process in a row, with the run in memory and no further than before, after which a run is set aside as `needs
   * attention`; 3. `false`: it is taken up again for ever
   */
  readonly quarantineAfter?: number | false
  /** where more want to begin than a limit lets */
  readonly limits?: {
    /** share of each tenant against the others; 1 */
    readonly weights?: Readonly<Record<string, number>>
  }
  /** functions that stand for those of steps, by name: tests */
  readonly fakes?: Readonly<Record<string, (input: never, context: StepContext) => unknown>>
  /**
   * Made, or brought to this definition, when the app begins to work, as `app.schedule` does. One that is not named here any more
   * stays until it is deleted.
   */
  readonly schedules?: readonly ScheduleEntry[]
  /**
   * What becomes of runs that ended long ago; applied by the process that works, in small steps in the background. Nothing by default.
   * @example [{ status: 'completed', keep: '30d', action: 'archive' }, { keep: '365d', action: 'delete' }]
   */
  readonly retention?: readonly RetentionRule[]
  /** lease of this worker, without renewal; 15 s */
  readonly lease?: Duration
  /** how the journal of a file is sealed; `false` leaves that out */
  readonly audit?: AuditOptions | false
  /**
   * What users wrote is encrypted in the file, its log, backups and archives. A new file is made so; one that is there is encrypted
   * with `spanwise store encrypt`.
   * @example { keys: keyFile('/run/secrets/store-key') }
   */
  readonly encryption?: EncryptionOptions
  /**
   * What must not be written, before anything is. Without it: secrets by their form, in all that no code reads (errors, inputs of steps,
   * requests to models, questions, logs). With it: values too. `false`: nothing is looked for.
   * @example { references: ["STRIPE_KEY"], find: personalData() }
   */
  readonly redact?: Redaction | false
  /**
   * What others send to `POST /webhooks/<name>`, and who is told what happens in runs.
   * @example [webhook.in('github', { verify: 'github', secret: () => process.env.GITHUB_SECRET, start: build })]
   */
  readonly webhooks?: readonly Webhook[]
  /** what people may do to the record, and how long decisions are kept */
  readonly oversight?: Oversight
}

export type ScheduleEntry = ScheduleOptions & {
  readonly workflow: Startable<never, unknown>
  readonly input?: unknown
}

/** What `spanwise.config.ts` exports: the same for the command line, the server and the program itself. */
export interface SpanwiseConfig extends Omit<SpanwiseOptions, 'work' | 'store' | 'clock' | 'fakes'> {
  /** how `spanwise start` serves it */
  readonly server?: ServeOptions & { readonly port?: number; readonly host?: string }
  /** `sqlite:./spanwise.db`; the command line reads a relative path from the folder of the config file */
  readonly store: string
}

/**
 * Names what the command line works with. A config only describes: it opens nothing.
 * @example export default defineConfig({ store: 'sqlite:./spanwise.db', workflows: [refund] })
 */
export function defineConfig(config: SpanwiseConfig): SpanwiseConfig {
  return config
}

export function releaseOf(options: Pick<SpanwiseOptions, 'release'>): string {
  return options.release ?? process.env['SPANWISE_RELEASE'] ?? 'dev'
}
