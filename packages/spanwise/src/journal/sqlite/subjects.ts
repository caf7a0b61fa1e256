import { randomBytes } from 'node:crypto'
import { SpanwiseError } from '../error.ts'
import type { Context } from './context.ts'
import { ledgerSecret, ledgerSeq } from './ledger-run.ts'

/** a worker may meet millions of runs and subjects */
const cacheSize = 20_000

export interface Subject {
  readonly token: string
  readonly secret: Uint8Array
}

/** Insert-or-get; undefined when the subject was erased. */
export function subject(context: Context, readable: string): Subject | undefined {
  const token = context.token('subject', readable)
  const row = context.sql('SELECT secret FROM spanwise_subjects WHERE token = ?').get(token)
  if (row !== undefined) {
    // erased by another connection, it may be in this one's memory still
    const secret = row['secret'] === null ? undefined : (context.secrets.get(token) ?? remember(context, token, row))
    return secret === undefined ? undefined : { token, secret }
  }
  const secret = new Uint8Array(randomBytes(32))
  context.sql('INSERT INTO spanwise_subjects (token, secret) VALUES (?, ?)').run(token, context.vault.wrap(secret))
  return { token, secret }
}

export function livingSubject(context: Context, readable: string): Subject {
  const found = subject(context, readable)
  if (found !== undefined) return found
  throw new SpanwiseError({
    code: 'SUBJECT_ERASED',
    message: `The subject ${context.token('subject', readable)} was erased from this store; nothing new is recorded about it.`,
    hint: 'If there is a ground to record again, start under a new subject id.',
  })
}

export function subjects(context: Context, names: readonly string[]): ReadonlyMap<string, Subject> {
  const found = new Map<string, Subject>()
  for (const name of names) {
    const one = subject(context, name)
    if (one !== undefined) found.set(name, one)
  }
  return found
}

/** By token; undefined when it is unknown or erased. */
export function subjectSecret(context: Context, token: string): Uint8Array | undefined {
  return (
    context.secrets.get(token) ??
    remember(context, token, context.sql('SELECT secret FROM spanwise_subjects WHERE token = ?').get(token))
  )
}

/** A run's own; undefined when it has a subject's or was erased. */
export function runSecret(context: Context, seq: number): Uint8Array | undefined {
  if (seq === ledgerSeq) return ledgerSecret(context.key)
  return (
    context.secrets.get(seq) ??
    remember(context, seq, context.sql('SELECT secret FROM spanwise_runs WHERE seq = ?').get(seq))
  )
}

/** A secret that was just made: it will be asked for at once. */
export function keepSecret(context: Context, name: string | number, secret: Uint8Array): void {
  if (context.secrets.size >= cacheSize) context.secrets.clear()
  context.secrets.set(name, secret)
}

function remember(context: Context, name: string | number, row: unknown): Uint8Array | undefined {
  const secret = context.vault.unwrap((row as { readonly secret: Uint8Array | null } | undefined)?.secret)
  if (secret !== undefined) keepSecret(context, name, secret)
  return secret
}

/** Runs that are about a subject, or hold entries about it; oldest first. */
export function runsOfSubject(context: Context, subject: string): readonly string[] {
  const rows = context
    .sql(
      `SELECT run FROM spanwise_runs WHERE subject = ?1
         OR seq IN (SELECT run_seq FROM spanwise_subject_runs WHERE subject = ?1) ORDER BY seq`,
    )
    .all(context.token('subject', subject))
  return rows.map((row) => String(row['run']))
}
