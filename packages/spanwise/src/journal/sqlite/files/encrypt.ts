import type { DatabaseSync } from 'node:sqlite'
import { columnsOf } from '../../encryption/columns.ts'
import { type EncryptionOptions, type KeyProvider, wrongKey } from '../../encryption/provider.ts'
import { keyedVault, locked } from '../../encryption/vault.ts'
import { SpanwiseError } from '../../error.ts'
import { type Context, createContext } from '../context.ts'
import { encryptEntries } from '../entries.ts'
import { storeError } from '../faults.ts'
import { headerOf, newStoreKeys, rewrapped, type StoreKeys, unwrapHeader, writeHeader } from '../header.ts'
import { acquireOwnership, storeFile } from '../owner.ts'
import { openStoreFile } from './open-file.ts'
import { sizeOf } from './restore.ts'

/** Columns with a secret of 32 bytes: all that has to be wrapped anew when the store key changes. */
const secrets: readonly (readonly [table: string, column: string])[] = [
  ['spanwise_runs', 'secret'],
  ['spanwise_subjects', 'secret'],
  ['spanwise_forks', 'token_key'],
]

/** Columns with text or bytes of users. `name`: rows are found by it. */
const texts: readonly (readonly [table: string, column: string, kind: 'text' | 'name' | 'bytes'])[] = [
  ['spanwise_mail', 'payload', 'text'],
  ['spanwise_runs', 'outcome', 'text'],
  ['spanwise_schedules', 'id', 'name'],
  ['spanwise_schedules', 'start', 'text'],
  ['spanwise_schedules', 'paused_why', 'text'],
  ['spanwise_memories', 'text', 'text'],
  ['spanwise_memories', 'vector', 'bytes'],
  ['spanwise_memories', 'vector', 'text'],
  ['spanwise_streams', 'name', 'name'],
  ['spanwise_streams', 'ordering', 'text'],
  ['spanwise_streams', 'digest', 'text'],
  ['spanwise_stream_parts', 'data', 'bytes'],
]

/** Where encryption puts its hand on a column, and why not on some: a test holds this against the schema. */
export const encryptedColumns: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...secrets, ...texts].map(([table, column]) => [`${table}.${column}`, 'encrypted'])),
  'spanwise_segments.data': 'its payloads are encrypted, one by one',
  'spanwise_blobs.data': 'encrypted as the payload that it is',
  'spanwise_archived.key': 'opens nothing without a secret that is wrapped',
}

export interface Encrypted {
  readonly path: string
  readonly keyId: string
  readonly entries: number
  /** of the file */
  readonly bytes: number
}

/**
 * Encrypts a store that is not: in one commit, so that a crash leaves it as it was or encrypted. The key is made, wrapped and opened
 * again before anything is touched. Nobody may use the store meanwhile.
 * @throws STORE_ENCRYPTED_ALREADY, STORE_OWNED, and what the provider throws
 */
export async function encryptStore(
  path: string,
  { keys: provider }: EncryptionOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<Encrypted> {
  mustExist(path)
  await using ownership = await acquireOwnership(path)
  const store = ownership.path
  if (headerOf(store) !== undefined) throw already(store)
  const keys = await newStoreKeys(provider)
  await mustOpen(keys, provider)
  const { db, lastPosition } = openStoreFile(store)
  try {
    const entries = lastPosition()
    db.exec('PRAGMA secure_delete = ON')
    const context = createContext(db, store)
    inOneCommit(db, () => {
      const vault = keyedVault(keys.storeKey)
      encryptEntries(context, vault, (done) => onProgress?.(done, entries))
      const columns = columnsOf(vault, context.key)
      db.function('spanwise_seal', (text) => columns.seal(String(text)))
      db.function('spanwise_seal_name', (text) => columns.sealName(String(text)))
      db.function('spanwise_seal_bytes', (bytes) => columns.sealBytes(bytes as Uint8Array))
      for (const [table, column, kind] of texts) {
        const seal = { text: 'spanwise_seal', name: 'spanwise_seal_name', bytes: 'spanwise_seal_bytes' }[kind]
        const type = kind === 'bytes' ? 'blob' : 'text'
        db.exec(`UPDATE ${table} SET ${column} = ${seal}(${column}) WHERE typeof(${column}) = '${type}'`)
      }
      wrapSecrets(context, (secret) => vault.wrap(secret))
      writeHeader(db, keys.header)
    })
    sweep(db)
    return { path: store, keyId: keys.header.keyId, entries, bytes: sizeOf(store) }
  } catch (error) {
    throw storeError(error, store)
  } finally {
    db.close()
  }
}

/** The store key under the provider's newest key: nothing else is written, and a process may work on the store. */
export async function rotateKey(path: string, { keys: provider }: EncryptionOptions): Promise<KeyStatus> {
  const { store, keys } = await unlock(path, provider)
  const next = await rewrapped(keys, provider)
  await mustOpen(next, provider)
  const { db } = openStoreFile(store)
  try {
    writeHeader(db, next.header)
  } finally {
    db.close()
  }
  return keyStatus(path, { keys: provider })
}

/**
 * A new store key: every secret is wrapped anew, in one commit; content stays as it is, because its keys come from the secrets.
 * Nobody may use the store meanwhile.
 * @throws STORE_OWNED
 */
export async function rotateStoreKey(path: string, { keys: provider }: EncryptionOptions): Promise<KeyStatus> {
  mustExist(path)
  {
    await using ownership = await acquireOwnership(path)
    const { keys } = await unlock(ownership.path, provider)
    const next = await newStoreKeys(provider)
    await mustOpen(next, provider)
    const { db } = openStoreFile(ownership.path)
    try {
      db.exec('PRAGMA secure_delete = ON')
      const context = createContext(db, ownership.path, keys)
      const [before, after] = [keyedVault(keys.storeKey), keyedVault(next.storeKey)]
      inOneCommit(db, () => {
        wrapSecrets(context, (stored) => after.wrap(before.unwrap(stored) as Uint8Array))
        writeHeader(db, next.header)
      })
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      throw storeError(error, ownership.path)
    } finally {
      db.close()
    }
  }
  return keyStatus(path, { keys: provider })
}

export interface KeyStatus {
  readonly path: string
  readonly provider: string
  /** the provider's key that the store key is wrapped with, and the one that it would be wrapped with now */
  readonly keyId: string
  readonly newest: string
  /** ISO 8601 */
  readonly wrappedAt: string
  readonly storeKeyMade: string
}

/** @throws STORE_NOT_ENCRYPTED, and what the provider throws when its keys do not open the store */
export async function keyStatus(path: string, { keys: provider }: EncryptionOptions): Promise<KeyStatus> {
  const { store, keys } = await unlock(path, provider)
  const { keyId, wrappedAt, made } = keys.header
  return {
    path: store,
    provider: provider.name,
    keyId,
    newest: await provider.current(),
    wrappedAt,
    storeKeyMade: made,
  }
}

function wrapSecrets({ db, key }: Context, wrap: (stored: Uint8Array) => Uint8Array): void {
  db.function('spanwise_wrap', (stored) => wrap(stored as Uint8Array))
  for (const [table, column] of secrets)
    db.exec(`UPDATE ${table} SET ${column} = spanwise_wrap(${column}) WHERE ${column} IS NOT NULL`)
  if (key.length !== 32) throw locked()
  db.exec(`UPDATE spanwise_store SET value = spanwise_wrap(value) WHERE name = 'key'`)
}

async function unlock(
  path: string,
  provider: KeyProvider,
): Promise<{ readonly store: string; readonly keys: StoreKeys }> {
  const store = mustExist(path)
  const header = headerOf(store)
  if (header !== undefined) return { store, keys: await unwrapHeader(header, provider) }
  throw new SpanwiseError({
    code: 'STORE_NOT_ENCRYPTED',
    message: `The store ${store} is not encrypted.`,
    hint: 'Encrypt it, while no process works on it: spanwise store encrypt.',
  })
}

/** A provider that cannot open what it wrapped must be found out before a store depends on it. */
async function mustOpen(keys: StoreKeys, provider: KeyProvider): Promise<void> {
  const { storeKey } = await unwrapHeader(keys.header, provider)
  if (Buffer.compare(storeKey, keys.storeKey) !== 0) throw wrongKey(provider.name, keys.header.keyId)
}

function mustExist(path: string): string {
  const store = storeFile(path)
  const { db } = openStoreFile(store)
  db.close()
  return store
}

function inOneCommit(db: DatabaseSync, work: () => void): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    work()
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** What was there in clear must be nowhere in the files: not in pages that are free now, and not in the log. */
function sweep(db: DatabaseSync): void {
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  db.exec('VACUUM')
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
}

function already(store: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_ENCRYPTED_ALREADY',
    message: `The store ${store} is encrypted already.`,
    hint: 'See with which key: spanwise keys status. A new one: spanwise keys rotate.',
  })
}
