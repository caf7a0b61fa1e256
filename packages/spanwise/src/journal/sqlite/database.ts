import { accessSync, constants, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { result, sqliteCode, storeError } from './faults.ts'

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
    throw openError(error, path)
  }
}

/** A folder that cannot be made or written is told from a path that is wrong. */
export function openError(error: unknown, path: string): Error {
  const code: unknown = (error as { code?: unknown }).code
  const system = typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined
  if (system === undefined && sqliteCode(error) !== result.CANTOPEN) return storeError(error, path)
  const readOnly = system === undefined ? !mayWrite(dirname(path)) : ['EACCES', 'EPERM', 'EROFS'].includes(system)
  return storeError(error, path, readOnly ? result.READONLY : result.CANTOPEN)
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
