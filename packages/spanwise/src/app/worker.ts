import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  type Activity,
  checkNumber,
  createDesk,
  createLimiter,
  createScheduler,
  type EngineContext,
  embeddedEngine,
  ResultCache,
  storedRates,
  systemClock,
  type ThreadPool,
  threadPool,
} from '../engine/index.ts'
import {
  acquireOwnership,
  type BudgetChange,
  openStore,
  parseStoreUrl,
  type RowChange,
  SpanwiseError,
  type Store,
  streamHub,
} from '../journal/index.ts'
import {
  bytes,
  type Log,
  milliseconds,
  type Startable,
  type StepContext,
  type WorkflowDefinition,
  workflowDefinition,
} from '../workflow/index.ts'
import { type App, makeApp } from './app.ts'
import { listenForClients, type Served } from './control/index.ts'
import { eraseAgain } from './erasures.ts'
import { externalSteps } from './external.ts'
import { fileBackend } from './file.ts'
import { Forming } from './forming.ts'
import { healthOf } from './health.ts'
import { localBackend } from './local.ts'
import { defaultLog } from './log.ts'
import { releaseOf, type SpanwiseOptions } from './options.ts'
import { Redactors, redactedLog, redacting, shown } from './redacting.ts'
import { createRetainer } from './retainer.ts'
import { readSchedule } from './schedule-options.ts'
import { sealing } from './sealing.ts'
import { Watchers } from './watchers.ts'
import { aboutWebhooks, createSender, told } from './webhooks/index.ts'

/** A working app, and what happens in it. */
export interface Worker {
  readonly app: App
  /** calls back after each commit of any run */
  watchAll(callback: (run: string, change: RowChange | undefined) => void): void
  /** calls back when an attempt of a step begins */
  watchAttempts(callback: (run: string, step: string) => void): void
  /** what is under way in this process */
  activity(): Activity
  /** when a run or a schedule is due next, ms */
  due(): Promise<number | undefined>
  /** runs may have become due, or free, without a word to this process */
  wake(): void
  /** ends as a killed process does */
  kill(): void
}

/** @param begun is given what kills it, before the first run moves: it may die while it opens */
export async function openWorker(
  options: SpanwiseOptions,
  begun: (kill: () => void) => void = () => {},
): Promise<Worker> {
  const workflows = named(options.workflows)
  const clock = options.clock ?? systemClock
  const redactors = new Redactors(options.redact, options.workflows)
  const log = redactedLog(options.log ?? defaultLog(), redactors.app)
  const grace = milliseconds(options.grace ?? 5_000, 'grace')
  const worker = randomUUID()
  const lease = milliseconds(options.lease ?? 15_000, 'lease')
  const threadMemory = options.threadMemory === undefined ? undefined : bytes(options.threadMemory, 'threadMemory')
  const crashLimit = crashLimitOf(options.quarantineAfter ?? 3)
  const weight = weightOf(options.limits?.weights ?? {})
  const given = typeof options.store !== 'string'
  const address = typeof options.store === 'string' ? parseStoreUrl(options.store) : undefined
  const ownership = address?.kind === 'sqlite' ? await acquireOwnership(address.path) : undefined
  let store: Store | undefined
  try {
    store =
      typeof options.store === 'string'
        ? await openStore(options.store, { encryption: options.encryption })
        : options.store
    warnIfOlder(store, log)
    await eraseAgain(store, clock.now(), log)
    await store.register({ id: worker, pid: process.pid, host: hostname(), lease, crashLimit })
    const watchers = new Watchers()
    const budgetWatchers: ((changes: readonly BudgetChange[]) => void)[] = []
    const forming = new Forming(() => clock.now())
    const seals =
      address?.kind === 'sqlite' && options.audit !== false
        ? await sealing(store, address.path, options.audit ?? {}, { clock, log })
        : undefined
    const declared = options.webhooks ?? []
    const named = aboutWebhooks(declared)
    if (named.length > 0) await store.putWebhooks({ webhooks: named, at: clock.now() })
    const random = options.random ?? Math.random
    const sender = createSender(
      store,
      declared.filter((one) => one.way === 'out'),
      { clock, log, random },
    )
    let pool: ThreadPool | undefined
    const desk = createDesk(clock)
    const memory = await storedRates(store, () => clock.now())
    const limiter = createLimiter({ clock, log, memory, weight })
    const results = new ResultCache({ store, limiter, clock, log })
    const context: EngineContext = {
      store,
      worker,
      clock,
      random,
      log,
      release: releaseOf(options),
      workflows,
      grace,
      linger: milliseconds(options.linger ?? 200, 'linger'),
      capacity: options.capacity ?? 10_000,
      snapshotAfter: options.snapshotAfter,
      pool: () => {
        pool ??= threadPool({
          grace,
          ...(options.threads === undefined ? {} : { size: options.threads }),
          ...(threadMemory === undefined ? {} : { memory: threadMemory }),
        })
        return pool
      },
      desk,
      limiter,
      results,
      redactor: redactors.app,
      fakes: new Map(Object.entries(options.fakes ?? {})) as unknown as ReadonlyMap<
        string,
        (input: unknown, context: StepContext) => unknown
      >,
      models: {
        store,
        worker,
        clock,
        random,
        log,
        limiter,
        watchBudgets: (callback) => void budgetWatchers.push(callback),
        told: (event) => {
          const said = told(event)
          if (said !== undefined) sender.tell(said.type, said.what, said.about)
        },
      },
      gateway: options.models,
      events: {
        changed: (run, row) => {
          seals?.changed()
          sender.wake()
          watchers.changed(run, row)
          if (row !== undefined && (row.outcome !== undefined || row.status === 'needs attention')) forming.settle(run)
        },
        progress: (run, value) => watchers.progress(run, shown(value, redactors.app)),
        attempt: (run, step) => watchers.attempt(run, step),
        forming: (run, call, part, first, shown) => forming.add(run, call, part, first, shown),
        formed: (run, call, index) => forming.end(run, call, index),
      },
    }
    const engine = embeddedEngine(context)
    const scheduler = createScheduler(context, (run) => engine.wake(run))
    for (const { workflow, input, ...how } of options.schedules ?? []) {
      const put = await readSchedule(workflowDefinition(workflow), input, how, clock.now())
      await store.putSchedule(redactors.schedule(put))
    }
    const retainer = createRetainer(store, clock, log, options.retention ?? [], options.oversight?.keepDecisions)
    const kill = (): void => {
      desk.close()
      scheduler.kill()
      retainer.kill()
      sender.kill()
      engine.kill()
      limiter.close()
      void pool?.close()
    }
    begun(kill)
    await engine.start()
    // what is due by a schedule is looked for behind: runs go on meanwhile
    scheduler.wake()
    const opened = store
    const streams = streamHub(opened, () => clock.now())
    streams.closed = () => seals?.changed()
    const local = localBackend(
      opened,
      engine,
      scheduler,
      limiter,
      results,
      sender,
      watchers,
      forming,
      options.models,
      (changes) => {
        for (const callback of budgetWatchers) callback(changes)
      },
      () => clock.now(),
      streams,
    )
    const backend = redacting(local, redactors)
    let isLost = false
    void opened.lost?.then((error) => {
      isLost = true
      log.error('the store is lost and nothing goes on here: close the app and open it again', { error })
      watchers.gone()
    })
    let closed: Promise<void> | undefined
    const fromOutside: Served = {
      // a run that others start while this app closes is for the next owner
      backend: {
        ...backend,
        begin: (begin) => (closed === undefined ? backend : redacting(fileBackend(opened), redactors)).begin(begin),
      },
      wake: (run) => {
        engine.wake(run)
        scheduler.wake()
      },
    }
    const control = ownership === undefined ? undefined : await listenForClients(ownership.path, fromOutside, log)
    const close = (): Promise<void> => {
      closed ??= (async () => {
        try {
          // what other programs have in hand is for the next owner to hand out again
          desk.close()
          // at once: from this moment on none of them begins anything
          await Promise.all([scheduler.close(), retainer.close(), engine.close()])
          // clients see their runs leave, then look for the next owner
          await control?.close()
          limiter.close()
          await pool?.close()
          await sender.close()
          await seals?.close()
          // a full disk or a lost store cannot take it in: the next owner of the file frees the runs
          await opened
            .unregister(worker)
            .catch((error: unknown) => log.warn('the worker could not sign off', { error }))
          if (!given) await opened.close()
        } finally {
          await ownership?.release()
        }
      })()
      return closed
    }
    const app = makeApp(backend, {
      now: () => clock.now(),
      release: context.release,
      oversight: options.oversight ?? {},
      workflows: options.workflows,
      external: externalSteps(desk, backend, () => clock.now()),
      withStore: (work) => work(opened),
      audit: options.audit,
      webhooks: declared,
      retention: options.retention ?? [],
      file: opened.info.path,
      close,
      health: () => healthOf({ isClosing: closed !== undefined, isLost }, () => opened.run('')),
    })
    return {
      app,
      watchAll: (callback) => watchers.watchAll(callback),
      watchAttempts: (callback) => watchers.watchAttempts(callback),
      activity: () => {
        const { settled, inFlight } = engine.activity()
        return { settled: settled && scheduler.settled && retainer.settled && sender.settled, inFlight }
      },
      async due() {
        const next = await Promise.all([opened.nextWake([...workflows.keys()], context.release), opened.nextSchedule()])
        const times = next.filter((at) => at !== undefined)
        return times.length === 0 ? undefined : Math.min(...times)
      },
      wake: () => engine.wake(''),
      kill,
    }
  } catch (error) {
    try {
      if (!given) await store?.close()
    } finally {
      await ownership?.release()
    }
    throw error
  }
}

/** @throws INVALID_OPTION */
function crashLimitOf(limit: number | false): number | undefined {
  if (limit === false) return undefined
  if (Number.isSafeInteger(limit) && limit > 1) return limit
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `quarantineAfter cannot be ${limit}.`,
    hint: 'Two deaths or more tell a run that kills from one that was there; false turns it off.',
  })
}

/** @throws INVALID_OPTION */
function weightOf(weights: Readonly<Record<string, number>>): (tenant: string) => number {
  const byTenant = new Map(Object.entries(weights))
  for (const [tenant, weight] of byTenant) checkNumber(`The weight of tenant "${tenant}"`, weight)
  return (tenant) => byTenant.get(tenant) ?? 1
}

/** What it lacks was acknowledged to somebody, who relies on it: that must not pass unnoticed. */
function warnIfOlder({ info }: Store, log: Log): void {
  if (info.older === undefined) return
  log.warn('this store is older than what was acknowledged from it; when that is known: spanwise store accept', {
    code: 'STORE_IS_OLDER',
    store: info.path,
    ...info.older,
  })
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
