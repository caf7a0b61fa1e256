import type { Context } from './context.ts'
import { eraseRegistry } from './erase-registry.ts'
import type { Target } from './erase-target.ts'
import { runById } from './rows.ts'

/** `subject` is the readable one. */
export type Erasure = { readonly run: string } | { readonly subject: string } | { readonly token: string }

/** Destroys secrets and content; keeps commitments and leaves. Returns whether there was anything by that name. */
export function erase(context: Context, erasure: Erasure): boolean {
  const target = targetOf(context, erasure)
  if (target === undefined) return false
  for (const one of 'run' in target ? [target, ...forksOf(context, target.run)] : [target])
    for (const table of Object.values(eraseRegistry)) table.erase?.(context, one)
  context.secrets.clear()
  return true
}

function targetOf(context: Context, erasure: Erasure): Target | undefined {
  if ('token' in erasure) return { subject: erasure.token }
  if ('subject' in erasure) return { subject: context.token('subject', erasure.subject) }
  const raw = runById(context, erasure.run)
  return raw === undefined ? undefined : { run: raw.seq }
}

/** Forks hold a copy of what the run held: they go along, and their forks with them. */
export function forksOf(context: Context, runSeq: number): readonly { readonly run: number }[] {
  const rows = context
    .sql(
      `WITH RECURSIVE line (seq) AS (
         VALUES (?1)
         UNION SELECT f.run_seq FROM line JOIN spanwise_runs r ON r.seq = line.seq JOIN spanwise_forks f ON f.source = r.run
       ) SELECT seq FROM line WHERE seq <> ?1`,
    )
    .all(runSeq)
  return rows.map((row) => ({ run: Number(row['seq']) }))
}
