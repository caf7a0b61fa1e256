import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolderOf } from '../sqlite/files/disk.ts'
import { archiveVersion, frame } from './format.ts'

/** A file of archived runs that is being written. It has its name when it is whole and on disk, and not before. */
export interface ArchiveWriter {
  readonly file: string
  /** bytes so far */
  readonly size: number
  add(frame: Uint8Array): Promise<{ readonly offset: number; readonly length: number }>
  /** From here on it survives everything that the disk survives. */
  finish(): Promise<void>
  /** Nothing of it stays. */
  abandon(): Promise<void>
}

export async function writeArchive(folder: string, store: string, now: number): Promise<ArchiveWriter> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const at = new Date(now).toISOString()
  const file = `${at.replace(/[:.]/g, '-')}-${randomBytes(4).toString('hex')}.spanwise.zst`
  const path = join(folder, file)
  const partial = `${path}.partial`
  const handle: FileHandle = await open(partial, 'wx', 0o600)
  const sum = createHash('sha256')
  let size = 0
  let runs = 0
  const write = async (bytes: Uint8Array): Promise<number> => {
    const offset = size
    await handle.writeFile(bytes)
    sum.update(bytes)
    size += bytes.length
    return offset
  }
  await write(frame([{ spanwise: 'archive', version: archiveVersion, store, at }]))
  return {
    file,
    get size() {
      return size
    },
    async add(bytes) {
      runs++
      return { offset: await write(bytes), length: bytes.length }
    },
    async finish() {
      await handle.writeFile(frame([{ end: true, runs, sha256: sum.digest('hex') }]))
      await handle.sync()
      await handle.close()
      await rename(partial, path)
      syncFolderOf(path)
    },
    async abandon() {
      await handle.close()
      await rm(partial, { force: true })
    },
  }
}
