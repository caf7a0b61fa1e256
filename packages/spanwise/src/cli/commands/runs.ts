import type { App, RunEvent, RunState } from '../../app/index.ts'
import type { RunStatus } from '../../journal/index.ts'
import { errorFrom } from '../ending.ts'
import { findRun } from '../find.ts'
import { follow } from '../follow.ts'
import { moment } from '../input.ts'
import { interruption } from '../interrupt.ts'
import { type Common, client, ownerOf } from '../open.ts'
import { facts, heading, listing, section } from '../output/blocks.ts'
import { describe, operation } from '../output/describe.ts'
import { errorLines } from '../output/error.ts'
import { withProgress } from '../output/progress.ts'
import { shortId, statusColor } from '../output/status.ts'
import { ago, took, until } from '../output/time.ts'
import { jsonable, pretty } from '../output/value.ts'
import { indented, type Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { eventLine, view } from '../view.ts'
import { showEntries, showMoment } from './moment.ts'
import { report } from './run.ts'

export interface ListOptions extends Common {
  readonly workflow?: string
  readonly status?: readonly string[]
  readonly tag?: readonly string[]
  readonly text?: string
  readonly fingerprint?: string
  readonly since?: string
  readonly limit: number
  readonly after?: string
}

const statuses: readonly RunStatus[] = [
  'queued',
  'running',
  'waiting',
  'needs attention',
  'completed',
  'failed',
  'cancelled',
]

/** `attention` and `needs-attention` mean what they say: nobody wants to quote a status. */
function statusNamed(text: string): RunStatus {
  const plain = text.replaceAll('-', ' ').toLowerCase()
  const found = statuses.find((status) => status === plain || (plain === 'attention' && status === 'needs attention'))
  if (found !== undefined) return found
  throw usage(
    `There is no status "${text}".`,
    `There are: ${statuses.map((one) => one.replaceAll(' ', '-')).join(', ')}.`,
  )
}

export async function listRuns(terminal: Terminal, options: ListOptions): Promise<number> {
  const { workflow, tag, text, fingerprint, limit, after } = options
  const status = options.status?.flatMap((one) => one.split(',')).map(statusNamed)
  const since = options.since === undefined ? undefined : moment(options.since, '--since')
  const filters = {
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(text === undefined ? {} : { text }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(since === undefined ? {} : { since }),
    ...(after === undefined ? {} : { after }),
  }
  return client(options, async (app) => {
    const page = await withProgress(terminal, 'looking through runs', () => app.list({ ...filters, limit }))
    if (terminal.json) {
      terminal.data({ runs: page.items.map(stateJson), after: page.after ?? null })
      return exitCode.ok
    }
    listing(
      terminal,
      page,
      [
        { title: 'RUN', cell: (run) => shortId(run.id) },
        { title: 'WORKFLOW', cell: (run) => run.workflow },
        {
          title: 'STATUS',
          cell: (run) => run.status,
          paint: (cell, run) => terminal.paint(statusColor[run.status], cell),
        },
        { title: 'CHANGED', cell: (run) => ago(run.updatedAt) },
        { title: 'NOTE', cell: note, flexible: true },
      ],
      Object.keys(filters).length === 0 ? 'no runs yet: spanwise run <workflow> starts one' : 'no runs that fit',
    )
    return exitCode.ok
  })
}

function note(run: RunState): string {
  if (run.error !== undefined) return Error.isError(run.error) ? (run.error as Error).message : String(run.error)
  if (isMoved(run)) return 'told what to do; waits for a worker'
  if (run.code !== undefined) return run.code
  return run.wakeAt === undefined || run.status === 'running' ? '' : `due ${until(run.wakeAt)}`
}

/** An operator has resumed, cancelled or given it up, and no worker has taken that in yet. */
function isMoved(run: RunState): boolean {
  return run.status === 'needs attention' && run.wakeAt !== undefined
}

export async function showRun(
  terminal: Terminal,
  text: string,
  options: Common & { readonly all?: boolean; readonly at?: number; readonly entries?: boolean },
): Promise<number> {
  return client(options, async (app, store) => {
    const run = await findRun(app, text)
    if (options.at !== undefined) return showMoment(terminal, run, options.at)
    if (options.entries === true && !terminal.json) return showEntries(terminal, run)
    const state = await run.status()
    const events: RunEvent[] = []
    for await (const event of run.events()) events.push(event)
    const result = state.status === 'completed' ? await run.result() : undefined
    const forks = await run.forks()
    if (terminal.json) {
      terminal.data({
        ...stateJson(state),
        ...startedJson(events[0]),
        ...(state.status === 'completed' ? { result: jsonable(result) } : {}),
        ...(forks.length > 0 ? { forks: forks.map(({ id, from }) => ({ run: id, from })) } : {}),
        events: events.map(eventJson),
      })
      return exitCode.ok
    }
    showState(terminal, state, events[0])
    for (const line of forkLines(forks)) terminal.out(`  ${terminal.paint('dim', 'forked as'.padEnd(12))}${line}`)
    const all = options.all === true
    section(terminal, 'input', valueLines(terminal, started(events[0]).input, all))
    if (state.status === 'completed') section(terminal, 'result', valueLines(terminal, result, all))
    else if (state.error !== undefined) section(terminal, 'error', errorLines(indented(terminal, 2), errorFrom(state)))
    section(terminal, 'timeline', timeline(terminal, events, all))
    if ((isOpen(state) || isMoved(state)) && ownerOf(store) === undefined) {
      terminal.note('\nno worker runs now; one is started by: spanwise start')
    }
    return exitCode.ok
  })
}

function forkLines(forks: readonly { readonly id: string; readonly from: number }[]): readonly string[] {
  const shown = forks.slice(-5).map(({ id, from }) => `${id} from entry ${from}`)
  return forks.length > 5 ? [`${forks.length - 5} earlier ones`, ...shown] : shown
}

function isOpen(state: RunState): boolean {
  return state.status === 'queued' || state.status === 'running' || state.status === 'waiting'
}

function showState(terminal: Terminal, state: RunState, first: RunEvent | undefined): void {
  const { id, tags, subject } = started(first)
  const status = terminal.paint(['bold', statusColor[state.status]], state.status)
  heading(terminal, state.workflow, state.id, status)
  facts(terminal, [
    ['id', typeof id === 'string' ? id : undefined],
    ['tags', Array.isArray(tags) ? tags.join(', ') : undefined],
    ['subject', typeof subject === 'string' ? subject : undefined],
    ['started', `${state.createdAt.toISOString()} (${ago(state.createdAt)})`],
    [
      'changed',
      `${state.updatedAt.toISOString()} (after ${took(state.updatedAt.getTime() - state.createdAt.getTime())})`,
    ],
    ['next', isMoved(state) ? 'an operator has told it what to do; it waits for a worker' : undefined],
    ['due', isOpen(state) && state.wakeAt !== undefined ? until(state.wakeAt) : undefined],
    ['parent', state.parent],
    [
      'fork of',
      first?.meta['forkOf'] === undefined ? undefined : `${first.meta['forkOf']} from entry ${first.meta['forkAt']}`,
    ],
    ['fingerprint', state.fingerprint],
    ['release', state.release === 'dev' ? undefined : state.release],
  ])
}

function valueLines(terminal: Terminal, value: unknown, all: boolean): string[] {
  const lines = pretty(value, terminal.colors).split('\n')
  const most = 30
  return all || lines.length <= most ? lines : [...lines.slice(0, most), `… ${lines.length - most} more lines (--all)`]
}

function timeline(terminal: Terminal, events: readonly RunEvent[], all: boolean): string[] {
  const first = events[0]?.at ?? new Date()
  const lines = events.flatMap((event) => {
    const what = describe(event)
    return what === undefined ? [] : [eventLine(terminal, event, what, first, 'out')]
  })
  if (all || lines.length <= 60) return lines
  return [...lines.slice(0, 20), `… ${lines.length - 50} more (--all)`, ...lines.slice(-30)]
}

export async function followRun(
  terminal: Terminal,
  text: string,
  options: Common & { readonly from: number; readonly all?: boolean },
): Promise<number> {
  return client(options, async (app: App, store) => {
    const run = await findRun(app, text)
    const stop = interruption()
    const shown = view(terminal, () => run, { all: options.all === true })
    if (ownerOf(store) === undefined && isOpen(await run.status())) {
      terminal.note('no worker runs now: nothing happens until one is started: spanwise start')
    }
    try {
      const outcome = await follow(
        run,
        options.from,
        (event) => (terminal.json ? terminal.data(eventJson(event)) : shown.event(event)),
        stop.happened,
      )
      shown.close()
      if (outcome === undefined) return exitCode.interrupted
      return report(terminal, run, outcome)
    } finally {
      shown.close()
      stop.done()
    }
  })
}

// ---- for programs

function stateJson(state: RunState): Record<string, unknown> {
  const { id, ...rest } = state
  return { run: id, ...(jsonable(rest) as Record<string, unknown>) }
}

function eventJson(event: RunEvent): unknown {
  const { payload, ...rest } = event
  const hasPayload = payload !== undefined && event.kind !== 'run.started'
  return jsonable({ ...rest, operation: operation(event.key), ...(hasPayload ? { payload } : {}) })
}

function started(first: RunEvent | undefined): Readonly<Record<string, unknown>> {
  return (first?.payload ?? {}) as Readonly<Record<string, unknown>>
}

function startedJson(first: RunEvent | undefined): Record<string, unknown> {
  const { input, id, tags, subject } = started(first)
  return jsonable({ input: input ?? null, id, tags, subject }) as Record<string, unknown>
}
