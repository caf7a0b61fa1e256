import type { RunState } from '../app/index.ts'
import { isTerminal, type RowChange, type RunStatus } from '../journal/index.ts'
import { errorFrom } from './ending.ts'
import { errorLines } from './output/error.ts'
import { shortId, statusColor } from './output/status.ts'
import { took, until } from './output/time.ts'
import { indented, type Terminal } from './terminal.ts'

/** What a worker tells of its runs. */
export interface Report {
  changed(run: string, change: RowChange | undefined): void
  close(): Promise<void>
}

/** lines a second; beyond that runs are counted */
const mostLines = 20

/**
 * A line for each run that ends or parks, and, looked at closely, for each that begins or waits, with the errors and the source that
 * they come from. When they are too many, their number each second.
 */
export function reporter(
  terminal: Terminal,
  lookUp: (run: string) => Promise<RunState | undefined>,
  closely: boolean,
): Report {
  const counts = new Map<RunStatus, number>()
  let showing = Promise.resolve()
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
    const dim = (text: string): string => terminal.paint('dim', text)
    const id = closely ? shortId(run) : run
    const state = terminal.paint(statusColor[status], status)
    terminal.out(`${dim(clock())}  ${id}  ${row?.workflow ?? ''}  ${state}  ${dim(fact(row, status))}`.trimEnd())
    if (!closely || row?.error === undefined || row.status !== status) return
    for (const line of errorLines(indented(terminal, 10), errorFrom(row))) terminal.out(`          ${line}`)
  }
  return {
    changed(run, change) {
      const status = change?.status
      if (status === undefined) return
      if (!closely && !isTerminal(status) && status !== 'needs attention') return
      if (!terminal.json && ++lines > mostLines) {
        counts.set(status, (counts.get(status) ?? 0) + 1)
        return
      }
      // one after the other: what happened first is shown first
      showing = showing.then(() => show(run, status))
    },
    async close() {
      clearInterval(timer)
      await showing
      flush()
    },
  }
}

function fact(row: RunState | undefined, status: RunStatus): string {
  if (row === undefined) return ''
  if (status === 'waiting') return row.wakeAt === undefined ? '' : `due ${until(row.wakeAt)}`
  return status === 'running' || status === 'queued' ? '' : took(row.updatedAt.getTime() - row.createdAt.getTime())
}

function clock(): string {
  return new Date().toTimeString().slice(0, 8)
}
