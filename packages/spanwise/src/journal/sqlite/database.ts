import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { storeError } from './faults.ts'

export interface DatabaseOptions {
  /**
   * When a commit counts as durable. `full` (default): it survives power loss. `normal`: it survives a crash of the process,
   * and the last moments may be lost with the power. `off`: for tests.
   */
  readonly durability?: 'full' | 'normal' | 'off' | undefined
  /** how long to wait for a lock that another process holds, ms */
  readonly busyTimeout?: number | undefined
}

export const memoryPath = ':memory:'

export function openDatabase(path: string, options: DatabaseOptions = {}): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    if (path !== memoryPath) mkdirSync(dirname(path), { recursive: true })
    db = new DatabaseSync(path, {
      timeout: options.busyTimeout ?? 5000,
      enableForeignKeyConstraints: false,
      enableDoubleQuotedStringLiterals: false,
      defensive: true,
    })
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${options.durability ?? 'full'};
      PRAGMA secure_delete = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16384;
    `)
    return db
  } catch (error) {
    db?.close()
    throw folderError(error, path) ?? storeError(error, path)
  }
}

/** What `mkdir` may say. */
function folderError(error: unknown, path: string): Error | undefined {
  const code: unknown = (error as { code?: unknown }).code
  if (typeof code !== 'string' || !code.startsWith('E') || code.startsWith('ERR_')) return undefined
  const readOnly = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
  return storeError(Object.assign(new Error(String(error), { cause: error }), { errcode: readOnly ? 8 : 14 }), path)
}
