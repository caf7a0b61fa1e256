import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { EncryptionOptions, KeyProvider } from '../encryption/provider.ts'
import { sqliteCode } from './faults.ts'

/** What an encrypted store says of its key; in the row `encryption` of spanwise_store. */
export interface KeyHeader {
  readonly version: 1
  /** which of its provider's keys the store key is wrapped with */
  readonly keyId: string
  /** the store key, wrapped; base64 */
  readonly wrapped: string
  /** when the store key was made, and when it was wrapped last; ISO 8601 */
  readonly made: string
  readonly wrappedAt: string
}

/** The unwrapped key of a store: in memory only. */
export interface StoreKeys {
  readonly storeKey: Uint8Array
  readonly header: KeyHeader
}

export function readHeader(db: DatabaseSync): KeyHeader | undefined {
  const row = db.prepare(`SELECT value FROM spanwise_store WHERE name = 'encryption'`).get()
  return row === undefined ? undefined : (JSON.parse(String(row['value'])) as KeyHeader)
}

export function writeHeader(db: DatabaseSync, header: KeyHeader): void {
  db.prepare(`INSERT OR REPLACE INTO spanwise_store (name, value) VALUES ('encryption', ?)`).run(JSON.stringify(header))
}

/** The header of a file that may not be there, or not be a store: whoever opens it in earnest says what is wrong with it. */
export function headerOf(path: string): KeyHeader | undefined {
  if (!existsSync(path)) return undefined
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { timeout: 5_000 })
    return readHeader(db)
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error
    return undefined
  } finally {
    db?.close()
  }
}

/** A new store key, wrapped. */
export async function newStoreKeys(provider: KeyProvider): Promise<StoreKeys> {
  const storeKey = new Uint8Array(randomBytes(32))
  const made = new Date().toISOString()
  return { storeKey, header: { version: 1, made, ...(await wrapFor(provider, storeKey)) } }
}

/** The same store key under the provider's newest key. */
export async function rewrapped({ storeKey, header }: StoreKeys, provider: KeyProvider): Promise<StoreKeys> {
  return { storeKey, header: { ...header, ...(await wrapFor(provider, storeKey)) } }
}

async function wrapFor(provider: KeyProvider, storeKey: Uint8Array) {
  const { keyId, bytes } = await provider.wrap(storeKey)
  return { keyId, wrapped: Buffer.from(bytes).toString('base64'), wrappedAt: new Date().toISOString() }
}

export async function unwrapHeader(header: KeyHeader, provider: KeyProvider): Promise<StoreKeys> {
  const wrapped = { keyId: header.keyId, bytes: Buffer.from(header.wrapped, 'base64') }
  return { storeKey: await provider.unwrap(wrapped), header }
}

/** The keys that a file is opened with: its own, unwrapped, or new ones where it is to be made. */
export async function storeKeys(
  path: string,
  encryption: EncryptionOptions | 'locked' | undefined,
): Promise<{ readonly keys: StoreKeys | 'locked' | undefined; readonly isNew: boolean }> {
  if (typeof encryption !== 'object') return { keys: encryption, isNew: false }
  const header = headerOf(path)
  return header === undefined
    ? { keys: await newStoreKeys(encryption.keys), isNew: true }
    : { keys: await unwrapHeader(header, encryption.keys), isNew: false }
}
