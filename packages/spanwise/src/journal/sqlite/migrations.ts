import type { DatabaseSync } from 'node:sqlite'
import { SpanwiseError } from '../error.ts'
import { version1 } from './schema.ts'
import { cacheTables } from './schema-cache.ts'
import { confirmedTables } from './schema-confirmed.ts'
import { countTables } from './schema-counts.ts'
import { debounceTables } from './schema-debounce.ts'
import { decisionTables } from './schema-decisions.ts'
import { identityTables } from './schema-identities.ts'
import { ledgerTables } from './schema-ledger.ts'
import { memoryTables } from './schema-memories.ts'
import { requestTables } from './schema-requests.ts'
import { streamTables } from './schema-streams.ts'
import { vectorTables } from './schema-vectors.ts'
import { webhookTables } from './schema-webhooks.ts'

/** One element per version, from the first on; what was released is never changed. */
export const migrations: readonly string[] = [
  version1,
  decisionTables,
  debounceTables,
  cacheTables,
  ledgerTables,
  confirmedTables,
  memoryTables,
  streamTables,
  countTables,
  identityTables,
  requestTables,
  webhookTables,
  vectorTables,
]

export const schemaVersion = migrations.length

/** Brings the file to this code's version, each step in a transaction of its own; refuses a newer file. */
export function migrate(db: DatabaseSync, where: string, steps: readonly string[] = migrations): void {
  if (steps === migrations && version(db) > 0 && !isOurs(db)) throw foreignError(where)
  for (;;) {
    const found = version(db)
    if (found > steps.length) {
      throw new SpanwiseError({
        code: 'STORE_TOO_NEW',
        message: `${where} has schema version ${found}; this version of Spanwise knows versions up to ${steps.length}.`,
        hint: 'Upgrade Spanwise to the version that wrote this store, or newer.',
      })
    }
    if (found === steps.length) return
    db.exec('BEGIN IMMEDIATE')
    try {
      // again under the lock: another process may have migrated meanwhile
      if (version(db) === found) db.exec(`${steps[found]};\nPRAGMA user_version = ${found + 1}`)
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}

function version(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

function isOurs(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'spanwise_store'").get() !== undefined
}

function foreignError(where: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_FOREIGN',
    message: `${where} is the database of another program, which numbers its own versions in it.`,
    hint: 'Choose a path of its own for the store.',
  })
}
