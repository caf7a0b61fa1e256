import { nextTimes, type Schedule, type ScheduleState, unknownSchedule } from '../../app/index.ts'
import type { ScheduleTiming } from '../../engine/index.ts'
import { type Duration, formatDuration } from '../../workflow/index.ts'
import { done } from '../done.ts'
import { type Common, client } from '../open.ts'
import { listing } from '../output/blocks.ts'
import { type Column, table } from '../output/table.ts'
import { ago, until } from '../output/time.ts'
import { jsonable, pretty } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'

interface One extends Common {
  readonly tenant?: string
}

export async function listSchedules(
  terminal: Terminal,
  options: One & { readonly workflow?: string; readonly limit: number; readonly after?: string },
): Promise<number> {
  const { workflow, tenant, limit, after } = options
  return client(options, async (app) => {
    const page = await app.schedules({
      ...(workflow === undefined ? {} : { workflow }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(after === undefined ? {} : { after }),
      limit,
    })
    if (terminal.json) {
      terminal.data({ schedules: page.items.map(jsonable), after: page.after ?? null })
      return exitCode.ok
    }
    const columns: readonly Column<ScheduleState>[] = [
      { title: 'SCHEDULE', cell: (one) => one.id, flexible: true },
      { title: 'WORKFLOW', cell: (one) => one.workflow, flexible: true },
      { title: 'WHEN', cell: when },
      {
        title: 'NEXT',
        cell: next,
        paint: (cell, one) => (one.paused === undefined ? cell : terminal.paint('yellow', cell)),
      },
      { title: 'LAST', cell: (one) => (one.lastDue === undefined ? '' : ago(one.lastDue)), spare: true },
    ]
    listing(terminal, page, columns, 'no schedules: app.schedule(…) makes one, or `schedules` in the config')
    return exitCode.ok
  })
}

function when(one: ScheduleState): string {
  if (one.cron !== undefined) return one.zone === 'UTC' ? one.cron : `${one.cron} ${one.zone}`
  return one.every === undefined ? `once ${iso(one.at)}` : `every ${formatDuration(one.every)}`
}

function next(one: ScheduleState): string {
  if (one.paused !== undefined) return 'paused'
  return one.wakeAt === undefined ? 'over' : until(one.wakeAt)
}

export async function showSchedule(
  terminal: Terminal,
  id: string,
  options: One & { readonly count: number },
): Promise<number> {
  return withSchedule(options, id, async (schedule) => {
    const state = await schedule.status()
    const times = await schedule.next(options.count)
    if (terminal.json) {
      terminal.data({ ...(jsonable(state) as object), next: times.map(iso) })
      return exitCode.ok
    }
    const fact = (name: string, value: string | undefined): void => {
      if (value !== undefined) terminal.out(`${terminal.paint('dim', name.padEnd(9))} ${value}`)
    }
    fact('schedule', state.id)
    fact('tenant', state.tenant === 'default' ? undefined : state.tenant)
    fact('workflow', state.workflow)
    fact('when', when(state))
    fact('from', state.from && iso(state.from))
    fact('until', state.until && iso(state.until))
    fact('jitter', state.jitter === 0 ? undefined : `up to ${formatDuration(state.jitter)}`)
    fact('overlap', state.overlap)
    fact('catch up', typeof state.catchUp === 'string' ? state.catchUp : `all up to ${state.catchUp.all}`)
    if (state.paused !== undefined) {
      const why = state.paused.reason === '' ? '' : `: ${state.paused.reason}`
      fact('paused', terminal.paint('yellow', `${ago(state.paused.at)}${why}`))
    }
    fact('last', state.lastDue && `${iso(state.lastDue)}, ${ago(state.lastDue)}`)
    fact('last run', state.lastRun)
    fact('so far', `${state.started} started, ${state.skipped} left out`)
    if (state.input !== undefined) fact('input', pretty(state.input, terminal.colors))
    showTimes(terminal, times, state.zone)
    terminal.note(`its runs: spanwise runs --tag schedule:${state.id}`)
    return exitCode.ok
  })
}

export async function previewSchedule(
  terminal: Terminal,
  options: Common & {
    readonly cron?: string
    readonly zone?: string
    readonly every?: string
    readonly from?: string
    readonly count: number
  },
): Promise<number> {
  const { cron, zone, every, from, count } = options
  const timing = {
    ...(cron === undefined ? {} : { cron }),
    ...(zone === undefined ? {} : { zone }),
    ...(every === undefined ? {} : { every: every as Duration }),
  } as unknown as ScheduleTiming
  const times = nextTimes(timing, { count, ...(from === undefined ? {} : { from: date(from, '--from') }) })
  if (terminal.json) terminal.data({ next: times.map(iso) })
  else showTimes(terminal, times, zone)
  return exitCode.ok
}

function showTimes(terminal: Terminal, times: readonly Date[], zone = 'UTC'): void {
  if (times.length === 0) {
    terminal.note('nothing is due any more')
    return
  }
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  const lines = table(terminal, times, [
    { title: 'DUE', cell: iso },
    { title: zone, cell: (time) => local.format(time) },
    { title: '', cell: (time) => until(time) },
  ])
  terminal.out('')
  for (const line of lines) terminal.out(line)
}

export async function pauseSchedule(
  terminal: Terminal,
  id: string,
  options: One & { readonly reason?: string },
): Promise<number> {
  return withSchedule(options, id, async (schedule, store) => {
    await schedule.pause(options.reason ?? `paused by ${whoami()}`)
    done(terminal, store, `${id} is paused; what is due meanwhile is left out`, { schedule: id, paused: true })
    return exitCode.ok
  })
}

export async function resumeSchedule(terminal: Terminal, id: string, options: One): Promise<number> {
  return withSchedule(options, id, async (schedule, store) => {
    await schedule.resume()
    const { nextDue } = await schedule.status()
    const at = nextDue === undefined ? 'nothing is due any more' : `next ${iso(nextDue)}, ${until(nextDue)}`
    done(terminal, store, `${id} goes on: ${at}`, { schedule: id, paused: false, nextDue: nextDue ?? null })
    return exitCode.ok
  })
}

export async function triggerSchedule(
  terminal: Terminal,
  id: string,
  options: One & { readonly id?: string },
): Promise<number> {
  return withSchedule(options, id, async (schedule, store) => {
    const run = await schedule.trigger(options.id === undefined ? undefined : { id: options.id })
    done(terminal, store, `${id} started ${run.id}`, { schedule: id, run: run.id })
    if (!terminal.json) terminal.note(`follow it: spanwise runs follow ${run.id}`)
    return exitCode.ok
  })
}

export async function backfillSchedule(
  terminal: Terminal,
  id: string,
  options: One & {
    readonly from: string
    readonly to?: string
    readonly atOnce?: boolean
    readonly dryRun?: boolean
  },
): Promise<number> {
  const dryRun = options.dryRun === true
  return withSchedule(options, id, async (schedule, store) => {
    const result = await schedule.backfill({
      from: date(options.from, '--from'),
      to: options.to === undefined ? new Date() : date(options.to, '--to'),
      overlap: options.atOnce === true ? 'allow' : 'queue',
      dryRun,
    })
    const { due, started, existed } = result
    const data = { schedule: id, due: due.map(iso), started, existed, dryRun }
    if (dryRun && !terminal.json) {
      for (const time of due.slice(0, 50)) terminal.out(iso(time))
      if (due.length > 50) terminal.out(`… and ${due.length - 50} more, until ${iso(due.at(-1))}`)
      terminal.note(`${due.length} due times; those that were run are not run again`)
      return exitCode.ok
    }
    done(terminal, store, `${started} started, ${existed} had been run before`, data)
    return exitCode.ok
  })
}

export async function deleteSchedule(terminal: Terminal, id: string, options: One): Promise<number> {
  return withSchedule(options, id, async (schedule, store) => {
    await schedule.delete()
    done(terminal, store, `${id} is deleted; its runs stay`, { schedule: id, deleted: true })
    return exitCode.ok
  })
}

function withSchedule(
  options: One,
  id: string,
  work: (schedule: Schedule, store: string) => Promise<number>,
): Promise<number> {
  return client(options, async (app, store) => {
    const where = options.tenant === undefined ? {} : { tenant: options.tenant }
    const schedule = await app.getSchedule(id, where)
    if (schedule === undefined) throw unknownSchedule(id)
    return work(schedule, store)
  })
}

function iso(date: Date | undefined): string {
  return date?.toISOString().replace('.000Z', 'Z') ?? ''
}

function date(text: string, what: string): Date {
  const found = new Date(text)
  if (Number.isNaN(found.getTime()))
    throw usage(`${what} ${text} is not a date.`, 'Write 2026-03-01 or 2026-03-01T09:00:00Z.')
  return found
}
