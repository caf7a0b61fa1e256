import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** Writes a file that only its owner may read, unless there is one: false then. */
export function writeNew(file: string, text: string): boolean {
  let fd: number
  try {
    fd = openSync(file, 'wx', 0o600)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(fd, text)
    fsyncSync(fd)
    return true
  } finally {
    closeSync(fd)
  }
}

/** Appends, and comes back when it is on disk. */
export function appendDurably(file: string, text: string): void {
  const fd = openSync(file, 'a', 0o644)
  try {
    writeSync(fd, text)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
