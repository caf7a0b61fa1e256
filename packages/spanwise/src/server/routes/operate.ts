import { z } from 'zod'
import type { BulkTarget, Run } from '../../app/index.ts'
import { findSignal, type StandardSchemaV1 } from '../../workflow/index.ts'
import { badRequest } from '../refusals.ts'
import { route } from '../route.ts'
import { bulkResult, done, dryRun, none, runState, statusName, text } from '../schemas.ts'
import { eventView } from '../views/run.ts'

const run = z.strictObject({ run: text })
const reason = z.strictObject({ reason: z.string().max(10_000).optional() })

const edit = z
  .union([z.strictObject({ input: z.unknown() }), z.strictObject({ result: z.unknown() })])
  .optional()
  .meta({ description: 'another input, or a result, for the step in question' })
const repair = {
  edit,
  results: z.record(z.string(), z.unknown()).optional(),
  allow: z.array(text).optional().meta({ description: 'of a fork: effects that may happen; `*` for all' }),
}
const forking = {
  ...repair,
  edit: z
    .union([
      z.strictObject({ input: z.unknown() }),
      z.strictObject({ result: z.unknown() }),
      z.strictObject({ state: z.unknown() }),
    ])
    .optional()
    .meta({ description: 'another input, result, or state of a graph or agent, at the point' }),
}
const resumption = { ...repair, discard: z.boolean().optional() }
const from = z.int().min(0).meta({ description: 'index of an entry: the history before it is kept' })

const target = {
  fingerprint: text.optional(),
  workflow: text.optional(),
  status: statusName.optional(),
  tags: z.array(text).optional(),
  dryRun,
  after: text.optional().meta({ description: 'goes on behind what a stopped one has done' }),
}

export const operateRoutes = {
  signalRun: route({
    summary: 'Send a signal to a run; durable when it is answered',
    group: 'runs',
    role: 'operator',
    tenant: 'run',
    params: z.strictObject({ run: text, signal: text }),
    input: z.strictObject({ value: z.unknown().optional() }),
    output: done,
    example: { value: { amount: 12 } },
    async handler({ scope, params: { signal: name }, input: { value }, sendId }) {
      const schema = findSignal(name)?.schema as StandardSchemaV1 | undefined
      const send = scope.run.signal as (...args: readonly unknown[]) => Promise<void>
      await send({ signalName: name, schema }, value, sendId === undefined ? {} : { sendId })
      return { ok: true } as const
    },
  }),
  cancelRun: route({
    summary: 'Cancel a run: cleanup and compensations run',
    group: 'runs',
    role: 'operator',
    tenant: 'run',
    params: run,
    input: reason,
    output: done,
    example: { reason: 'ordered twice' },
    async handler({ scope, input, sendId, caller }) {
      await scope.run.cancel(input.reason ?? `cancelled by ${caller.name}`, again(sendId))
      return { ok: true } as const
    },
  }),
  giveUpRun: route({
    summary: 'End a run that needs attention as failed: compensations run',
    group: 'runs',
    role: 'operator',
    tenant: 'run',
    params: run,
    input: reason,
    output: done,
    example: { reason: 'the order is gone' },
    async handler({ scope, input, sendId, caller }) {
      await scope.run.giveUp(input.reason ?? `given up by ${caller.name}`, again(sendId))
      return { ok: true } as const
    },
  }),
  resumeRun: route({
    summary: 'Go on with a run that needs attention, from the step that failed',
    group: 'runs',
    role: 'operator',
    tenant: 'run',
    params: run,
    input: z.strictObject({ ...resumption, dryRun }),
    output: done,
    async handler({ scope, input, sendId, caller }) {
      await scope.run.resume({ ...input, by: caller.name, ...again(sendId) } as Parameters<Run<unknown>['resume']>[0])
      return { ok: true } as const
    },
  }),
  forkRun: route({
    summary: 'A new run whose history up to an entry is this one’s',
    group: 'runs',
    role: 'operator',
    tenant: 'run',
    status: 201,
    params: run,
    input: z.strictObject({ from, ...forking }),
    output: runState,
    example: { from: 0 },
    async handler({ scope, input, sendId, caller }) {
      const order = { ...input, by: caller.name, ...again(sendId) } as Parameters<Run<unknown>['fork']>[0]
      return (await scope.run.fork(order)).status()
    },
  }),
  planFork: route({
    summary: 'What a fork would take over, and what would happen anew; makes nothing',
    group: 'runs',
    role: 'viewer',
    tenant: 'run',
    params: run,
    input: z.strictObject({ from, ...forking }),
    output: z.object({
      run: z.string(),
      from: z.int(),
      entry: z.unknown().optional(),
      redoes: z.string().optional(),
      keeps: z.int(),
      underWay: z.array(z.string()).readonly(),
      shares: z.array(z.string()).readonly(),
      decided: z.int(),
      later: z.array(z.string()).readonly(),
    }),
    example: { from: 0 },
    async handler({ scope, input }) {
      const plan = await scope.run.planFork(input as Parameters<Run<unknown>['planFork']>[0])
      return { ...plan, entry: plan.entry === undefined ? undefined : eventView(plan.entry, 'cut') }
    },
  }),
  listForks: route({
    summary: 'Forks that were made of a run, oldest first',
    group: 'runs',
    role: 'viewer',
    tenant: 'run',
    params: run,
    input: none,
    output: z.object({ items: z.array(z.object({ id: z.string(), from: z.int() })).readonly() }),
    handler: async ({ scope }) => ({ items: await scope.run.forks() }),
  }),
  restoreRun: route({
    summary: 'Take an archived run’s content back into the store',
    group: 'store',
    role: 'admin',
    tenant: 'run',
    params: run,
    input: none,
    output: z.object({ restored: z.boolean().meta({ description: 'false when it was not archived' }) }),
    handler: async ({ app, scope }) => ({ restored: await app.restoreArchived(scope.run.id) }),
  }),
  resumeRuns: route({
    summary: 'Resume every run that needs attention with this failure, or that the filter names',
    group: 'bulk',
    role: 'operator',
    tenant: 'some',
    params: none,
    input: z.strictObject({ ...target, ...resumption }),
    output: bulkResult,
    example: { fingerprint: 'vX3k_2aQ', dryRun: true },
    handler: async ({ app, scope, input, caller, signal }) => {
      const { edit: edited, results, allow, discard, ...rest } = input
      const how = { edit: edited, results, allow, discard, by: caller.name }
      return app.resume(targetOf(rest, scope.tenant), { ...how, ...bulkOptions(rest, signal) } as never)
    },
  }),
  cancelRuns: route({
    summary: 'Cancel every run that the filter names',
    group: 'bulk',
    role: 'operator',
    tenant: 'some',
    params: none,
    input: z.strictObject({ ...target, ...reason.shape }),
    output: bulkResult,
    example: { workflow: 'nightly', dryRun: true },
    handler: ({ app, scope, input: { reason: why, ...rest }, caller, signal }) =>
      app.cancel(targetOf(rest, scope.tenant), {
        reason: why ?? `cancelled by ${caller.name}`,
        ...bulkOptions(rest, signal),
      }),
  }),
  giveUpRuns: route({
    summary: 'End every run that needs attention and that the filter names as failed',
    group: 'bulk',
    role: 'operator',
    tenant: 'some',
    params: none,
    input: z.strictObject({ ...target, ...reason.shape }),
    output: bulkResult,
    example: { fingerprint: 'vX3k_2aQ', dryRun: true },
    handler: ({ app, scope, input: { reason: why, ...rest }, caller, signal }) =>
      app.giveUp(targetOf(rest, scope.tenant), {
        reason: why ?? `given up by ${caller.name}`,
        ...bulkOptions(rest, signal),
      }),
  }),
} as const

function again(sendId: string | undefined): { readonly sendId?: string } {
  return sendId === undefined ? {} : { sendId }
}

type Filter = z.output<z.ZodObject<typeof target>>

/** Nobody means every run by naming none. */
function targetOf({ fingerprint, workflow, status, tags }: Filter, tenant: string | undefined): BulkTarget {
  if (fingerprint === undefined && workflow === undefined && status === undefined && tags === undefined) {
    throw badRequest('It names no runs: say a fingerprint, a workflow, a status or tags.')
  }
  return {
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(status === undefined ? {} : { status }),
    ...(tags === undefined ? {} : { tags }),
    ...(tenant === undefined ? {} : { tenant }),
  }
}

function bulkOptions({ dryRun: isDry, after }: Filter, signal: AbortSignal) {
  return { dryRun: isDry, signal, ...(after === undefined ? {} : { after }) }
}
