import { randomBytes } from 'node:crypto'
import { SpanwiseError } from '../error.ts'
import type { Context } from './context.ts'

/** a worker may meet millions of subjects */
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
    const secret = row['secret'] as Uint8Array | null
    return secret === null ? undefined : { token, secret }
  }
  const secret = new Uint8Array(randomBytes(32))
  context.sql('INSERT INTO spanwise_subjects (token, secret) VALUES (?, ?)').run(token, secret)
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
  const { secrets } = context
  const known = secrets.get(token)
  if (known !== undefined) return known
  const row = context.sql('SELECT secret FROM spanwise_subjects WHERE token = ?').get(token)
  const secret = (row?.['secret'] as Uint8Array | null | undefined) ?? undefined
  if (secret === undefined) return undefined
  if (secrets.size >= cacheSize) secrets.clear()
  secrets.set(token, secret)
  return secret
}
