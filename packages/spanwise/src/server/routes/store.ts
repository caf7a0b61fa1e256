import { z } from 'zod'
import type { RetentionRule } from '../../app/index.ts'
import { milliseconds } from '../../workflow/index.ts'
import { route } from '../route.ts'
import { dryRun, none, statusName, text } from '../schemas.ts'

const rule = z.strictObject({
  workflow: text.optional(),
  status: z.union([statusName, z.array(statusName)]).optional(),
  tag: text.optional(),
  keep: text.meta({ description: 'after its end, like 30d, or forever' }),
  action: z.enum(['archive', 'delete']),
})

export const storeRoutes = {
  getRetention: route({
    summary: 'Rules of retention that the config names',
    group: 'store',
    role: 'viewer',
    tenant: 'all',
    params: none,
    input: none,
    output: z.object({
      rules: z
        .array(
          z.object({
            workflow: z.string().optional(),
            status: z.array(statusName).readonly().optional(),
            tag: z.string().optional(),
            keep: z.number().optional().meta({ description: 'ms after its end; absent: for ever' }),
            action: z.enum(['archive', 'delete']),
          }),
        )
        .readonly(),
      keepDecisions: z.number().optional().meta({ description: 'ms; how long runs with decisions stay at least' }),
    }),
    handler: async ({ app }) => {
      const { rules, keepDecisions } = await app.retention()
      return {
        rules: rules.map(({ keep, status, ...rest }) => ({
          ...rest,
          status: status === undefined ? undefined : [status].flat(),
          keep: keep === 'forever' ? undefined : milliseconds(keep, 'keep'),
        })),
        keepDecisions: keepDecisions === false ? undefined : milliseconds(keepDecisions, 'oversight.keepDecisions'),
      }
    },
  }),
  retainRuns: route({
    summary: 'Apply rules of retention now',
    group: 'store',
    role: 'admin',
    tenant: 'all',
    params: none,
    input: z.strictObject({ rules: z.array(rule).min(1).max(50), dryRun }),
    output: z.object({
      archived: z.int(),
      deleted: z.int(),
      files: z.array(z.string()).readonly(),
      runs: z.array(z.string()).readonly(),
    }),
    example: { rules: [{ status: 'completed', keep: '30d', action: 'archive' }], dryRun: true },
    handler: ({ app, input: { rules, dryRun: isDry } }) =>
      app.retain(rules as readonly RetentionRule[], { dryRun: isDry }),
  }),
  listArchives: route({
    summary: 'Files with archived runs',
    group: 'store',
    role: 'admin',
    tenant: 'all',
    params: none,
    input: none,
    output: z.object({ items: z.array(z.object({ file: z.string(), runs: z.int(), at: z.string() })).readonly() }),
    handler: async ({ app }) => ({ items: await app.archives() }),
  }),
} as const
