import { randomBytes, randomUUID } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Columns, columnsOf } from '../encryption/columns.ts'
import { keyedVault, locked, lockedVault, openVault, type Vault } from '../encryption/vault.ts'
import { SpanwiseError } from '../error.ts'
import { identityToken } from '../secret.ts'
import type { StoreInfo } from '../store.ts'
import { type KeyHeader, readHeader, type StoreKeys, writeHeader } from './header.ts'
import { createLog, type Log } from './log-state.ts'
import type { RunningDigest } from './running-digest.ts'

/** One connection with what its functions share. */
export interface Context {
  readonly db: DatabaseSync
  readonly where: string
  readonly id: string
  /** the HMAC key behind every token of this store; empty when it is locked */
  readonly key: Uint8Array
  readonly vault: Vault
  readonly columns: Columns
  /** compiled once per text */
  sql(text: string): StatementSync
  token: StoreInfo['token']
  /** what every append runs, without a look-up by text */
  readonly hot: {
    readonly head: StatementSync
    readonly insertSegment: StatementSync
    readonly segmentsFrom: StatementSync
    readonly segmentAt: StatementSync
  }
  readonly log: Log
  /** by a subject's token or a run's number; dropped on every rollback, because one that was made in it may be among them */
  readonly secrets: Map<string | number, Uint8Array>
  /** of streams that grow, by number; dropped on every rollback too */
  readonly digests: Map<number, RunningDigest>
}

/** @param keys of an encrypted store; `locked`: without them, to look at what needs none */
export function createContext(db: DatabaseSync, where: string, keys?: StoreKeys | 'locked'): Context {
  const statements = new Map<string, StatementSync>()
  const sql = (text: string): StatementSync => {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = db.prepare(text)
      statements.set(text, statement)
    }
    return statement
  }
  const { id, key, vault } = identity(db, where, keys)
  const hot = {
    head: db.prepare(head, { returnArrays: true }),
    insertSegment: db.prepare('INSERT INTO spanwise_segments (pos, n, data) VALUES (?, ?, ?)'),
    segmentsFrom: db.prepare('SELECT pos, n, data FROM spanwise_segments WHERE pos >= ? ORDER BY pos'),
    segmentAt: db.prepare('SELECT pos, n, data FROM spanwise_segments WHERE pos <= ? ORDER BY pos DESC LIMIT 1'),
  }
  return {
    db,
    where,
    id,
    key,
    vault,
    columns: columnsOf(vault, key),
    sql,
    hot,
    token: tokenizer(key),
    log: createLog(),
    secrets: new Map(),
    digests: new Map(),
  }
}

const head = `SELECT epoch, owner IS NOT NULL, status, linked, subject, updated_at FROM spanwise_runs
  WHERE seq = ? AND run = ?`

export function tokenizer(key: Uint8Array): StoreInfo['token'] {
  return (purpose, value) => {
    if (key.length === 0) throw locked()
    return identityToken(key, purpose, value)
  }
}

interface Identity {
  readonly id: string
  readonly key: Uint8Array
  readonly vault: Vault
}

function identity(db: DatabaseSync, where: string, keys: StoreKeys | 'locked' | undefined): Identity {
  const insert = db.prepare('INSERT OR IGNORE INTO spanwise_store (name, value) VALUES (?, ?)')
  const read = db.prepare('SELECT value FROM spanwise_store WHERE name = ?')
  if (read.get('key') === undefined) {
    // in one transaction, and what was there first stays: two processes may open a new file at once
    db.exec('BEGIN IMMEDIATE')
    if (read.get('key') === undefined) {
      const own = randomBytes(32)
      insert.run('id', randomUUID())
      if (typeof keys === 'object') writeHeader(db, keys.header)
      insert.run('key', typeof keys === 'object' ? keyedVault(keys.storeKey).wrap(own) : own)
      insert.run('created', new Date().toISOString())
    }
    db.exec('COMMIT')
  }
  const vault = vaultFor(readHeader(db), keys, where)
  const key = vault.unwrap(read.get('key')?.['value'] as Uint8Array) ?? new Uint8Array(0)
  return { id: String(read.get('id')?.['value']), key, vault }
}

function vaultFor(header: KeyHeader | undefined, keys: StoreKeys | 'locked' | undefined, where: string): Vault {
  if (header === undefined) {
    if (typeof keys === 'object') throw notEncrypted(where)
    return openVault
  }
  if (keys === undefined) throw locked(where)
  return keys === 'locked' ? lockedVault : keyedVault(keys.storeKey)
}

function notEncrypted(where: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_NOT_ENCRYPTED',
    message: `The store ${where} is not encrypted, and the config names a key for it.`,
    hint: 'Nothing was changed. Encrypt it, while no process works on it: spanwise store encrypt.',
  })
}
