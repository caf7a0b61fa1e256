import { z } from 'zod'
import type { UnconfirmedOptions } from '../../app/index.ts'
import { route } from '../route.ts'
import { money, none, text } from '../schemas.ts'

const time = z.string().meta({ format: 'date-time' })

export const lostCallRoutes = {
  listUnconfirmed: route({
    summary: 'Model calls that were lost in a crash, of which nobody has said what they did cost',
    group: 'costs',
    role: 'viewer',
    tenant: 'some',
    params: none,
    input: z.strictObject({ run: text.optional(), workflow: text.optional() }),
    output: z.object({
      items: z
        .array(
          z.object({
            run: z.string(),
            index: z.int(),
            at: time,
            workflow: z.string(),
            tenant: z.string(),
            alias: z.string(),
            provider: z.string(),
            model: z.string(),
            atMost: money.optional(),
          }),
        )
        .readonly(),
    }),
    handler: async ({ app, scope: { tenant }, input }) => ({
      items: (await app.unconfirmed({
        ...input,
        ...(tenant === undefined ? {} : { tenant }),
      } as UnconfirmedOptions)) as never,
    }),
  }),
  confirmCall: route({
    summary: 'Say once what a lost call did cost: 0 where it was not charged; who says it is on record',
    group: 'costs',
    role: 'operator',
    tenant: 'run',
    params: z.strictObject({ run: text, index: z.int().min(0) }),
    input: z.strictObject({
      cost: z
        .string()
        .regex(/^\d{1,16}$/)
        .meta({ description: 'nano-dollars, whole' }),
      reason: text.optional(),
    }),
    output: z.object({ confirmed: z.boolean().meta({ description: 'false: it was said before, and that stands' }) }),
    example: { cost: '12300000', reason: 'invoice of November' },
    handler: async ({ app, scope, params: { index }, input: { cost, reason }, caller }) => ({
      confirmed: await app.confirmCall({ run: scope.run.id, index }, BigInt(cost), {
        by: caller.name,
        ...(reason === undefined ? {} : { reason }),
      }),
    }),
  }),
} as const
