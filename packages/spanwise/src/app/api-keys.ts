import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type ApiKeyRow, SpanwiseError } from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { type Grant, type Role, roles } from './roles.ts'

export interface NewApiKey {
  /** what it is for; recorded as who decided or operated */
  readonly name: string
  readonly grants: readonly Grant[]
  /** after this it is refused; never when absent */
  readonly expires?: Duration | Date
}

/** What is known of a key: not its secret. */
export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly grants: readonly Grant[]
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
  readonly revokedAt: Date | undefined
}

/** bytes of a secret: nobody guesses it, so a plain hash is enough */
const secretBytes = 32

export async function createApiKey(
  backend: Backend,
  made: NewApiKey,
  now: number,
): Promise<ApiKey & { readonly secret: string }> {
  const grants = made.grants.map(checkGrant)
  if (made.name.trim() === '' || grants.length === 0) throw invalid('It needs a name and a role.')
  const { expires } = made
  const expiresAt =
    expires === undefined
      ? undefined
      : expires instanceof Date
        ? expires.getTime()
        : now + milliseconds(expires, 'expires')
  if (expiresAt !== undefined && !(expiresAt > now)) throw invalid('It would have expired already.')
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(secretBytes).toString('base64url')
  const row: ApiKeyRow = {
    id,
    name: made.name.trim(),
    hash: digest(secret),
    grants: JSON.stringify(grants),
    createdAt: now,
    expiresAt,
    revokedAt: undefined,
  }
  await backend.putApiKey(row)
  return { ...toKey(row), secret: `sw_${id}_${secret}` }
}

/** The key that a secret belongs to, unless it is expired or revoked. */
export async function findApiKey(backend: Backend, secret: string, now: number): Promise<ApiKey | undefined> {
  const [, id, rest] = /^sw_([0-9a-f]{12})_([\w-]{43})$/.exec(secret) ?? []
  if (id === undefined || rest === undefined) return undefined
  const row = await backend.apiKey(id)
  if (row === undefined || row.revokedAt !== undefined) return undefined
  if (row.expiresAt !== undefined && row.expiresAt <= now) return undefined
  return timingSafeEqual(Buffer.from(row.hash), Buffer.from(digest(rest))) ? toKey(row) : undefined
}

export function toKey({ id, name, grants, createdAt, expiresAt, revokedAt }: ApiKeyRow): ApiKey {
  return {
    id,
    name,
    grants: JSON.parse(grants) as readonly Grant[],
    createdAt: new Date(createdAt),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    revokedAt: revokedAt === undefined ? undefined : new Date(revokedAt),
  }
}

function digest(secret: string): string {
  return hash('sha256', secret)
}

function checkGrant({ tenant, roles: given, approves }: Grant): Grant {
  if (tenant === '') throw invalid('A tenant is empty.')
  const wrong = given.find((role) => !roles.includes(role as Role))
  if (wrong !== undefined) throw invalid(`There is no role ${JSON.stringify(wrong)}.`)
  if (given.length === 0) throw invalid(`It has no role in ${tenant}.`)
  return { tenant, roles: [...new Set(given)], ...(approves === undefined ? {} : { approves }) }
}

function invalid(message: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_API_KEY',
    message: `This key cannot be made. ${message}`,
    hint: `Give a name, a tenant or *, and roles: ${roles.join(', ')}.`,
  })
}
