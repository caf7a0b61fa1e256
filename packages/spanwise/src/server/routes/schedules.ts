import { z } from 'zod'
import { type App, nextTimes, type Schedule, type ScheduleOptions, unknownSchedule } from '../../app/index.ts'
import type { ScheduleTiming } from '../../engine/index.ts'
import { noSuchWorkflow } from '../refusals.ts'
import { route } from '../route.ts'
import { cursor, done, dryRun, limit, none, pageOf, runState, schedule, text } from '../schemas.ts'

const one = z.strictObject({ schedule: text })
const instant = z.iso.datetime({ offset: true })
const duration = z.union([text, z.int().min(0)]).meta({ description: 'like 15m, or ms' })

const timing = {
  cron: text.optional(),
  zone: text.optional(),
  every: duration.optional(),
  at: instant.optional(),
  from: instant.optional(),
  until: instant.optional(),
  jitter: duration.optional(),
}
const policy = {
  overlap: z.enum(['skip', 'queue', 'cancel', 'allow']).optional(),
  catchUp: z.union([z.enum(['none', 'last', 'all']), z.strictObject({ all: z.int() })]).optional(),
}
const count = z.int().min(1).max(100).default(5)
const times = z.object({ items: z.array(z.string()).readonly() })

export const scheduleRoutes = {
  listSchedules: route({
    summary: 'Schedules, by id',
    group: 'schedules',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({ workflow: text.optional(), after: cursor, limit }),
    output: pageOf(schedule),
    handler: ({ app, scope: { tenant }, input }) =>
      app.schedules({ ...input, ...(tenant === undefined ? {} : { tenant }) } as Parameters<typeof app.schedules>[0]),
  }),
  getSchedule: route({
    summary: 'One schedule',
    group: 'schedules',
    role: 'viewer',
    tenant: 'one',
    params: one,
    input: none,
    output: schedule,
    handler: async ({ app, scope, params }) => (await found(app, params.schedule, scope.tenant)).status(),
  }),
  putSchedule: route({
    summary: 'Make a schedule, or bring it to this definition',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: z.strictObject({
      workflow: text,
      input: z.unknown().optional(),
      ...timing,
      ...policy,
      subject: text.optional(),
      team: text.optional(),
      tags: z.array(text).optional(),
      deadline: text.optional(),
      priority: z.int().optional(),
    }),
    output: schedule,
    example: { workflow: 'digest', cron: '0 7 * * *', zone: 'Europe/Berlin' },
    async handler({ app, scope, params, input: { workflow: name, input, ...how } }) {
      const workflow = app.workflows.find((one) => one.name === name)
      if (workflow === undefined) throw noSuchWorkflow(name, app.workflows)
      const options = { ...dated(how), id: params.schedule, tenant: scope.tenant } as unknown as ScheduleOptions
      return (await app.schedule(workflow as never, input as never, options)).status()
    },
  }),
  changeSchedule: route({
    summary: 'Change when a schedule is due, or its policies',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: z.strictObject({ ...timing, ...policy }),
    output: schedule,
    example: { cron: '0 8 * * *' },
    async handler({ app, scope, params, input }) {
      const handle = await found(app, params.schedule, scope.tenant)
      await handle.update(dated(input) as never)
      return handle.status()
    },
  }),
  deleteSchedule: route({
    summary: 'Delete a schedule; its runs stay and go on',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: none,
    output: done,
    async handler({ app, scope, params }) {
      await (await found(app, params.schedule, scope.tenant)).delete()
      return { ok: true } as const
    },
  }),
  pauseSchedule: route({
    summary: 'Pause a schedule: what is due until it is resumed is left out',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: z.strictObject({ reason: z.string().max(10_000).optional() }),
    output: schedule,
    async handler({ app, scope, params, input: { reason }, caller }) {
      const handle = await found(app, params.schedule, scope.tenant)
      await handle.pause(reason ?? `paused by ${caller.name}`)
      return handle.status()
    },
  }),
  continueSchedule: route({
    summary: 'Go on with what is due from now on',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: none,
    output: schedule,
    async handler({ app, scope, params }) {
      const handle = await found(app, params.schedule, scope.tenant)
      await handle.resume()
      return handle.status()
    },
  }),
  triggerSchedule: route({
    summary: 'Start a run of a schedule now',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    status: 201,
    params: one,
    input: none,
    output: runState,
    async handler({ app, scope, params, sendId }) {
      const handle = await found(app, params.schedule, scope.tenant)
      return (await handle.trigger(sendId === undefined ? {} : { id: sendId })).status()
    },
  }),
  backfillSchedule: route({
    summary: 'Run due times of the past, each once',
    group: 'schedules',
    role: 'operator',
    tenant: 'one',
    params: one,
    input: z.strictObject({ from: instant, to: instant, overlap: z.enum(['queue', 'allow']).optional(), dryRun }),
    output: z.object({ due: z.array(z.string()).readonly(), started: z.int(), existed: z.int() }),
    example: { from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z', dryRun: true },
    async handler({ app, scope, params, input: { from, to, ...how } }) {
      const handle = await found(app, params.schedule, scope.tenant)
      return handle.backfill({ ...how, from: new Date(from), to: new Date(to) } as Parameters<Schedule['backfill']>[0])
    },
  }),
  nextTimes: route({
    summary: 'The next due times of a schedule',
    group: 'schedules',
    role: 'viewer',
    tenant: 'one',
    params: one,
    input: z.strictObject({ count }),
    output: times,
    handler: async ({ app, scope, params, input }) => ({
      items: await (await found(app, params.schedule, scope.tenant)).next(input.count),
    }),
  }),
  previewTimes: route({
    summary: 'When a schedule that need not exist would be due',
    group: 'schedules',
    role: 'viewer',
    tenant: 'none',
    params: none,
    input: z.strictObject({ ...timing, count }),
    output: times,
    example: { cron: '0 9 * * MON-FRI', zone: 'Europe/Berlin', count: 3 },
    handler: async ({ input: { count: many, ...when } }) => ({
      items: nextTimes(dated(when) as unknown as ScheduleTiming, { count: many }),
    }),
  }),
} as const

async function found(app: App, id: string, tenant: string): Promise<Schedule> {
  const handle = await app.getSchedule(id, { tenant })
  if (handle === undefined) throw unknownSchedule(id)
  return handle
}

type Dates = {
  readonly at?: string | undefined
  readonly from?: string | undefined
  readonly until?: string | undefined
}

function dated<T extends Dates>({ at, from, until, ...rest }: T): object {
  return {
    ...rest,
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
  }
}
