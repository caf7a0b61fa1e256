import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** What a file holds survives power loss. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** That a file is there, or is gone, survives power loss. Windows syncs no folders, and needs none. */
export function syncFolderOf(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
