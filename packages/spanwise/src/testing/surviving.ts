import { randomUUID } from 'node:crypto'
import {
  type App,
  type ExternalSteps,
  type Run,
  type RunEvent,
  type Schedule,
  type StreamEvent,
  type StreamOptions,
  type Streams,
  unknownSchedule,
  type Webhooks,
} from '../app/index.ts'
import type { Machine } from './machine.ts'

/** The app as its clients see it: calls that a crash interrupts are made again, as patient clients do. */
export function survivingApp(machine: Machine): Omit<App, 'close' | 'workflows' | typeof Symbol.asyncDispose> {
  const start = async (...args: unknown[]): Promise<Run<unknown>> =>
    survivingRun(machine, (await machine.ask((app) => app.start(...(args as Parameters<App['start']>)))).id)
  const app = {
    external: {
      claim: (...args: Parameters<ExternalSteps['claim']>) => machine.ask((one) => one.external.claim(...args), true),
      tenantOf: (claim: string) => machine.ask((one) => one.external.tenantOf(claim), true),
      heartbeat: (...args: Parameters<ExternalSteps['heartbeat']>) =>
        machine.ask((one) => one.external.heartbeat(...args), true),
      complete: (...args: Parameters<ExternalSteps['complete']>) =>
        machine.ask((one) => one.external.complete(...args), true),
      fail: (...args: Parameters<ExternalSteps['fail']>) => machine.ask((one) => one.external.fail(...args), true),
    },
    start,
    run: async (...args: unknown[]) => (await start(...args)).result(),
    async get(...args: unknown[]) {
      const found = await machine.ask((one) => one.get(...(args as [string])))
      return found === undefined ? undefined : survivingRun(machine, found.id)
    },
    list: (...args: Parameters<App['list']>) => machine.ask((one) => one.list(...args)),
    diff: (...args: Parameters<App['diff']>) => machine.ask((one) => one.diff(...args)),
    failures: (...args: Parameters<App['failures']>) => machine.ask((one) => one.failures(...args)),
    limits: () => machine.ask((one) => one.limits()),
    costs: (...args: Parameters<App['costs']>) => machine.ask((one) => one.costs(...args)),
    budgets: () => machine.ask((one) => one.budgets()),
    modelUse: (...args: Parameters<App['modelUse']>) => machine.ask((one) => one.modelUse(...args)),
    planErase: (...args: Parameters<App['planErase']>) => machine.ask((one) => one.planErase(...args)),
    overview: (...args: Parameters<App['overview']>) => machine.ask((one) => one.overview(...args)),
    models: () => machine.ask((one) => one.models()),
    decisions: (...args: Parameters<App['decisions']>) => machine.ask((one) => one.decisions(...args)),
    decision: (id: string) => machine.ask((one) => one.decision(id)),
    lineage: (of: never) => machine.ask((one) => one.lineage(of)),
    explain: (run: string) => machine.ask((one) => one.explain(run)),
    health: () => machine.ask((one) => one.health()),
    unconfirmed: (...args: Parameters<App['unconfirmed']>) => machine.ask((one) => one.unconfirmed(...args)),
    confirmCall: (...args: Parameters<App['confirmCall']>) => machine.ask((one) => one.confirmCall(...args)),
    counts: (...args: Parameters<App['counts']>) => machine.ask((one) => one.counts(...args)),
    approvals: (...args: Parameters<App['approvals']>) => machine.ask((one) => one.approvals(...args)),
    createApiKey: (...args: Parameters<App['createApiKey']>) => machine.ask((one) => one.createApiKey(...args)),
    apiKeys: () => machine.ask((one) => one.apiKeys()),
    findApiKey: (secret: string) => machine.ask((one) => one.findApiKey(secret)),
    revokeApiKey: (id: string) => machine.ask((one) => one.revokeApiKey(id)),
    approval: (id: string) => machine.ask((one) => one.approval(id)),
    decide: (...args: Parameters<App['decide']>) => machine.ask((one) => one.decide(...args)),
    resume: (...args: Parameters<App['resume']>) => machine.ask((one) => one.resume(...args)),
    cancel: (...args: Parameters<App['cancel']>) => machine.ask((one) => one.cancel(...args)),
    giveUp: (...args: Parameters<App['giveUp']>) => machine.ask((one) => one.giveUp(...args)),
    async schedule(...args: Parameters<App['schedule']>) {
      const { id, tenant } = await machine.ask((one) => one.schedule(...args))
      return survivingSchedule(machine, id, tenant)
    },
    async getSchedule(...args: Parameters<App['getSchedule']>) {
      const found = await machine.ask((one) => one.getSchedule(...args))
      return found === undefined ? undefined : survivingSchedule(machine, found.id, found.tenant)
    },
    retain: (...args: Parameters<App['retain']>) => machine.ask((one) => one.retain(...args)),
    retention: () => machine.ask((one) => one.retention()),
    archives: () => machine.ask((one) => one.archives()),
    cache: {
      list: (...args: Parameters<App['cache']['list']>) => machine.ask((one) => one.cache.list(...args)),
      invalidate: (...args: Parameters<App['cache']['invalidate']>) =>
        machine.ask((one) => one.cache.invalidate(...args)),
    },
    streams: survivingStreams(machine),
    webhooks: {
      list: () => machine.ask((one) => one.webhooks.list()),
      deliveries: (...args: Parameters<Webhooks['deliveries']>) =>
        machine.ask((one) => one.webhooks.deliveries(...args)),
      delivery: (id: string) => machine.ask((one) => one.webhooks.delivery(id)),
      resend: (...args: Parameters<Webhooks['resend']>) => machine.ask((one) => one.webhooks.resend(...args)),
      test: (name: string) => machine.ask((one) => one.webhooks.test(name)),
      disable: (...args: Parameters<Webhooks['disable']>) => machine.ask((one) => one.webhooks.disable(...args)),
      enable: (name: string) => machine.ask((one) => one.webhooks.enable(name)),
      receive: (...args: Parameters<Webhooks['receive']>) => machine.ask((one) => one.webhooks.receive(...args)),
    },
    erase: (...args: Parameters<App['erase']>) => machine.ask((one) => one.erase(...args)),
    hold: (...args: Parameters<App['hold']>) => machine.ask((one) => one.hold(...args)),
    release: (...args: Parameters<App['release']>) => machine.ask((one) => one.release(...args)),
    acts: (...args: Parameters<App['acts']>) => machine.ask((one) => one.acts(...args)),
    restoreArchived: (run: string) => machine.ask((one) => one.restoreArchived(run)),
    seal: (run: string) => machine.ask((one) => one.seal(run)),
    evidence: (run: string) => machine.ask((one) => one.evidence(run)),
    subjectRecord: (...args: Parameters<App['subjectRecord']>) => machine.ask((one) => one.subjectRecord(...args)),
    as: (reader: Parameters<App['as']>[0]) =>
      Object.defineProperty(survivingApp(through(machine, reader)), 'workflows', { get: () => machine.workflows }),
    backup: (...args: Parameters<App['backup']>) => machine.ask((one) => one.backup(...args)),
    schedules: (...args: Parameters<App['schedules']>) => machine.ask((one) => one.schedules(...args)),
  }
  return app as never
}

/** Every app that is up, as somebody reads it. */
function through(machine: Machine, reader: Parameters<App['as']>[0]): Machine {
  const known = new WeakMap<App, App>()
  const readers = (app: App): App => {
    const as = known.get(app) ?? app.as(reader)
    known.set(app, as)
    return as
  }
  const ask: Machine['ask'] = (call, waits) => machine.ask((app) => call(readers(app)), waits)
  return Object.create(machine, { ask: { value: ask } }) as Machine
}

function survivingStreams(machine: Machine): Streams {
  const ask = <T>(call: (streams: Streams) => Promise<T>): Promise<T> => machine.ask((app) => call(app.streams))
  return {
    port: {
      now: () => machine.clock.now(),
      backend: {
        createStream: (stream) => ask(({ port }) => port.backend.createStream(stream)),
        appendStream: (append) => ask(({ port }) => port.backend.appendStream(append)),
        readStream: (...args) => ask(({ port }) => port.backend.readStream(...args)),
        stream: (ref) => ask(({ port }) => port.backend.stream(ref)),
        streams: (query) => ask(({ port }) => port.backend.streams(query)),
        deleteStream: (ref) => ask(({ port }) => port.backend.deleteStream(ref)),
      },
    },
    create: (...args) => ask((streams) => streams.create(...args)),
    // made here, so that asking twice appends once
    append: (name, value, options = {}) => {
      const producer = options.producer ?? { id: randomUUID(), epoch: 0, seq: 0 }
      return ask((streams) => streams.append(name, value, { ...options, producer }))
    },
    read: (...args) => ask((streams) => streams.read(...args)),
    async *tail(name, options = {}) {
      for (let { offset } = options; ; ) {
        const from = offset
        const { value } = await ask((streams) =>
          streams.tail(name, { ...options, ...(from === undefined ? {} : { offset: from }) }).next(),
        )
        if (value === undefined) return
        yield value
        if (value.isEnd) return
        offset = value.offset
      }
    },
    close: (...args) => ask((streams) => streams.close(...args)),
    delete: (...args) => ask((streams) => streams.delete(...args)),
    get: (...args) => ask((streams) => streams.get(...args)),
    list: (...args) => ask((streams) => streams.list(...args)),
  }
}

function survivingRun(machine: Machine, id: string): Run<unknown> {
  const handle = async (app: App): Promise<Run<unknown>> => (await app.get(id)) as Run<unknown>
  const ask = <T>(call: (run: Run<unknown>) => Promise<T>): Promise<T> =>
    machine.ask(async (app) => call(await handle(app)))
  return {
    id,
    status: () => ask((run) => run.status()),
    result: (options) => machine.clock.during(machine.ask(async (app) => (await handle(app)).result(options), true)),
    input: () => ask((run) => run.input()),
    progress: () => ask((run) => run.progress()),
    signal: (...args) => ask((run) => run.signal(...(args as unknown as [never]))),
    events: (options) => events(machine, id, options ?? {}),
    stream: (options) => parts(machine, id, options ?? {}),
    watch: (changed) => watch(machine, id, changed),
    cancel: (...args) => ask((run) => run.cancel(...args)),
    giveUp: (...args) => ask((run) => run.giveUp(...args)),
    resume: (options) => ask((run) => run.resume(options)),
    fork: async (options) => survivingRun(machine, (await ask((run) => run.fork(options))).id),
    forks: () => ask((run) => run.forks()),
    at: (index) => ask((run) => run.at(index)),
    state: (options) => ask((run) => run.state(options)),
    states: (options) => ask((run) => run.states(options)),
    planFork: (options) => ask((run) => run.planFork(options)),
  }
}

function survivingSchedule(machine: Machine, id: string, tenant: string): Schedule {
  const ask = <T>(call: (schedule: Schedule) => Promise<T>): Promise<T> =>
    machine.ask(async (app) => call((await app.getSchedule(id, { tenant })) ?? gone(id)))
  return {
    id,
    tenant,
    status: () => ask((one) => one.status()),
    next: (count) => ask((one) => one.next(count)),
    pause: (reason) => ask((one) => one.pause(reason)),
    resume: () => ask((one) => one.resume()),
    update: (changes) => ask((one) => one.update(changes)),
    // made here, so that asking twice starts it once
    async trigger(options = { id: randomUUID() }) {
      return survivingRun(machine, (await ask((one) => one.trigger(options))).id)
    },
    backfill: (options) => ask((one) => one.backfill(options)),
    delete: () => ask((one) => one.delete()),
  }
}

function gone(id: string): never {
  throw unknownSchedule(id)
}

/** On whichever process lives: a change that a crash swallows is told by the next one. */
function watch(machine: Machine, id: string, changed: () => void): () => void {
  let ended = false
  let unwatch = (): void => {}
  const begin = async (): Promise<void> => {
    const run = await machine.ask((app) => app.get(id), true)
    if (!ended && run !== undefined) unwatch = run.watch(changed)
  }
  void begin()
  return () => {
    ended = true
    unwatch()
  }
}

async function* events(
  machine: Machine,
  id: string,
  options: { readonly from?: number; readonly follow?: boolean; readonly limit?: number },
): AsyncGenerator<RunEvent> {
  let { from = 0, limit } = options
  const rest = (): typeof options => ({ ...options, from, ...(limit === undefined ? {} : { limit }) })
  for await (const event of reading(machine, id, (run) => run.events(rest()))) {
    from = event.index + 1
    if (limit !== undefined) limit--
    yield event
  }
}

async function* parts(machine: Machine, id: string, options: StreamOptions): AsyncGenerator<StreamEvent> {
  let { after } = options
  for await (const event of reading(machine, id, (run) => run.stream({ ...options, after }))) {
    after = event.cursor
    yield event
  }
}

/** Goes on from the next app when one dies. */
async function* reading<T>(
  machine: Machine,
  id: string,
  read: (run: Run<unknown>) => AsyncIterable<T>,
): AsyncGenerator<T> {
  let source: AsyncIterator<T> | undefined
  let of: App | undefined
  for (;;) {
    const next = await machine.ask(async (app) => {
      if (app !== of) {
        source = read((await app.get(id)) as Run<unknown>)[Symbol.asyncIterator]()
        of = app
      }
      return (source as AsyncIterator<T>).next()
    }, true)
    if (next.done === true) return
    yield next.value
  }
}
