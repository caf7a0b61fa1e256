import { relative } from 'node:path'

/** A path as seen from here, where that is not longer. */
export function near(path: string): string {
  const from = relative(process.cwd(), path)
  if (from === '') return '.'
  return from.startsWith('..') ? path : from
}

/** A store as one would write it here. */
export function nearStore(store: string): string {
  return store.startsWith('sqlite:') ? `sqlite:${near(store.slice('sqlite:'.length))}` : store
}
