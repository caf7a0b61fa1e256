import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  type Clock,
  type EngineContext,
  embeddedEngine,
  inPoolThread,
  systemClock,
  type ThreadPool,
  threadPool,
} from '../engine/index.ts'
import { acquireOwnership, openStore, SpanwiseError, type Store } from '../journal/index.ts'
import {
  type Duration,
  type Log,
  milliseconds,
  type Startable,
  type WorkflowDefinition,
  workflowDefinition,
} from '../workflow/index.ts'
import { type App, makeApp } from './app.ts'
import { localBackend } from './local.ts'
import { defaultLog } from './log.ts'
import { Watchers } from './watchers.ts'

export interface SpanwiseOptions {
  /** `sqlite:./spanwise.db`, `memory:`, or an open store */
  readonly store: string | Store
  readonly workflows: readonly Startable<never, unknown>[]
  /** names the code that runs; history says which one wrote it. `SPANWISE_RELEASE`, else `dev` */
  readonly release?: string
  readonly clock?: Clock
  readonly log?: Log
  /** how long an aborted step, or a closing app, is waited for; 5 s */
  readonly grace?: Duration
  /** how long an idle waiting run stays in memory; 200 ms */
  readonly linger?: Duration
  /** runs in memory at once; 10 000 */
  readonly capacity?: number
  /** threads for `pool: 'thread'`; as many as there are processors */
  readonly threads?: number
  /** steps replaced by name: tests */
  readonly fakes?: Readonly<Record<string, (input: never) => unknown>>
  /** lease of this worker, without renewal; 15 s */
  readonly lease?: Duration
}

/**
 * Opens an app that works: it continues unfinished runs at once, and runs what is started.
 * @throws STORE_OWNED when another process works on the file (its pid is named), DUPLICATE_WORKFLOW, APP_IN_POOL
 * @example await using app = await spanwise({ store: 'sqlite:./spanwise.db', workflows: [refund] })
 */
export async function spanwise(options: SpanwiseOptions): Promise<App> {
  if (inPoolThread()) {
    throw new SpanwiseError({
      code: 'APP_IN_POOL',
      message: 'An app was opened inside a pool thread.',
      hint: 'A pool thread imports the module that defines a step: keep spanwise() out of that module, or behind a function that only the main program calls.',
    })
  }
  const workflows = named(options.workflows)
  const clock = options.clock ?? systemClock
  const log = options.log ?? defaultLog()
  const grace = milliseconds(options.grace ?? 5_000, 'grace')
  const worker = randomUUID()
  const lease = milliseconds(options.lease ?? 15_000, 'lease')
  const given = typeof options.store !== 'string'
  const path = typeof options.store === 'string' ? sqlitePath(options.store) : undefined
  const ownership = path === undefined ? undefined : await acquireOwnership(path)
  let store: Store | undefined
  try {
    store = typeof options.store === 'string' ? await openStore(options.store) : options.store
    await store.register({ id: worker, pid: process.pid, host: hostname(), lease })
    const watchers = new Watchers()
    let pool: ThreadPool | undefined
    const context: EngineContext = {
      store,
      worker,
      clock,
      log,
      release: options.release ?? process.env['SPANWISE_RELEASE'] ?? 'dev',
      workflows,
      grace,
      linger: milliseconds(options.linger ?? 200, 'linger'),
      capacity: options.capacity ?? 10_000,
      pool: () => {
        pool ??= threadPool({ grace, ...(options.threads === undefined ? {} : { size: options.threads }) })
        return pool
      },
      fakes: new Map(Object.entries(options.fakes ?? {})) as unknown as ReadonlyMap<
        string,
        (input: unknown) => unknown
      >,
      events: {
        changed: (run, row) => watchers.changed(run, row),
        progress: (run, value) => watchers.progress(run, value),
      },
    }
    const engine = embeddedEngine(context)
    await engine.start()
    const opened = store
    let closed: Promise<void> | undefined
    const close = (): Promise<void> => {
      closed ??= (async () => {
        await engine.close()
        await pool?.close()
        await opened.unregister(worker)
        if (!given) await opened.close()
        await ownership?.release()
      })()
      return closed
    }
    return makeApp(localBackend(opened, engine, watchers), { now: () => clock.now(), release: context.release, close })
  } catch (error) {
    if (!given) await store?.close()
    await ownership?.release()
    throw error
  }
}

function named(workflows: readonly Startable<never, unknown>[]): ReadonlyMap<string, WorkflowDefinition> {
  const byName = new Map<string, WorkflowDefinition>()
  for (const one of workflows) {
    const definition = workflowDefinition(one)
    const other = byName.get(definition.name)
    if (other !== undefined && other !== definition) {
      throw new SpanwiseError({
        code: 'DUPLICATE_WORKFLOW',
        message: `Two workflows are named "${definition.name}".`,
        hint: 'Give one of them another name: runs are continued by the name of their workflow.',
      })
    }
    byName.set(definition.name, definition)
  }
  return byName
}

function sqlitePath(url: string): string | undefined {
  return url.startsWith('sqlite:') && url !== 'sqlite::memory:' ? url.slice('sqlite:'.length) : undefined
}
