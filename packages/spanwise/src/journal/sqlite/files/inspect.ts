import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EncryptionOptions } from '../../encryption/provider.ts'
import { leaf } from '../../leaf.ts'
import type { OlderNote } from '../../older.ts'
import { commit } from '../../secret.ts'
import { createContext } from '../context.ts'
import { entriesOf } from '../entries.ts'
import { storeError } from '../faults.ts'
import { headerOf, type KeyHeader, storeKeys } from '../header.ts'
import { acquireOwnership, currentOwner, type Owner, storeFile } from '../owner.ts'
import { runById } from '../rows.ts'
import { subjectSecret } from '../subjects.ts'
import { integrityProblems, openStoreFile } from './open-file.ts'
import { lastPosition, olderNote, readAcknowledged } from './position.ts'
import { sizeOf } from './restore.ts'

export interface StoreFacts {
  readonly path: string
  readonly id: string
  readonly schema: number
  readonly owner: Owner | undefined
  /** entries in the log, and how many are known to have been acknowledged from it */
  readonly entries: number
  readonly acknowledged: number | undefined
  readonly older: OlderNote | undefined
  /** undefined when it is not encrypted */
  readonly encryption: Pick<KeyHeader, 'keyId' | 'made' | 'wrappedAt'> | undefined
  readonly runs: number
  readonly bytes: {
    readonly file: number
    /** the log that is not in the file yet */
    readonly wal: number
    /** pages of the file that hold nothing and are used again */
    readonly free: number
    readonly archive: number
  }
  /** with their indexes, largest first */
  readonly tables: readonly { readonly name: string; readonly bytes: number }[]
}

/** Sizes by table; walks through the whole file. */
export function storeFacts(path: string): StoreFacts {
  const store = storeFile(path)
  const file = openStoreFile(store)
  const { db } = file
  try {
    const context = createContext(db, store, 'locked')
    const tables = db
      .prepare(
        `SELECT m.tbl_name AS name, sum(s.pgsize) AS bytes FROM dbstat s JOIN sqlite_master m ON m.name = s.name
         WHERE s.aggregate = TRUE GROUP BY m.tbl_name ORDER BY bytes DESC`,
      )
      .all()
    return {
      path: store,
      id: context.id,
      schema: Number(db.prepare('PRAGMA user_version').get()?.['user_version']),
      owner: currentOwner(store),
      entries: lastPosition(context),
      acknowledged: readAcknowledged(store)?.position,
      older: olderNote(context),
      encryption: encryptionOf(store),
      runs: Number(db.prepare('SELECT count(*) AS n FROM spanwise_runs').get()?.['n']),
      bytes: {
        file: sizeOf(store),
        wal: sizeOf(`${store}-wal`),
        free: file.number('freelist_count') * file.number('page_size'),
        archive: folderSize(`${store}.archive`),
      },
      tables: tables.map((row) => ({ name: String(row['name']), bytes: Number(row['bytes']) })),
    }
  } catch (error) {
    throw storeError(error, store)
  } finally {
    db.close()
  }
}

function encryptionOf(store: string): StoreFacts['encryption'] {
  const header = headerOf(store)
  return header === undefined ? undefined : { keyId: header.keyId, made: header.made, wrappedAt: header.wrappedAt }
}

function folderSize(folder: string): number {
  if (!existsSync(folder)) return 0
  return readdirSync(folder).reduce((sum, name) => sum + sizeOf(join(folder, name)), 0)
}

export interface Checked {
  readonly runs: number
  readonly entries: number
  /** contents that were erased: their proofs are there, and nothing to hold them against */
  readonly erased: number
  /** contents that are encrypted, where no key was given: only their proofs were checked */
  readonly locked: number
  readonly problems: readonly string[]
}

const mostProblems = 100

/**
 * Holds the file against itself: SQLite's own check, then every entry of every run: its place, its leaf, and its content against
 * what it committed to when it was written.
 */
export async function checkStore(
  path: string,
  options: {
    /** without it, the content of an encrypted store is not checked */
    readonly encryption?: EncryptionOptions | undefined
    readonly onProgress?: (done: number, total: number) => void
  } = {},
): Promise<Checked> {
  const { encryption, onProgress } = options
  const store = storeFile(path)
  const { keys } = headerOf(store) === undefined ? { keys: undefined } : await storeKeys(store, encryption ?? 'locked')
  const { db } = openStoreFile(store)
  const problems: string[] = []
  let runs = 0
  let entries = 0
  let erased = 0
  let locked = 0
  try {
    problems.push(...integrityProblems(db))
    const context = createContext(db, store, keys)
    const total = Number(db.prepare('SELECT count(*) AS n FROM spanwise_runs').get()?.['n'])
    for (const { run } of db.prepare('SELECT run FROM spanwise_runs ORDER BY seq').all()) {
      if (runs++ % 100 === 0) onProgress?.(runs - 1, total)
      const raw = runById(context, String(run))
      if (raw === undefined || problems.length >= mostProblems) continue
      const history = entriesOf(context, raw, 0)
      for (const [i, entry] of history.entries()) {
        entries++
        const say = (what: string): number =>
          problems.push(`run ${raw.run} entry ${entry.index} (${entry.kind}) ${what}`)
        if (entry.index !== i) say(`stands at ${i}`)
        const { key, payload, input } = entry.commitments
        if (!same(leaf({ ...entry, key, payload, input }), entry.leaf)) say('is not what its leaf says')
        const secret =
          entry.subject === undefined ? context.vault.unwrap(raw.secret) : subjectSecret(context, entry.subject)
        if (entry.payload === undefined || secret === undefined) {
          if (entry.erased) erased++
          if (entry.locked === true) locked++
        } else if (!same(commit(secret, 'payload', raw.run, entry.index, entry.payload), payload)) {
          say('holds another content than it was written with')
        }
      }
      if (history.length === 0) problems.push(`run ${raw.run} has no history`)
    }
    onProgress?.(total, total)
  } catch (error) {
    problems.push(storeError(error, store).message)
  } finally {
    db.close()
  }
  return { runs, entries, erased, locked, problems }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Writes the file anew without its free pages; nobody may use it meanwhile. @throws STORE_OWNED, STORE_BUSY */
export async function compactStore(path: string): Promise<{ readonly before: number; readonly after: number }> {
  await using ownership = await acquireOwnership(path)
  const store = ownership.path
  const { db } = openStoreFile(store)
  try {
    const before = sizeOf(store) + sizeOf(`${store}-wal`)
    db.exec('VACUUM')
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return { before, after: sizeOf(store) + sizeOf(`${store}-wal`) }
  } catch (error) {
    throw storeError(error, store)
  } finally {
    db.close()
  }
}

/** What a restored store lacks is known: the notice is taken away. */
export function acceptOlder(path: string): boolean {
  const { db } = openStoreFile(storeFile(path))
  try {
    return db.prepare("DELETE FROM spanwise_store WHERE name = 'older'").run().changes > 0
  } finally {
    db.close()
  }
}
