import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SpanwiseError } from '../../error.ts'
import { result, sqliteCode, storeError } from '../faults.ts'
import { schemaVersion } from '../migrations.ts'
import { missing } from './backup.ts'

/** The file of a store, opened to be looked at or copied: not migrated, nothing registered, no thread. */
export interface StoreFile {
  readonly db: DatabaseSync
  /** a pragma that answers a number */
  number(pragma: 'page_count' | 'page_size' | 'freelist_count'): number
  lastPosition(): number
  /** @throws STORE_CORRUPT */
  mustBeWhole(): void
}

/** @throws STORE_MISSING, STORE_FOREIGN, STORE_TOO_NEW, STORE_NOT_A_DATABASE */
export function openStoreFile(path: string): StoreFile {
  if (!existsSync(path)) throw missing(path)
  let db: DatabaseSync | undefined
  try {
    const opened = new DatabaseSync(path, { timeout: 5_000 })
    db = opened
    const version = Number(opened.prepare('PRAGMA user_version').get()?.['user_version'])
    const ours = opened.prepare("SELECT 1 FROM sqlite_master WHERE name = 'spanwise_store'").get() !== undefined
    if (!ours) {
      throw new SpanwiseError({
        code: 'STORE_FOREIGN',
        message: `${path} is no store of Spanwise.`,
        hint: 'Check the path.',
      })
    }
    if (version > schemaVersion) {
      throw new SpanwiseError({
        code: 'STORE_TOO_NEW',
        message: `${path} has schema version ${version}; this version of Spanwise knows versions up to ${schemaVersion}.`,
        hint: 'Upgrade Spanwise to the version that wrote this store, or newer.',
      })
    }
    return {
      db: opened,
      number: (pragma) => Number(opened.prepare(`PRAGMA ${pragma}`).get()?.[pragma]),
      lastPosition: () => {
        const row = opened.prepare('SELECT pos, n FROM spanwise_segments ORDER BY pos DESC LIMIT 1').get()
        return row === undefined ? 0 : Number(row['pos']) + Number(row['n']) - 1
      },
      mustBeWhole: () => {
        const problems = integrityProblems(opened)
        if (problems.length === 0) return
        throw new SpanwiseError({
          code: 'STORE_CORRUPT',
          message: `The store ${path} is damaged: ${problems[0]}`,
          hint: 'Take another backup, or see what there is: spanwise store check.',
        })
      },
    }
  } catch (error) {
    db?.close()
    throw storeError(error, path)
  }
}

/** What SQLite finds wrong with its own file; empty when nothing. */
export function integrityProblems(db: DatabaseSync): readonly string[] {
  let found: readonly string[]
  try {
    found = db
      .prepare('PRAGMA integrity_check(20)')
      .all()
      .map((row) => String(row['integrity_check']))
  } catch (error) {
    // so damaged that it cannot even be walked through
    if (sqliteCode(error) !== result.CORRUPT) throw error
    return [(error as Error).message]
  }
  return found.length === 1 && found[0] === 'ok' ? [] : found
}
