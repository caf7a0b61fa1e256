import { createHash } from 'node:crypto'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Decision } from './decision.ts'

export interface WrittenDigest {
  readonly file: string
  readonly mails: number
  readonly sha256: string
}

/** One line per mail, in the order of ids, and no times in it: the same decisions are the same bytes. */
export function digestText(decisions: readonly Decision[]): string {
  return [...decisions]
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    .map(({ id, route, probability, by }) => `${JSON.stringify({ id, route, probability, by })}\n`)
    .join('')
}

/** Renamed into place when it is on disk, so a reader never sees half a digest and a repeat does no harm. */
export async function writeDigest(file: string, decisions: readonly Decision[]): Promise<WrittenDigest> {
  const text = digestText(decisions)
  await mkdir(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.part`
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, file)
  return { file, mails: decisions.length, sha256: createHash('sha256').update(text).digest('hex') }
}
