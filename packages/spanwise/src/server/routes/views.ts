import { z } from 'zod'
import { type CostDimension, costDimensions } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import type { Duration } from '../../workflow/index.ts'
import { noSuchWorkflow } from '../refusals.ts'
import { route } from '../route.ts'
import {
  budgetUse,
  candidate,
  costs,
  cursor,
  failure,
  limit,
  limitState,
  modelUse,
  none,
  overview,
  pageOf,
  text,
  workflowDetail,
  workflowInfo,
} from '../schemas.ts'
import { catalogueOf, detailOfWorkflow } from '../views/catalogue.ts'

export const viewRoutes = {
  whoAmI: route({
    summary: 'Who the caller is, and what the caller may do where',
    group: 'server',
    role: 'viewer',
    tenant: 'none',
    params: none,
    input: none,
    output: z.object({
      name: z.string(),
      isLocal: z.boolean().meta({ description: 'nobody has to say who they are: somebody at this machine' }),
      grants: z
        .array(
          z.object({
            tenant: z.string(),
            roles: z.array(z.string()).readonly(),
            approves: z.array(z.string()).readonly().optional(),
          }),
        )
        .readonly(),
    }),
    handler: async ({ caller: { name, grants, isLocal = false } }) => ({ name, grants, isLocal }),
  }),
  getHealth: route({
    summary: 'Whether this process lives, and whether it can be sent work',
    group: 'server',
    role: 'viewer',
    tenant: 'none',
    params: none,
    input: none,
    output: z.object({ live: z.boolean(), ready: z.boolean(), reasons: z.array(z.string()).readonly() }),
    handler: ({ app }) => app.health(),
  }),
  listWorkflows: route({
    summary: 'What can be started here, with the schemas of input and output',
    group: 'catalogue',
    role: 'viewer',
    tenant: 'none',
    params: none,
    input: none,
    output: z.object({ items: z.array(workflowInfo).readonly() }),
    handler: async ({ app }) => ({ items: app.workflows.map(catalogueOf) }),
  }),
  getWorkflow: route({
    summary: 'One workflow, with what is inside: the graph laid out, the tools of an agent',
    group: 'catalogue',
    role: 'viewer',
    tenant: 'none',
    params: z.strictObject({ workflow: text }),
    input: none,
    output: workflowDetail,
    async handler({ app, params: { workflow } }) {
      const found = app.workflows.find(({ name }) => name === workflow)
      if (found === undefined) throw noSuchWorkflow(workflow, app.workflows)
      return detailOfWorkflow(found)
    },
  }),
  listFailures: route({
    summary: 'Failures by fingerprint, what was seen last first',
    group: 'failures',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      workflow: text.optional(),
      open: z.boolean().optional().meta({ description: 'only of runs that can still be mended' }),
      after: cursor,
      limit,
    }),
    output: pageOf(failure),
    handler: ({ app, scope: { tenant }, input }) =>
      app.failures({ ...input, ...(tenant === undefined ? {} : { tenant }) } as Parameters<typeof app.failures>[0]),
  }),
  getFailure: route({
    summary: 'One failure, in however many runs',
    group: 'failures',
    role: 'viewer',
    tenant: 'some',
    params: z.strictObject({ fingerprint: text }),
    input: none,
    output: failure,
    async handler({ app, scope: { tenant }, params: { fingerprint } }) {
      const query = { fingerprint, limit: 1, ...(tenant === undefined ? {} : { tenant }) }
      const [found] = (await app.failures(query)).items
      if (found !== undefined) return found
      throw new SpanwiseError({
        code: 'FAILURE_UNKNOWN',
        message: `There is no failure ${fingerprint} here.`,
        hint: 'GET /api/v1/failures lists them.',
      })
    },
  }),
  getOverview: route({
    summary: 'How runs of a period went, and of as much time before',
    group: 'runs',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      period: text.default('7d').meta({ description: 'like 24h or 7d' }),
      workflow: text.optional(),
    }),
    output: overview,
    handler: ({ app, scope: { tenant }, input: { period, workflow } }) =>
      app.overview({
        period: period as Duration,
        ...(workflow === undefined ? {} : { workflow }),
        ...(tenant === undefined ? {} : { tenant }),
      }),
  }),
  getCosts: route({
    summary: 'What model calls cost, by any dimensions, the dearest first',
    group: 'costs',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      by: z.array(z.enum(costDimensions)).optional(),
      since: text.optional().meta({ description: 'a time, or a duration back from now, like 7d' }),
      until: z.iso.datetime({ offset: true }).optional(),
      workflow: text.optional(),
    }),
    output: costs,
    handler: ({ app, scope: { tenant }, input: { by, since, until, workflow } }) =>
      app.costs({
        ...(by === undefined ? {} : { by: by as readonly CostDimension[] }),
        ...(since === undefined ? {} : { since: isTime(since) ? new Date(since) : (since as never) }),
        ...(until === undefined ? {} : { until: new Date(until) }),
        ...(workflow === undefined ? {} : { workflow }),
        ...(tenant === undefined ? {} : { tenant }),
      }) as never,
  }),
  listModels: route({
    summary: 'Candidates of the gateway, and how they are doing where somebody works',
    group: 'models',
    role: 'viewer',
    tenant: 'none',
    params: none,
    input: none,
    output: z.object({
      items: z.array(candidate).readonly(),
      isKnown: z.boolean().meta({ description: 'false where nobody works, or with no gateway' }),
    }),
    async handler({ app }) {
      const items = await app.models()
      return {
        items: (items ?? []).map(({ key: _, before, ...one }) => ({
          ...one,
          from: new Date(one.from),
          ...(before === undefined ? {} : { before: { ...before, until: new Date(before.until) } }),
        })),
        isKnown: items !== undefined,
      }
    },
  }),
  getModelUse: route({
    summary: 'What the candidates did in a period: calls, share, times, cost, who answered under their names',
    group: 'models',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      period: text.default('7d').meta({ description: 'like 24h or 7d' }),
      workflow: text.optional(),
    }),
    output: z.object({ items: z.array(modelUse).readonly() }),
    handler: async ({ app, scope: { tenant }, input: { period, workflow } }) => ({
      items: await app.modelUse({
        period: period as Duration,
        ...(workflow === undefined ? {} : { workflow }),
        ...(tenant === undefined ? {} : { tenant }),
      }),
    }),
  }),
  listBudgets: route({
    summary: 'Budgets of model calls, and how much of each is used now',
    group: 'costs',
    role: 'viewer',
    tenant: 'all',
    params: none,
    input: none,
    output: z.object({ items: z.array(budgetUse).readonly() }),
    async handler({ app }) {
      const items = (await app.budgets()) ?? []
      return {
        items: items.map(({ window, ...one }) => ({
          ...one,
          window: window && { from: new Date(window.from), next: new Date(window.next) },
        })),
      }
    },
  }),
  listLimits: route({
    summary: 'What is limited, who holds it and how many wait',
    group: 'limits',
    role: 'viewer',
    tenant: 'all',
    params: none,
    input: none,
    output: z.object({ items: z.array(limitState).readonly() }),
    async handler({ app }) {
      const at = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms))
      const items = await app.limits()
      return { items: items.map(({ since, next, ...one }) => ({ ...one, since: at(since), next: at(next) })) }
    },
  }),
} as const

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))
}
