import { fileURLToPath } from 'node:url'
import { SpanwiseError } from './error.ts'
import { openSqliteStore, type SqliteOptions } from './sqlite/client.ts'
import { openMemoryStore } from './sqlite/memory.ts'
import type { Store } from './store.ts'

export type StoreOptions = SqliteOptions

export type StoreAddress = { readonly kind: 'memory' } | { readonly kind: 'sqlite'; readonly path: string }

/**
 * @example
 * const store = await openStore('sqlite:./spanwise.db')
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const address = parseStoreUrl(url)
  if (address.kind === 'memory') return openMemoryStore({ maxPayload: options.maxPayload })
  return openSqliteStore(address.path, options)
}

/** `sqlite:<path>`, `sqlite://<absolute path>`, `sqlite::memory:` or `memory:`. */
export function parseStoreUrl(url: string): StoreAddress {
  if (url === 'memory:' || url === 'sqlite::memory:') return { kind: 'memory' }
  if (/^sqlite:./.test(url)) return { kind: 'sqlite', path: sqlitePath(url) }
  if (/^postgres(ql)?:/.test(url)) {
    throw unknown(url, 'Postgres is not here yet.', 'Use a file for now: sqlite:./spanwise.db')
  }
  throw unknown(url, 'It begins with no scheme that Spanwise knows.', 'Write sqlite:./spanwise.db or memory:')
}

function sqlitePath(url: string): string {
  return url.startsWith('sqlite://') ? fileURLToPath(url.replace('sqlite:', 'file:')) : url.slice('sqlite:'.length)
}

function unknown(url: string, why: string, hint: string): SpanwiseError {
  // a URL may hold a password
  const shown = url.replace(/\/\/[^@/]*@/, '//…@')
  return new SpanwiseError({ code: 'STORE_UNKNOWN', message: `Cannot open the store “${shown}”. ${why}`, hint })
}
