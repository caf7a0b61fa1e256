import { copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SpanwiseError } from '../../error.ts'
import { result, sqliteCode } from '../faults.ts'
import { acquireOwnership } from '../owner.ts'
import { syncFile, syncFolderOf } from './disk.ts'
import { openStoreFile } from './open-file.ts'

export interface RestoreResult {
  readonly path: string
  /** where what was there before is kept; undefined when there was nothing */
  readonly kept: string | undefined
  readonly entries: number
}

/**
 * Puts a backup in the place of a store that nobody uses. It is copied beside the store, read, and only then takes its name, in one
 * step: a crash at any moment leaves the old store or the new one. The old file is kept.
 * @throws STORE_OWNED while a process works on the store, STORE_BUSY while another has it open
 */
export async function restoreStore(path: string, from: string): Promise<RestoreResult> {
  const backup = resolve(from)
  await using ownership = await acquireOwnership(path)
  const store = ownership.path
  if (backup === store) {
    throw new SpanwiseError({
      code: 'RESTORE_SAME',
      message: `${backup} is the store itself.`,
      hint: 'Name the backup that is to take its place.',
    })
  }
  const incoming = `${store}.restoring`
  try {
    const entries = readWhole(backup)
    copyFileSync(backup, incoming)
    readWhole(incoming)
    syncFile(incoming)
    const kept = existsSync(store) ? setAside(store) : undefined
    renameSync(incoming, store)
    syncFolderOf(store)
    return { path: store, kept, entries }
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${incoming}${end}`, { force: true })
  }
}

/** A backup is one file: a store that was copied while it was in use has more in its log, and is not whole without it. */
function readWhole(path: string): number {
  const file = openStoreFile(path)
  try {
    file.mustBeWhole()
    return file.lastPosition()
  } finally {
    file.db.close()
  }
}

/** The old store gets a second name, so that its first can be taken from it in one step. */
function setAside(store: string): string {
  const kept = freeName(store)
  foldLog(store)
  linkSync(store, kept)
  // the log of a file that could not be read belongs to it and must not be taken for the new one's
  for (const end of ['-wal', '-shm']) {
    if (existsSync(`${store}${end}`)) renameSync(`${store}${end}`, `${kept}${end}`)
  }
  return kept
}

/** Takes the log into the file and away; which also shows that nobody else has it open. What is damaged is left as it is. */
function foldLog(store: string): void {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(store, { timeout: 1_000 })
    db.exec('PRAGMA journal_mode = DELETE')
    if (db.prepare('PRAGMA journal_mode').get()?.['journal_mode'] === 'wal') throw inUse(store, undefined)
  } catch (error) {
    if (sqliteCode(error) === result.BUSY) throw inUse(store, error)
    if (sqliteCode(error) === undefined) throw error
  } finally {
    db?.close()
  }
}

function inUse(store: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_BUSY',
    message: `Another process has the store ${store} open.`,
    hint: 'Close programs that look at it (clients with work: false, a database browser), then restore again.',
    cause,
  })
}

function freeName(store: string): string {
  const time = new Date().toISOString().replace(/[:.]/g, '-')
  for (let n = 1; ; n++) {
    const name = `${store}.before-restore-${time}${n === 1 ? '' : `-${n}`}`
    if (!existsSync(name)) return name
  }
}

export function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}
