import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Line, ProcessLine } from '../line.ts'
import type { Guard } from './guard.ts'

/** Appends lines to the file of this process. The folder and the file appear with the first of them. */
export interface Log {
  write(line: Line): void
  flush(): void
  /** kept for the table at the end, in case that nothing can be written */
  readonly lines: readonly Line[]
  readonly problem: string | undefined
}

// a program that makes millions of calls keeps its memory
const mostKept = 20_000

const soon = setImmediate

export function openLog(folder: string, process: ProcessLine, guard: Guard): Log {
  const lines: Line[] = [process]
  let waiting: string[] = [`${JSON.stringify(process)}\n`]
  let file: number | undefined
  let problem: string | undefined
  let due = false

  const flush = (): void => {
    due = false
    if (waiting.length === 0 || problem !== undefined) return
    try {
      file ??= create(folder, process)
      const bytes = Buffer.from(waiting.join(''))
      waiting = []
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    } catch (error) {
      // a full disk, a folder that nobody may write to: the program goes on, and is not tried again
      problem = (error as Error).message
      waiting = []
      if (file !== undefined) quietly(file)
    }
  }
  const flushSoon = guard(flush)
  return {
    lines,
    write(line) {
      if (lines.length < mostKept) lines.push(line)
      if (problem !== undefined) return
      waiting.push(`${JSON.stringify(line)}\n`)
      // one write for all that happens in a turn; it must not keep the program alive
      if (!due) soon(flushSoon).unref()
      due = true
    },
    flush,
    get problem() {
      return problem
    },
  }
}

function create(folder: string, { at, pid }: ProcessLine): number {
  mkdirSync(folder, { recursive: true })
  const stamp = new Date(at).toISOString().replaceAll(/[:.]/g, '-')
  const file = openSync(join(folder, `${stamp}-${pid}-${randomBytes(3).toString('hex')}.jsonl`), 'ax', 0o600)
  try {
    writeFileSync(join(folder, '.gitignore'), '*\n', { flag: 'wx' })
  } catch {
    // it is there already
  }
  return file
}

function quietly(file: number): void {
  try {
    closeSync(file)
  } catch {
    // it could not be written to either
  }
}

/** The secret of the folder. Without one that can be kept, hashes can be compared within this process only. */
export function folderKey(folder: string): Buffer {
  const path = join(folder, 'key')
  try {
    return readFileSync(path)
  } catch {
    const key = randomBytes(32)
    try {
      mkdirSync(folder, { recursive: true })
      writeFileSync(path, key, { flag: 'wx', mode: 0o600 })
      return key
    } catch {
      try {
        // another process was quicker
        const theirs = readFileSync(path)
        return theirs.length === key.length ? theirs : key
      } catch {
        return key
      }
    }
  }
}
