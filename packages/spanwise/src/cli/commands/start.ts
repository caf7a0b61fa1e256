import { connect, openWorker } from '../../app/index.ts'
import { interruption } from '../interrupt.ts'
import { terminalLog } from '../log.ts'
import { type Common, project } from '../open.ts'
import { nearStore } from '../output/path.ts'
import { plural } from '../output/text.ts'
import { type Report, reporter } from '../report.ts'
import { type ServingOptions, serveApp } from '../serving.ts'
import { takeOver } from '../take-over.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

export interface StartWorkerOptions extends Common, ServingOptions {
  /** false: only serves what another process works on */
  readonly work?: boolean
  readonly takeOver?: boolean
  /** runs are shown as they go, and their errors with the source */
  readonly closely?: boolean
  /** the process that this one ends with */
  readonly parent?: number
}

/** Works on the store until it is told to stop, then lets steps end and gives its runs back. */
export async function startWorker(terminal: Terminal, options: StartWorkerOptions): Promise<number> {
  if (options.work === false) return serveOnly(terminal, options)
  const given = await project(options)
  const stop = interruption()
  const log = terminalLog(terminal, (message) => message === 'a run needs attention')
  const config = { ...given, log: given.log ?? log }
  const worker =
    options.takeOver === true
      ? await takeOver(config, stop.signal, (pid) => {
          if (options.closely !== true) terminal.note(`process ${pid} is told to end; taking over from it`)
        })
      : await openWorker(config)
  if (worker === undefined) return exitCode.interrupted
  const { closely = false } = options
  const report: Report = reporter(terminal, async (run) => (await worker.app.get(run))?.status(), closely)
  worker.watchAll((run, change) => report.changed(run, change))
  const names = config.workflows.map((workflow) => workflow.name).join(', ')
  if (!terminal.json) {
    terminal.out(`working on ${nearStore(config.store)} (pid ${process.pid}); Ctrl-C stops`)
    terminal.out(terminal.paint('dim', `workflows: ${names === '' ? 'none' : names}`))
    const { queued, running, waiting, 'needs attention': attention } = await worker.app.counts()
    const need = attention === 1 ? 'needs' : 'need'
    terminal.out(
      terminal.paint(
        'dim',
        `${plural(queued + running, 'run')} to do, ${waiting} waiting, ${attention} ${need} attention`,
      ),
    )
  } else terminal.data({ event: 'working', store: config.store, pid: process.pid, at: new Date().toISOString() })
  const listening = await serveApp(terminal, worker.app, config, options, config.log).catch(async (error: unknown) => {
    // nobody is to find a worker that was not meant to run without
    await worker.app.close()
    throw error
  })

  // an idle worker has nothing else that keeps it here
  const alive = setInterval(() => {}, 60_000)
  await Promise.race([stop.happened, endOf(options.parent)])
  if (!terminal.json && !closely) terminal.note('stopping: steps under way may end; Ctrl-C again does not wait')
  // what was asked is answered by an app that still works
  await listening?.close()
  await worker.app.close()
  clearInterval(alive)
  await report.close()
  if (terminal.json) terminal.data({ event: 'stopped', at: new Date().toISOString() })
  else if (!closely) terminal.note('stopped')
  stop.done()
  return exitCode.ok
}

/** Serves and does not work: asks the worker of the store, or the file while there is none. */
async function serveOnly(terminal: Terminal, options: StartWorkerOptions): Promise<number> {
  if (options.serve === false) {
    throw usage('It is told neither to work nor to serve.', 'Leave out --no-work or --no-serve.')
  }
  const config = await project(options)
  const stop = interruption()
  const log = config.log ?? terminalLog(terminal)
  const app = await connect(config)
  try {
    const listening = await serveApp(terminal, app, config, options, log)
    const alive = setInterval(() => {}, 60_000)
    await stop.happened
    await listening?.close()
    clearInterval(alive)
  } finally {
    await app.close()
  }
  if (terminal.json) terminal.data({ event: 'stopped', at: new Date().toISOString() })
  else terminal.note('stopped')
  stop.done()
  return exitCode.ok
}

/** Whoever started this process may be killed: then nobody would look after it. */
async function endOf(parent: number | undefined): Promise<void> {
  if (parent === undefined) return new Promise(() => {})
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    if (process.ppid !== parent) resolve()
  }, 500)
  timer.unref()
  await promise
  clearInterval(timer)
}
