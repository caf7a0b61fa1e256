import { parentPort, workerData } from 'node:worker_threads'
import { storeError } from '../faults.ts'
import { toWire } from '../wire.ts'
import type { FromBackup } from './backup.ts'
import { openStoreFile } from './open-file.ts'

/** The thread that writes a backup, and reads it back before anybody relies on it. */
const { store, partial } = workerData as { readonly store: string; readonly partial: string }
const post = (message: FromBackup): void => parentPort?.postMessage(message)

try {
  const source = openStoreFile(store)
  try {
    post({ total: source.number('page_count') * source.number('page_size') })
    source.db.prepare('VACUUM INTO ?').run(partial)
  } finally {
    source.db.close()
  }
  const written = openStoreFile(partial)
  try {
    written.mustBeWhole()
    post({ entries: written.lastPosition() })
  } finally {
    written.db.close()
  }
} catch (error) {
  post({ failed: toWire(storeError(error, store)) })
}
