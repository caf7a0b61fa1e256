import { z } from 'zod'
import type { RunState, StartOptions } from '../../app/index.ts'
import { noSuchWorkflow, runUnknown } from '../refusals.ts'
import { route } from '../route.ts'
import { cursor, limit, none, pageOf, runDetail, runState, statusName, text } from '../schemas.ts'
import { detailOf } from '../views/run.ts'

const duration = text.meta({ description: 'like 10m or 2h' })

export const runRoutes = {
  startRun: route({
    summary: 'Start a run, or get the one with this id',
    group: 'runs',
    role: 'operator',
    tenant: 'one',
    status: 201,
    params: none,
    input: z.strictObject({
      workflow: text,
      input: z.unknown().optional(),
      id: text.optional().meta({ description: 'yours: the same id is the same run, started once' }),
      subject: text.optional(),
      team: text.optional(),
      tags: z.array(text).max(50).optional(),
      delay: duration.optional(),
      deadline: duration.optional(),
      priority: z.int().optional(),
    }),
    output: runState,
    example: { workflow: 'refund', input: { orderId: 'o-7' } },
    async handler({ app, scope, input: { workflow: name, input, ...options }, sendId }) {
      const workflow = app.workflows.find((one) => one.name === name)
      if (workflow === undefined) throw noSuchWorkflow(name, app.workflows)
      const run = await app.start(
        workflow as never,
        input as never,
        {
          ...options,
          tenant: scope.tenant,
          ...(sendId === undefined ? {} : { sendId }),
        } as StartOptions,
      )
      // a look at the store would wait for the run's own first commits
      return run.atStart ?? run.status()
    },
  }),
  listRuns: route({
    summary: 'Runs, newest first',
    group: 'runs',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      workflow: text.optional(),
      status: z.array(statusName).optional(),
      tag: z.array(text).optional().meta({ description: 'all of them' }),
      fingerprint: text.optional(),
      parent: text.optional(),
      prefix: text.optional().meta({ description: 'runs whose id begins so' }),
      since: z.iso.datetime({ offset: true }).optional().meta({ description: 'started then or later' }),
      text: text
        .optional()
        .meta({ description: 'substring of id, input or tags: reads payloads, so give other filters too' }),
      after: cursor,
      limit,
    }),
    output: pageOf(runState),
    async handler({ app, scope: { tenant }, input: { tag, since, ...query } }) {
      return app.list({
        ...query,
        ...(tag === undefined ? {} : { tags: tag }),
        ...(since === undefined ? {} : { since: new Date(since) }),
        ...(tenant === undefined ? {} : { tenant }),
      } as Parameters<typeof app.list>[0])
    },
  }),
  countRuns: route({
    summary: 'How many runs stand how',
    group: 'runs',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: none,
    output: z.record(statusName, z.int()),
    handler: ({ app, scope: { tenant } }) => app.counts(tenant === undefined ? {} : { tenant }),
  }),
  getRun: route({
    summary: 'One run, with its input, and its result once there is one',
    group: 'runs',
    role: 'viewer',
    tenant: 'run',
    params: z.strictObject({ run: text }),
    input: none,
    output: runDetail,
    handler: ({ scope: { run, state } }) => detailOf(run, state),
  }),
  findRun: route({
    summary: 'One run by the id that it was started with',
    group: 'runs',
    role: 'viewer',
    tenant: 'one',
    params: z.strictObject({ workflow: text, id: text }),
    input: none,
    output: runDetail,
    async handler({ app, scope: { tenant }, params: { workflow, id } }) {
      const run = await app.get(workflow, id, { tenant })
      if (run === undefined) throw runUnknown(`${workflow}:${id}`)
      return detailOf(run, await run.status())
    },
  }),
  waitForRun: route({
    summary: 'How a run stands, as soon as it has ended or needs attention, or when the time is over',
    group: 'runs',
    role: 'viewer',
    tenant: 'run',
    params: z.strictObject({ run: text }),
    input: z.strictObject({ wait: z.number().min(0).max(60).default(20).meta({ description: 'seconds' }) }),
    output: runDetail,
    async handler({ scope: { run, state }, input: { wait }, live, signal }) {
      let now: RunState = state
      if (!isSettled(now)) {
        await live.settled(run, AbortSignal.any([signal, AbortSignal.timeout(wait * 1_000)]))
        now = await run.status()
      }
      return detailOf(run, now)
    },
  }),
} as const

function isSettled({ status }: RunState): boolean {
  return status !== 'queued' && status !== 'running' && status !== 'waiting'
}
