import type { KeptRate } from '../rates.ts'
import type { Context } from './context.ts'

/** forgotten a write, so that no write has to forget much */
const few = 32

export function rates(context: Context, now: number): readonly KeptRate[] {
  return context
    .sql('SELECT token, marks, expires FROM spanwise_rates WHERE expires > ?')
    .all(now)
    .map(({ token, marks, expires }) => ({
      token: token as string,
      marks: (JSON.parse(marks as string) as [number, number][]).map(([at, amount]) => ({ at, amount })),
      expires: expires as number,
    }))
}

export function keepRates(
  context: Context,
  { rates: kept, now }: { readonly rates: readonly KeptRate[]; readonly now: number },
): void {
  const write = context.sql('INSERT OR REPLACE INTO spanwise_rates (token, marks, expires) VALUES (?, ?, ?)')
  for (const { token, marks, expires } of kept)
    write.run(token, JSON.stringify(marks.map(({ at, amount }) => [at, amount])), expires)
  context
    .sql(
      `DELETE FROM spanwise_rates WHERE token IN (SELECT token FROM spanwise_rates WHERE expires <= ? ORDER BY expires LIMIT ${few})`,
    )
    .run(now)
}
