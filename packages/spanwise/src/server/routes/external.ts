import { z } from 'zod'
import type { App } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { type Caller, holds } from '../caller.ts'
import { route } from '../route.ts'
import { done, none, text } from '../schemas.ts'

const claim = z.string().min(1).max(4_000).meta({ description: 'as it was given with the step' })
const lease = z
  .number()
  .min(1)
  .max(3_600)
  .default(60)
  .meta({ description: 'seconds without a heartbeat after which it is handed to another one' })

const claimed = z
  .object({
    claim: z.string(),
    run: z.string(),
    tenant: z.string(),
    workflow: z.string(),
    step: z.string(),
    pool: z.string(),
    attempt: z.int(),
    idempotencyKey: z.string(),
    input: z.unknown().optional(),
    until: z.string(),
  })
  .meta({ id: 'ClaimedStep' })

export const externalRoutes = {
  claimStep: route({
    summary: 'Take a step of `step.external`; waits for one',
    group: 'external steps',
    role: 'operator',
    tenant: 'some',
    params: none,
    input: z.strictObject({
      pools: z.array(text).min(1).max(100),
      wait: z.number().min(0).max(60).default(20).meta({ description: 'seconds' }),
      lease,
    }),
    output: z.object({ step: claimed.optional().meta({ description: 'absent when none has come' }) }),
    example: { pools: ['render'], wait: 0 },
    async handler({ app, scope: { tenant }, input, signal }) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(input.wait * 1_000)])
      const query = { pools: input.pools, lease: input.lease * 1_000, ...(tenant === undefined ? {} : { tenant }) }
      return { step: await app.external.claim(query, either) }
    },
  }),
  keepStep: route({
    summary: 'Heartbeat: keep a step, and perhaps say how far it is',
    group: 'external steps',
    role: 'operator',
    tenant: 'none',
    params: none,
    input: z.strictObject({ claim, lease, progress: z.unknown().optional() }),
    output: z.object({ until: z.string() }),
    example: { claim: 'Wy…' },
    async handler({ app, caller, input }) {
      await own(app, caller, input.claim)
      const { progress } = input
      return { until: await app.external.heartbeat(input.claim, { lease: input.lease * 1_000, progress }) }
    },
  }),
  completeStep: route({
    summary: 'Give a step’s result; durable when it is answered',
    group: 'external steps',
    role: 'operator',
    tenant: 'none',
    params: none,
    input: z.strictObject({ claim, result: z.unknown().optional() }),
    output: done,
    example: { claim: 'Wy…', result: { pages: 3 } },
    async handler({ app, caller, input }) {
      await own(app, caller, input.claim)
      await app.external.complete(input.claim, input.result)
      return { ok: true } as const
    },
  }),
  failStep: route({
    summary: 'Say why a step failed; it is tried again as the step says',
    group: 'external steps',
    role: 'operator',
    tenant: 'none',
    params: none,
    input: z.strictObject({
      claim,
      message: z.string().min(1).max(10_000),
      name: text.optional(),
      code: text.optional(),
      retry: z.boolean().optional().meta({ description: 'false: trying again does not help' }),
    }),
    output: done,
    example: { claim: 'Wy…', message: 'the printer is out of paper' },
    async handler({ app, caller, input: { claim: token, message, name, code, retry } }) {
      await own(app, caller, token)
      await app.external.fail(token, {
        message,
        ...(name === undefined ? {} : { name }),
        ...(code === undefined ? {} : { code }),
        ...(retry === undefined ? {} : { retry }),
      })
      return { ok: true } as const
    },
  }),
} as const

/** A claim of another tenant's step is none. */
async function own(app: App, caller: Caller, token: string): Promise<void> {
  const tenant = await app.external.tenantOf(token)
  if (holds(caller, tenant, 'operator')) return
  throw new SpanwiseError({
    code: 'CLAIM_LOST',
    message: 'This step is not the caller’s any more, or never was.',
    hint: 'Claim one: POST /api/v1/external/claim.',
  })
}
