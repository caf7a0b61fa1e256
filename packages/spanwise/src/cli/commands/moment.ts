import type { Run, RunEvent, RunMoment } from '../../app/index.ts'
import { facts, heading, section } from '../output/blocks.ts'
import { operation } from '../output/describe.ts'
import { statusColor } from '../output/status.ts'
import { table } from '../output/table.ts'
import { took } from '../output/time.ts'
import { brief, jsonable } from '../output/value.ts'
import { cut, type Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** A run as it stood at an entry. */
export async function showMoment(terminal: Terminal, run: Run<unknown>, index: number): Promise<number> {
  const moment = await run.at(index)
  if (terminal.json) {
    terminal.data(jsonable(moment))
    return exitCode.ok
  }
  const { workflow } = await run.status()
  const status = terminal.paint(['bold', statusColor[moment.status]], moment.status)
  heading(terminal, workflow, run.id, `${status} at entry ${index}`)
  facts(terminal, [
    ['time', moment.at.toISOString()],
    ['input', cut(brief(moment.input), terminal.columns - 14)],
  ])
  list(
    terminal,
    'open',
    moment.open.map(({ key, since }) => `${operation(key)}, since entry ${since}`),
  )
  list(
    terminal,
    'so far',
    moment.done.map((fact) => `${String(fact.index).padStart(5)}  ${operation(fact.key)}  ${outcome(fact)}`),
  )
  terminal.note(`\ngo on from here: spanwise runs fork ${run.id} --from ${index + 1}`)
  return exitCode.ok
}

function list(terminal: Terminal, title: string, lines: readonly string[]): void {
  if (lines.length === 0) return
  const room = terminal.columns - 2
  section(
    terminal,
    title,
    lines.map((line) => (line.length > room ? `${line.slice(0, room - 1)}…` : line)),
  )
}

function outcome({ outcome: one }: RunMoment['done'][number]): string {
  if (one.state !== 'failed') return one.state === 'done' ? brief(one.value) : ''
  return `failed: ${Error.isError(one.error) ? (one.error as Error).message : brief(one.error)}`
}

/** Every entry with its index: what `--from` and `--at` mean. */
export async function showEntries(terminal: Terminal, run: Run<unknown>): Promise<number> {
  const events: RunEvent[] = []
  for await (const event of run.events()) events.push(event)
  const began = events[0]?.at.getTime() ?? 0
  const lines = table(terminal, events, [
    { title: 'ENTRY', cell: ({ index }) => String(index), align: 'right' },
    { title: 'AFTER', cell: ({ after }) => String(after), align: 'right' },
    { title: 'TIME', cell: ({ at }) => `+${took(at.getTime() - began)}` },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'OPERATION', cell: ({ key }) => key, flexible: true },
  ])
  for (const line of lines) terminal.out(line)
  return exitCode.ok
}
