import { z } from 'zod'
import type { DecisionOptions, LineageOptions } from '../../app/index.ts'
import { download } from '../download.ts'
import { badRequest } from '../refusals.ts'
import { route, streamRoute } from '../route.ts'
import { cursor, decision, limit, none, pageOf, statusName, text } from '../schemas.ts'

const one = z.strictObject({ run: text, index: z.int().min(0) })
const time = z.iso.datetime({ offset: true })
const span = {
  from: text.optional().meta({ description: 'a time, or a duration back from now, like 7d' }),
  to: time.optional(),
  workflow: text.optional(),
  after: cursor,
  limit,
}

const source = z.object({
  kind: z.string(),
  name: z.string(),
  index: z.int(),
  direct: z.boolean(),
  decision: z.string().optional(),
})

export const decisionRoutes = {
  listDecisions: route({
    summary: 'Decisions that a model had a part in, or that a step says it makes; latest first',
    group: 'audit',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      ...span,
      run: text.optional(),
      subject: text.optional(),
      model: text.optional(),
      prompt: text.optional(),
      outcome: z.enum(['done', 'failed', 'approved', 'rejected']).optional(),
      approver: text.optional(),
      cost: z.number().min(0).optional().meta({ description: 'so much at least, US dollars' }),
      text: text.optional().meta({ description: 'substring of what was asked or given: reads payloads' }),
    }),
    output: pageOf(decision),
    handler: ({ app, scope: { tenant }, input }) =>
      app.decisions({ ...within(input), ...(tenant === undefined ? {} : { tenant }) } as DecisionOptions),
  }),
  getDecision: route({
    summary: 'All that is on record about one decision',
    group: 'audit',
    role: 'viewer',
    tenant: 'run',
    params: one,
    input: none,
    output: z.looseObject({
      ...decision.shape,
      subject: z.string().optional(),
      release: z.string().optional(),
      entries: z.array(z.int()).readonly(),
      input: z.unknown().optional(),
      result: z.unknown().optional(),
      error: z.unknown().optional(),
      calls: z.array(z.looseObject({ alias: z.string(), model: z.string(), state: z.string() })).readonly(),
      documents: z.array(z.looseObject({ id: z.string() })).readonly(),
      retries: z.array(z.looseObject({ index: z.int(), why: z.string() })).readonly(),
      approvals: z.looseObject({}),
      effects: z
        .array(z.looseObject({ key: z.string(), index: z.int(), kind: z.string(), state: z.string() }))
        .readonly(),
    }),
    handler: async ({ app, scope, params: { index } }) => (await app.decision(`${scope.run.id}/${index}`)) as never,
  }),
  getSeal: route({
    summary: 'How many entries of a run can be proved now, and the checkpoint that they are under',
    group: 'audit',
    role: 'viewer',
    tenant: 'run',
    params: z.strictObject({ run: text }),
    input: none,
    output: z.object({
      entries: z.int(),
      sealed: z.int().meta({ description: 'of them, those under the latest checkpoint' }),
      checkpoint: z
        .object({ size: z.int(), at: z.string().optional() })
        .optional()
        .meta({ description: 'the latest one of the store; absent where it is not sealed' }),
    }),
    handler: ({ app, scope }) => app.seal(scope.run.id),
  }),
  bundleRun: streamRoute({
    summary:
      'Evidence of a run for somebody who has no store: records, proofs, checkpoint, a report, a verifier; a zip file',
    group: 'audit',
    role: 'operator',
    tenant: 'run',
    type: 'application/zip',
    params: z.strictObject({ run: text }),
    input: none,
    handler: async ({ app, scope }) => download(await app.evidence(scope.run.id), `run-${scope.run.id}`),
  }),
  exportSubject: streamRoute({
    summary: 'All that is on record about a subject in a tenant, or in all of them; a zip file',
    group: 'audit',
    role: 'admin',
    tenant: 'some',
    type: 'application/zip',
    params: none,
    // not in the address: that is what logs keep
    input: z.strictObject({ subject: text }),
    example: { subject: 'customer-7' },
    handler: async ({ app, scope: { tenant }, input: { subject } }) =>
      download(await app.subjectRecord(subject, tenant === undefined ? {} : { tenant }), 'subject'),
  }),
  getLineage: route({
    summary: 'What had a part in a decision',
    group: 'audit',
    role: 'viewer',
    tenant: 'run',
    params: one,
    input: none,
    output: z.object({ decision, sources: z.array(source).readonly() }),
    handler: ({ app, scope, params: { index } }) => app.lineage(`${scope.run.id}/${index}`),
  }),
  listInfluenced: route({
    summary: 'Decisions that a document, a prompt, a model or a person who approved had a part in',
    group: 'audit',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      ...span,
      document: text.optional(),
      prompt: text.optional(),
      model: text.optional(),
      approver: text.optional(),
    }),
    output: pageOf(decision),
    async handler({ app, scope: { tenant }, input }) {
      const { document, prompt, model, approver, ...rest } = input
      const named = Object.entries({ document, prompt, model, approver }).filter(([, value]) => value !== undefined)
      if (named.length !== 1) throw badRequest('It says whose influence: one of document, prompt, model or approver.')
      const of = { ...within(rest), ...Object.fromEntries(named), ...(tenant === undefined ? {} : { tenant }) }
      return app.lineage(of as unknown as LineageOptions)
    },
  }),
  explainRun: route({
    summary: 'What happened in a run and why, in words, each sentence with its entries',
    group: 'audit',
    role: 'viewer',
    tenant: 'run',
    params: z.strictObject({ run: text }),
    input: none,
    output: z.object({
      run: z.string(),
      workflow: z.string(),
      status: statusName,
      sentences: z.array(z.object({ text: z.string(), entries: z.array(z.int()).readonly() })).readonly(),
    }),
    handler: ({ app, scope }) => app.explain(scope.run.id),
  }),
} as const

function within<T extends { readonly from?: string | undefined; readonly to?: string | undefined }>({
  from,
  to,
  ...rest
}: T) {
  const isTime = from !== undefined && /^\d{4}-\d\d-\d\d/.test(from)
  return {
    ...rest,
    ...(from === undefined ? {} : { from: isTime ? new Date(from) : from }),
    ...(to === undefined ? {} : { to: new Date(to) }),
  }
}
