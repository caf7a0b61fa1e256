import type { Context } from './context.ts'
import { eraseRegistry, type Target } from './erase-registry.ts'
import { runById } from './rows.ts'

/** `subject` is the readable one. */
export type Erasure = { readonly run: string } | { readonly subject: string }

/** Destroys secrets and content; keeps commitments and leaves. Returns whether there was anything by that name. */
export function erase(context: Context, erasure: Erasure): boolean {
  const target = targetOf(context, erasure)
  if (target === undefined) return false
  for (const table of Object.values(eraseRegistry)) table.erase?.(context, target)
  context.secrets.clear()
  return true
}

function targetOf(context: Context, erasure: Erasure): Target | undefined {
  if ('subject' in erasure) return { subject: context.token('subject', erasure.subject) }
  const raw = runById(context, erasure.run)
  return raw === undefined ? undefined : { run: raw.seq }
}
