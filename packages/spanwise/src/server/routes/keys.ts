import { z } from 'zod'
import { type ApiKey, roles } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import { type Caller, holds } from '../caller.ts'
import { forbidden } from '../refusals.ts'
import { route } from '../route.ts'
import { done, none, text } from '../schemas.ts'

const grant = z.object({
  tenant: text.meta({ description: '`*` for all' }),
  roles: z.array(z.enum(roles)).min(1).readonly(),
  approves: z.array(text).readonly().optional().meta({ description: 'roles that approvals ask for; `*` for all' }),
})
const key = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.array(grant).readonly(),
    createdAt: z.string(),
    expiresAt: z.string().optional(),
    revokedAt: z.string().optional(),
  })
  .meta({ id: 'ApiKey' })

export const keyRoutes = {
  listKeys: route({
    summary: 'Keys of the API, the newest first, without their secrets',
    group: 'keys',
    role: 'admin',
    tenant: 'none',
    params: none,
    input: none,
    output: z.object({ items: z.array(key).readonly() }),
    handler: async ({ app, caller }) => ({ items: (await app.apiKeys()).filter((one) => administers(caller, one)) }),
  }),
  createKey: route({
    summary: 'Make a key; its secret is told now and never again',
    group: 'keys',
    role: 'admin',
    tenant: 'none',
    status: 201,
    params: none,
    input: z.strictObject({
      name: text,
      grants: z.array(grant).min(1).max(100),
      expires: text.optional().meta({ description: 'after a while, like 90d' }),
    }),
    output: key.extend({ secret: z.string() }),
    example: { name: 'ci', grants: [{ tenant: 'acme', roles: ['operator'] }], expires: '90d' },
    async handler({ app, caller, input: { name, grants, expires } }) {
      const beyond = grants.find(({ tenant }) => !holds(caller, tenant, 'admin'))
      if (beyond !== undefined) throw forbidden(`give roles in tenant ${beyond.tenant}`)
      return app.createApiKey({ name, grants, ...(expires === undefined ? {} : { expires: expires as never }) })
    },
  }),
  revokeKey: route({
    summary: 'Revoke a key: it counts no more, within a second',
    group: 'keys',
    role: 'admin',
    tenant: 'none',
    params: z.strictObject({ key: text }),
    input: none,
    output: done,
    async handler({ app, caller, params: { key: id } }) {
      const found = (await app.apiKeys()).find((one) => one.id === id)
      if (found === undefined || !administers(caller, found)) {
        throw new SpanwiseError({
          code: 'API_KEY_UNKNOWN',
          message: `There is no key ${id} here.`,
          hint: 'GET /api/v1/keys lists them.',
        })
      }
      await app.revokeApiKey(id)
      return { ok: true } as const
    },
  }),
} as const

/** Whoever may revoke a key must be an admin wherever it counts. */
function administers(caller: Caller, { grants }: ApiKey): boolean {
  return grants.every(({ tenant }) => holds(caller, tenant, 'admin'))
}
