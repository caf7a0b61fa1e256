import { openWorker } from '../../app/index.ts'
import { isTerminal, type RowChange, type RunStatus } from '../../journal/index.ts'
import { interruption } from '../interrupt.ts'
import { terminalLog } from '../log.ts'
import { type Common, project } from '../open.ts'
import { statusColor } from '../output/status.ts'
import { took } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** lines a second; beyond that runs are counted */
const mostLines = 20

/** Works on the store until it is told to stop, then lets steps end and gives its runs back. */
export async function startWorker(terminal: Terminal, options: Common): Promise<number> {
  const config = await project(options)
  const stop = interruption()
  const log = terminalLog(terminal, (message) => message === 'a run needs attention')
  const worker = await openWorker({ ...config, log: config.log ?? log })
  const names = config.workflows.map((workflow) => workflow.name).join(', ')
  if (!terminal.json) {
    terminal.out(`working on ${config.store} (pid ${process.pid}); Ctrl-C stops`)
    terminal.out(terminal.paint('dim', `workflows: ${names === '' ? 'none' : names}`))
    const { queued, running, waiting, 'needs attention': attention } = await worker.app.counts()
    terminal.out(
      terminal.paint('dim', `unfinished: ${queued + running} to do, ${waiting} waiting, ${attention} need attention`),
    )
  } else terminal.data({ event: 'working', store: config.store, pid: process.pid, at: new Date().toISOString() })

  const report = reporter(terminal, async (run) => (await worker.app.get(run))?.status())
  worker.watchAll((run, change) => report.changed(run, change))
  // an idle worker has nothing else that keeps it here
  const alive = setInterval(() => {}, 60_000)
  await stop.happened
  if (!terminal.json) terminal.note('stopping: steps under way may end; Ctrl-C again does not wait')
  await worker.app.close()
  clearInterval(alive)
  await report.close()
  if (terminal.json) terminal.data({ event: 'stopped', at: new Date().toISOString() })
  else terminal.note('stopped')
  stop.done()
  return exitCode.ok
}

interface Shown {
  readonly workflow: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A line for each run that ends or parks; when they are too many, their number each second. */
function reporter(terminal: Terminal, lookUp: (run: string) => Promise<Shown | undefined>) {
  const counts = new Map<RunStatus, number>()
  const pending = new Set<Promise<void>>()
  let lines = 0

  const flush = (): void => {
    lines = 0
    if (counts.size === 0) return
    const parts = [...counts].map(([status, count]) => `${count} ${status}`)
    counts.clear()
    terminal.out(`${clock()}  … and ${parts.join(', ')}`)
  }
  const timer = setInterval(flush, 1_000)
  const show = async (run: string, status: RunStatus): Promise<void> => {
    const row = await lookUp(run).catch(() => undefined)
    const at = new Date().toISOString()
    if (terminal.json) return terminal.data({ event: 'run', run, workflow: row?.workflow ?? null, status, at })
    const time = row === undefined ? '' : terminal.paint('dim', took(row.updatedAt.getTime() - row.createdAt.getTime()))
    terminal.out(`${clock()}  ${run}  ${row?.workflow ?? ''}  ${terminal.paint(statusColor[status], status)}  ${time}`)
  }
  return {
    changed(run: string, change: RowChange | undefined): void {
      const status = change?.status
      if (status === undefined || (!isTerminal(status) && status !== 'needs attention')) return
      if (!terminal.json && ++lines > mostLines) {
        counts.set(status, (counts.get(status) ?? 0) + 1)
        return
      }
      const showing = show(run, status).finally(() => pending.delete(showing))
      pending.add(showing)
    },
    async close(): Promise<void> {
      clearInterval(timer)
      await Promise.all(pending)
      flush()
    },
  }
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8)
}
