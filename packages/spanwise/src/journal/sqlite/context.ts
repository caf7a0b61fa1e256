import { randomBytes, randomUUID } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { identityToken } from '../secret.ts'
import type { StoreInfo } from '../store.ts'
import { createLog, type Log } from './log-state.ts'

/** One connection with what its functions share. */
export interface Context {
  readonly db: DatabaseSync
  readonly where: string
  readonly id: string
  /** the HMAC key behind every token of this store */
  readonly key: Uint8Array
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
}

export function createContext(db: DatabaseSync, where: string): Context {
  const statements = new Map<string, StatementSync>()
  const sql = (text: string): StatementSync => {
    let statement = statements.get(text)
    if (statement === undefined) {
      statement = db.prepare(text)
      statements.set(text, statement)
    }
    return statement
  }
  const { id, key } = identity(db)
  const hot = {
    head: db.prepare(head, { returnArrays: true }),
    insertSegment: db.prepare('INSERT INTO spanwise_segments (pos, n, data) VALUES (?, ?, ?)'),
    segmentsFrom: db.prepare('SELECT pos, n, data FROM spanwise_segments WHERE pos >= ? ORDER BY pos'),
    segmentAt: db.prepare('SELECT pos, n, data FROM spanwise_segments WHERE pos <= ? ORDER BY pos DESC LIMIT 1'),
  }
  return { db, where, id, key, sql, hot, token: tokenizer(key), log: createLog(), secrets: new Map() }
}

const head = `SELECT epoch, owner IS NOT NULL, status, linked, subject, updated_at FROM spanwise_runs
  WHERE seq = ? AND run = ?`

export function tokenizer(key: Uint8Array): StoreInfo['token'] {
  return (purpose, value) => identityToken(key, purpose, value)
}

function identity(db: DatabaseSync): { readonly id: string; readonly key: Uint8Array } {
  const insert = db.prepare('INSERT OR IGNORE INTO spanwise_store (name, value) VALUES (?, ?)')
  const read = db.prepare('SELECT value FROM spanwise_store WHERE name = ?')
  if (read.get('key') === undefined) {
    // in one transaction, and what was there first stays: two processes may open a new file at once
    db.exec('BEGIN IMMEDIATE')
    insert.run('id', randomUUID())
    insert.run('key', randomBytes(32))
    insert.run('created', new Date().toISOString())
    db.exec('COMMIT')
  }
  return { id: String(read.get('id')?.['value']), key: read.get('key')?.['value'] as Uint8Array }
}
