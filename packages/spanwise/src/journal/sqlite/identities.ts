import type { Identity, IdentityRow } from '../identities.ts'
import type { Context } from './context.ts'

/** What can be asked of the store about who answers; part of `operations.ts`. */
export const identityOperations = {
  identify: (context: Context, now: Identity) => identify(context, now),
  identities: (context: Context, _: undefined) => identities(context),
} as const

export const identityReads = ['identities'] as const

function identify(
  context: Context,
  { alias, provider, model, key, answered, at }: Identity,
): { readonly before: string | undefined } {
  const which = [alias, provider, model, key]
  const found = context
    .sql('SELECT answered FROM spanwise_identities WHERE alias = ? AND provider = ? AND model = ? AND account = ?')
    .get(...which)
  const before = found === undefined ? undefined : String(found['answered'])
  if (before === answered) return { before: undefined }
  context
    .sql(
      `INSERT INTO spanwise_identities (alias, provider, model, account, answered, before, at) VALUES (?, ?, ?, ?, ?, NULL, ?)
       ON CONFLICT (alias, provider, model, account)
       DO UPDATE SET before = answered, answered = excluded.answered, at = excluded.at`,
    )
    .run(...which, answered, at)
  return { before }
}

function identities(context: Context): readonly IdentityRow[] {
  return context
    .sql('SELECT alias, provider, model, account, answered, before, at FROM spanwise_identities ORDER BY 1, 2, 3, 4')
    .all()
    .map((row) => ({
      alias: String(row['alias']),
      provider: String(row['provider']),
      model: String(row['model']),
      key: String(row['account']),
      answered: String(row['answered']),
      before: row['before'] === null ? undefined : String(row['before']),
      at: Number(row['at']),
    }))
}
