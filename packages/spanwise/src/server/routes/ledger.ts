import { z } from 'zod'
import type { ActOn, App } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { type Caller, holds } from '../caller.ts'
import { badRequest } from '../refusals.ts'
import { route } from '../route.ts'
import { act, cursor, limit, none, pageOf, statusName, text } from '../schemas.ts'

const target = {
  run: text.optional().meta({ description: 'a run; else say `subject`' }),
  subject: text.optional().meta({ description: 'all that is about a person or thing' }),
}
const reason = text.meta({ description: 'why; part of the record' })

/** What is done to the record itself. Who did it is the caller, and stands in the store's own history. */
export const ledgerRoutes = {
  planErasure: route({
    summary: 'What an erasure would reach, what forbids it, and whether somebody else has to agree',
    group: 'record',
    role: 'admin',
    tenant: 'all',
    params: none,
    input: z.strictObject(target),
    output: z.object({
      runs: z
        .array(
          z.object({
            run: z.string(),
            workflow: z.string(),
            tenant: z.string(),
            status: statusName,
            createdAt: z.string(),
            whole: z.boolean().meta({ description: 'false: only those of its entries that are about the subject' }),
          }),
        )
        .readonly(),
      open: z.int().meta({ description: 'how many of them have not ended' }),
      holds: z.array(z.object({ reason: z.string(), by: z.string(), at: z.string() })).readonly(),
      needsSecond: z.boolean(),
    }),
    example: { subject: 'customer-7' },
    handler: ({ app, input }) => app.planErase(targetOf(input)),
  }),
  eraseContent: route({
    summary:
      'Destroy what a run holds, or all that is about a subject; it cannot be brought back, and proofs stay valid',
    group: 'record',
    role: 'admin',
    tenant: 'all',
    status: 201,
    params: none,
    input: z.strictObject({
      ...target,
      reason,
      second: text.optional().meta({ description: 'who agreed, where the server asks nobody for a key' }),
      secondKey: text
        .optional()
        .meta({ description: 'API key of the person who agreed, where the server asks for keys' }),
    }),
    output: act,
    example: { subject: 'customer-7', reason: 'request of 3 March' },
    async handler({ app, caller, input: { reason: why, second, secondKey, ...on } }) {
      const agreed = await agreeing(app, caller, second, secondKey)
      const by = { reason: why, by: caller.name, ...(agreed === undefined ? {} : { second: agreed }) }
      return app.erase(targetOf(on), by)
    },
  }),
  holdContent: route({
    summary: 'Legal hold: until it is released, nothing of it is erased or deleted',
    group: 'record',
    role: 'admin',
    tenant: 'all',
    status: 201,
    params: none,
    input: z.strictObject({ ...target, reason }),
    output: act,
    example: { subject: 'customer-7', reason: 'claim of 3 March' },
    handler: ({ app, caller, input: { reason: why, ...on } }) =>
      app.hold(targetOf(on), { reason: why, by: caller.name }),
  }),
  releaseHold: route({
    summary: 'Release a legal hold',
    group: 'record',
    role: 'admin',
    tenant: 'all',
    status: 201,
    params: none,
    input: z.strictObject({ ...target, reason }),
    output: act,
    example: { subject: 'customer-7', reason: 'the claim is settled' },
    handler: ({ app, caller, input: { reason: why, ...on } }) =>
      app.release(targetOf(on), { reason: why, by: caller.name }),
  }),
  listActs: route({
    summary: 'Erasures, legal holds, who read what and who said what lost calls did cost, newest first',
    group: 'record',
    role: 'admin',
    tenant: 'all',
    params: none,
    input: z.strictObject({
      kind: z.enum(['erased', 'held', 'released', 'read', 'confirmed']).optional(),
      open: z.boolean().optional().meta({ description: 'only legal holds that were not released' }),
      after: cursor,
      limit,
    }),
    output: pageOf(act),
    handler: ({ app, input }) => app.acts(input as Parameters<typeof app.acts>[0]),
  }),
} as const

function targetOf({
  run,
  subject,
}: {
  readonly run?: string | undefined
  readonly subject?: string | undefined
}): ActOn {
  if (run !== undefined && subject === undefined) return { run }
  if (subject !== undefined && run === undefined) return { subject }
  throw badRequest('Name one: `run`, or `subject`.')
}

/**
 * Who agreed. Where callers show keys a name alone is no agreement: the other one shows theirs. Whether anybody has to is the app's.
 * @throws SECOND_PERSON_NEEDED
 */
async function agreeing(
  app: App,
  caller: Caller,
  name: string | undefined,
  secret: string | undefined,
): Promise<string | undefined> {
  if (caller.isLocal === true) return name
  if (secret === undefined) return undefined
  const key = await app.findApiKey(secret)
  const other: Caller | undefined =
    key === undefined ? undefined : { id: `key ${key.id}`, name: key.name, grants: key.grants }
  if (other !== undefined && other.id !== caller.id && holds(other, '*', 'admin')) return other.name
  throw new SpanwiseError({
    code: 'SECOND_PERSON_NEEDED',
    message: 'The second key is not the key of another admin of all tenants.',
    hint: 'Nothing was erased. Whoever agrees types their own key.',
  })
}
