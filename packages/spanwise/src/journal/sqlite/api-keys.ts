import type { ApiKeyRow } from '../api-keys.ts'
import type { Context } from './context.ts'

type Raw = Readonly<Record<string, string | number | null>>

function toRow(raw: Raw): ApiKeyRow {
  return {
    id: raw['id'] as string,
    name: raw['name'] as string,
    hash: raw['hash'] as string,
    grants: raw['grants'] as string,
    createdAt: raw['created_at'] as number,
    expiresAt: (raw['expires_at'] as number | null) ?? undefined,
    revokedAt: (raw['revoked_at'] as number | null) ?? undefined,
  }
}

export const apiKeyOperations = {
  putApiKey(context: Context, key: ApiKeyRow): void {
    const { id, name, hash, grants, createdAt, expiresAt, revokedAt } = key
    context
      .sql(
        `INSERT INTO spanwise_api_keys (id, name, hash, grants, created_at, expires_at, revoked_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(id, name, hash, grants, createdAt, expiresAt ?? null, revokedAt ?? null)
  },
  apiKey(context: Context, id: string): ApiKeyRow | undefined {
    const raw = context.sql('SELECT * FROM spanwise_api_keys WHERE id = ?').get(id)
    return raw === undefined ? undefined : toRow(raw as Raw)
  },
  apiKeys: (context: Context, _: undefined): readonly ApiKeyRow[] =>
    (context.sql('SELECT * FROM spanwise_api_keys ORDER BY created_at DESC, id').all() as Raw[]).map(toRow),
  revokeApiKey: (context: Context, { id, at }: { readonly id: string; readonly at: number }): boolean =>
    context.sql('UPDATE spanwise_api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL').run(at, id).changes >
    0,
} as const

export const apiKeyReads = ['apiKey', 'apiKeys'] as const
