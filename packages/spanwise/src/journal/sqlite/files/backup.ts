import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SpanwiseError } from '../../error.ts'
import { storeFile } from '../owner.ts'
import { fromWire, type WireError } from '../wire.ts'
import { syncFile, syncFolderOf } from './disk.ts'

export interface BackupOptions {
  /** bytes written so far, and how many it will be at most */
  readonly onProgress?: (done: number, total: number) => void
}

export interface BackupResult {
  readonly path: string
  readonly bytes: number
  /** entries in the log that it holds */
  readonly entries: number
}

/** What the thread says. */
export type FromBackup = { readonly total: number } | { readonly entries: number } | { readonly failed: WireError }

const look = 200

/**
 * Copies a store that may be in use into a file of its own: the store as it was at one moment, whatever is written meanwhile. It is
 * read by a connection on a thread of its own, so that neither the worker nor whoever calls waits for it; the copy has its name only
 * when it is whole, was read back and is on disk.
 * @throws BACKUP_EXISTS, STORE_MISSING
 */
export async function backupStore(path: string, to: string, options: BackupOptions = {}): Promise<BackupResult> {
  const store = storeFile(path)
  const target = resolve(to)
  if (!existsSync(store)) throw missing(store)
  if (existsSync(target)) {
    throw new SpanwiseError({
      code: 'BACKUP_EXISTS',
      message: `${target} is there already, and a backup overwrites nothing.`,
      hint: 'Choose another name, with the date in it for example.',
    })
  }
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  try {
    const entries = await copy(store, partial, options.onProgress)
    syncFile(partial)
    renameSync(partial, target)
    syncFolderOf(target)
    return { path: target, bytes: statSync(target).size, entries }
  } finally {
    rmSync(partial, { force: true })
  }
}

function copy(store: string, partial: string, onProgress: BackupOptions['onProgress']): Promise<number> {
  const file = import.meta.url.endsWith('.ts') ? './backup-thread.ts' : './backup-thread.js'
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { store, partial },
    execArgv: [],
    name: 'spanwise-backup',
  })
  return new Promise((resolvePromise, reject) => {
    let timer: NodeJS.Timeout | undefined
    worker.on('message', (message: FromBackup) => {
      if ('entries' in message) {
        resolvePromise(message.entries)
      } else if ('failed' in message) {
        reject(fromWire(message.failed))
      } else if (onProgress !== undefined) {
        const tell = (): void => onProgress(existsSync(partial) ? statSync(partial).size : 0, message.total)
        timer = setInterval(tell, look)
        tell()
      }
    })
    worker.once('error', reject)
    worker.once('exit', (code) => {
      clearInterval(timer)
      reject(new Error(`the thread that writes the backup ended with code ${code}`))
    })
  })
}

export function missing(store: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_MISSING',
    message: `There is no store ${store}.`,
    hint: 'Check the path, and the folder that it is meant from.',
  })
}
