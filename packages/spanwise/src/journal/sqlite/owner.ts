import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SpanwiseError } from '../error.ts'
import { openError } from './database.ts'
import { sqliteCode } from './faults.ts'

/** The right to work on a store's file: held by one process, gone with it, however it dies. */
export interface Ownership extends AsyncDisposable {
  readonly path: string
  release(): Promise<void>
}

export interface Owner {
  readonly pid: number
  readonly host: string
  /** ISO 8601 */
  readonly since: string
  /** how far the wall clock of this machine was set on (or back, below 0) since then, ms; unknown on another one */
  readonly clockMoved?: number | undefined
}

const BUSY = 5

/** Who has it keeps it for the life of a process; whoever only looks is gone in a moment. ms */
const patience = 100
/** Looking must not hold the caller up; two who look at once wait for each other this long. */
const glance = 5
/** A new owner writes its name in one commit, during which nobody can read it: that long a disk may take, ms */
const commit = 5_000

/**
 * Takes the file or refuses with STORE_OWNED, naming who has it. What is held is SQLite's write lock on a small file beside
 * the store: the system releases it when the process ends, so there is no stale lock to remove after `kill -9`. Readers are
 * not kept out by it, which is how the owner's name can be read.
 */
export async function acquireOwnership(path: string): Promise<Ownership> {
  const store = storeFile(path)
  const db = open(store, patience)
  try {
    for (;;) {
      writeOwner(db)
      db.exec('BEGIN IMMEDIATE')
      // between the two another process may have been quicker twice; then its name stands there
      if (readOwner(db)?.pid === process.pid) break
      db.exec('ROLLBACK')
    }
  } catch (error) {
    const owner = sqliteCode(error) === BUSY ? readOther(db) : undefined
    db.close()
    throw sqliteCode(error) === BUSY ? ownedError(store, owner, error) : openError(error, store)
  }
  const release = async (): Promise<void> => {
    if (db.isOpen) db.close()
  }
  return { path: store, release, [Symbol.asyncDispose]: release }
}

/** Who works on the file now; undefined when nobody does. */
export function currentOwner(path: string): Owner | undefined {
  const store = storeFile(path)
  if (!existsSync(ownerFile(store))) return undefined
  const db = open(store, glance)
  try {
    db.exec('BEGIN IMMEDIATE')
    db.exec('ROLLBACK')
    return undefined
  } catch (error) {
    if (sqliteCode(error) !== BUSY) throw openError(error, store)
    return readOther(db)
  } finally {
    db.close()
  }
}

function ownerFile(store: string): string {
  return `${store}.owner`
}

function open(store: string, timeout: number): DatabaseSync {
  try {
    mkdirSync(dirname(store), { recursive: true })
    return new DatabaseSync(ownerFile(store), { timeout })
  } catch (error) {
    throw openError(error, store)
  }
}

function writeOwner(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec('CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), pid, host, since)')
    db.prepare('INSERT OR REPLACE INTO owner (one, pid, host, since) VALUES (1, ?, ?, ?)').run(
      process.pid,
      hostname(),
      new Date().toISOString(),
    )
    // a second clock, which nobody sets
    db.exec('CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), uptime)')
    db.prepare('INSERT OR REPLACE INTO clock (one, uptime) VALUES (1, ?)').run(uptime())
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function readOwner(db: DatabaseSync): Owner | undefined {
  const row = db.prepare('SELECT pid, host, since FROM owner').get()
  if (row === undefined) return undefined
  const owner = { pid: Number(row['pid']), host: String(row['host']), since: String(row['since']) }
  return { ...owner, clockMoved: clockMoved(db, owner) }
}

function clockMoved(db: DatabaseSync, { host, since }: Owner): number | undefined {
  // written by an earlier version
  if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'clock'").get() === undefined) return undefined
  const then = db.prepare('SELECT uptime FROM clock').get()?.['uptime']
  if (host !== hostname() || typeof then !== 'number') return undefined
  return Math.round(Date.now() - Date.parse(since) - (uptime() - then) * 1_000)
}

/** The name of whoever has the file, or is about to have it. */
function readOther(db: DatabaseSync): Owner | undefined {
  db.exec(`PRAGMA busy_timeout = ${commit}`)
  return readOwner(db)
}

/** One file has one owner, under whatever name it is opened. */
export function storeFile(path: string): string {
  const full = resolve(path)
  if (existsSync(full)) return realpathSync(full)
  const folder = dirname(full)
  return existsSync(folder) ? join(realpathSync(folder), basename(full)) : full
}

function ownedError(store: string, owner: Owner | undefined, cause: unknown): SpanwiseError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host} (since ${owner.since})`
  return new SpanwiseError({
    code: 'STORE_OWNED',
    message: `${who[0]?.toUpperCase()}${who.slice(1)} is working on the store ${store}; a store in a file has one worker.`,
    hint: 'Stop that process first, or open the store without working (work: false) and let that process do the work.',
    cause,
  })
}
