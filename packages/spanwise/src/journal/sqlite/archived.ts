import { join } from 'node:path'
import { decrypt } from '../archive/format.ts'
import { readFrame } from '../archive/read.ts'
import type { Context } from './context.ts'
import { runSecret, subjectSecret } from './subjects.ts'

export function archiveFolder(store: string): string {
  return `${store}.archive`
}

/**
 * Payloads of an archived run by index, out of its file; those whose secret was destroyed are missing. Undefined when the run is not
 * archived.
 */
export function archivedPayloads(context: Context, runSeq: number): ReadonlyMap<number, string> | undefined {
  const row = context.sql('SELECT file, offset, length, key FROM spanwise_archived WHERE run_seq = ?').get(runSeq)
  if (row === undefined) return undefined
  const payloads = new Map<number, string>()
  const key = row['key'] as Uint8Array | null
  if (key === null) return payloads
  const path = join(archiveFolder(context.where), String(row['file']))
  const content = readFrame(path, Number(row['offset']), Number(row['length'])).at(-1)?.['content'] ?? {}
  for (const [whose, text] of Object.entries(content as Readonly<Record<string, string>>)) {
    const secret = whose === '' ? ownSecret(context, runSeq) : subjectSecret(context, whose)
    if (secret === undefined) continue
    for (const [index, payload] of decrypt(text, secret, key, path)) payloads.set(index, payload)
  }
  return payloads
}

export function isArchived(context: Context, runSeq: number): boolean {
  return context.sql('SELECT 1 FROM spanwise_archived WHERE run_seq = ?').get(runSeq) !== undefined
}

/** What covers entries that name no subject. */
export function ownSecret(context: Context, runSeq: number): Uint8Array | undefined {
  const subject = context.sql('SELECT subject FROM spanwise_runs WHERE seq = ?').get(runSeq)?.['subject'] as
    | string
    | null
    | undefined
  return subject === null || subject === undefined ? runSecret(context, runSeq) : subjectSecret(context, subject)
}
