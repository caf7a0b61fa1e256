import type { Context } from './context.ts'

/** The place of a release in the order in which the store first saw them. */
export function releaseSeq(context: Context, name: string): number {
  const found = context.sql('SELECT seq FROM spanwise_releases WHERE name = ?').get(name)
  if (found !== undefined) return Number(found['seq'])
  return Number(context.sql('INSERT INTO spanwise_releases (name) VALUES (?)').run(name).lastInsertRowid)
}

/** The same without making it known; undefined where it is new, and then newer than all. */
export function knownRelease(context: Context, name: string): number | undefined {
  const found = context.sql('SELECT seq FROM spanwise_releases WHERE name = ?').get(name)
  return found === undefined ? undefined : Number(found['seq'])
}
