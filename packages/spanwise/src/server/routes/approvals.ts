import { z } from 'zod'
import type { OpenApproval } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { approves, type Caller } from '../caller.ts'
import { forbidden } from '../refusals.ts'
import { route } from '../route.ts'
import { approval, cursor, done, limit, none, pageOf, text } from '../schemas.ts'

const one = z.strictObject({ approval: text })

export const approvalRoutes = {
  listApprovals: route({
    summary: 'Questions that wait for an answer, oldest first',
    group: 'approvals',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({ role: text.optional(), run: text.optional(), after: cursor, limit }),
    output: pageOf(approval),
    async handler({ app, caller, scope: { tenant }, input }) {
      const query = { ...input, ...(tenant === undefined ? {} : { tenant }) } as Parameters<typeof app.approvals>[0]
      const page = await app.approvals(query)
      return { items: page.items.map((item) => seenBy(caller, item)), after: page.after }
    },
  }),
  getApproval: route({
    summary: 'One question, also when it is closed',
    group: 'approvals',
    role: 'viewer',
    tenant: 'approval',
    params: one,
    input: none,
    output: approval.extend({ state: z.string() }),
    handler: async ({ caller, scope }) => ({ ...seenBy(caller, scope.approval), state: scope.approval.state }),
  }),
  decideApproval: route({
    summary: 'Approve or reject; the first decision counts',
    group: 'approvals',
    role: 'approver',
    tenant: 'approval',
    params: one,
    input: z.strictObject({
      approve: z.boolean(),
      form: z.unknown().optional(),
      reason: z.string().max(10_000).optional(),
    }),
    output: done,
    example: { approve: true },
    async handler({ app, caller, scope, input: { approve, form, reason }, sendId }) {
      const { id, tenant, role } = scope.approval
      if (!approves(caller, tenant, role)) throw forbidden(`answer for the role ${JSON.stringify(role)}`)
      await app.decide(id, {
        approve,
        by: caller.name,
        ...(form === undefined ? {} : { form }),
        ...(reason === undefined ? {} : { reason }),
        ...(sendId === undefined ? {} : { sendId }),
      })
      return { ok: true } as const
    },
  }),
  delegateApproval: route({
    summary: 'Pass a question on: another role is asked instead, with what is left of the time',
    group: 'approvals',
    role: 'approver',
    tenant: 'approval',
    params: one,
    input: z.strictObject({ to: text, reason: z.string().max(10_000).optional() }),
    output: done,
    example: { to: 'lead' },
    async handler({ app, caller, scope, input: { to, reason }, sendId }) {
      const { id, tenant, role } = scope.approval
      if (!approves(caller, tenant, role)) throw forbidden(`pass on what the role ${JSON.stringify(role)} is asked`)
      if (to === role) throw passedToItself(to)
      await app.decide(id, {
        delegateTo: to,
        by: caller.name,
        ...(reason === undefined ? {} : { reason }),
        ...(sendId === undefined ? {} : { sendId }),
      })
      return { ok: true } as const
    },
  }),
} as const

function passedToItself(role: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_INPUT',
    message: `The question is asked of the role "${role}" already.`,
    hint: 'Name another role in `to`.',
  })
}

function seenBy<T extends OpenApproval>(caller: Caller, item: T) {
  return { ...item, mayDecide: approves(caller, item.tenant, item.role) }
}
