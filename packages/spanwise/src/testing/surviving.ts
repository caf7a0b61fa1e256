import type { App, Run, RunEvent } from '../app/index.ts'
import type { Machine } from './machine.ts'

/** The app as its clients see it: calls that a crash interrupts are made again, as patient clients do. */
export function survivingApp(machine: Machine): Omit<App, 'close' | typeof Symbol.asyncDispose> {
  const start = async (...args: unknown[]): Promise<Run<unknown>> =>
    survivingRun(machine, (await machine.ask((app) => app.start(...(args as Parameters<App['start']>)))).id)
  const app = {
    start,
    run: async (...args: unknown[]) => (await start(...args)).result(),
    async get(...args: unknown[]) {
      const found = await machine.ask((one) => one.get(...(args as [string])))
      return found === undefined ? undefined : survivingRun(machine, found.id)
    },
    list: (...args: Parameters<App['list']>) => machine.ask((one) => one.list(...args)),
    diff: (...args: Parameters<App['diff']>) => machine.ask((one) => one.diff(...args)),
    failures: (...args: Parameters<App['failures']>) => machine.ask((one) => one.failures(...args)),
    counts: () => machine.ask((one) => one.counts()),
    approvals: (...args: Parameters<App['approvals']>) => machine.ask((one) => one.approvals(...args)),
    decide: (...args: Parameters<App['decide']>) => machine.ask((one) => one.decide(...args)),
    resume: (...args: Parameters<App['resume']>) => machine.ask((one) => one.resume(...args)),
    cancel: (...args: Parameters<App['cancel']>) => machine.ask((one) => one.cancel(...args)),
    giveUp: (...args: Parameters<App['giveUp']>) => machine.ask((one) => one.giveUp(...args)),
  }
  return app as never
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
    cancel: (reason) => ask((run) => run.cancel(reason)),
    giveUp: (reason) => ask((run) => run.giveUp(reason)),
    resume: (options) => ask((run) => run.resume(options)),
    fork: async (options) => survivingRun(machine, (await ask((run) => run.fork(options))).id),
    at: (index) => ask((run) => run.at(index)),
    planFork: (options) => ask((run) => run.planFork(options)),
  }
}

async function* events(
  machine: Machine,
  id: string,
  options: { readonly from?: number; readonly follow?: boolean },
): AsyncGenerator<RunEvent> {
  let from = options.from ?? 0
  let source: AsyncIterator<RunEvent> | undefined
  let of: App | undefined
  for (;;) {
    const next = await machine.ask(async (app) => {
      if (app !== of) {
        source = ((await app.get(id)) as Run<unknown>).events({ ...options, from })[Symbol.asyncIterator]()
        of = app
      }
      return (source as AsyncIterator<RunEvent>).next()
    }, true)
    if (next.done === true) return
    from = next.value.index + 1
    yield next.value
  }
}
