import { operation } from './describe.ts'

/** An operation without what differs from run to run and from item to item. */
export function plainName(key: string): string {
  const plain = key
    .replace(/^@\d+\//, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/#\d+/g, '#0')
  return operation(plain)
}

/** How often each is there, the most frequent first. */
export function tally(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)
}
