import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { BeginLine, EndLine, Line, ProcessLine } from './line.ts'

/** One request, with the process that made it. */
export interface Recorded {
  readonly process: ProcessLine
  readonly begin: BeginLine
  /** absent: its process died before it came back, or it is under way */
  readonly end: EndLine | undefined
}

export interface Records {
  readonly requests: readonly Recorded[]
  /** lines that could not be read: cut off by a full disk or a crash */
  readonly unreadable: number
}

/** All records of a folder, by time. A folder that is not there holds none. */
export function readFolder(folder: string): Records {
  let names: string[]
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { requests: [], unreadable: 0 }
    throw error
  }
  const read = names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile())
  const all = read.map((path) => parse(readFileSync(path, 'utf8')))
  return {
    requests: all.flatMap((each) => each.requests).sort((a, b) => a.begin.at - b.begin.at),
    unreadable: all.reduce((sum, each) => sum + each.unreadable, 0),
  }
}

function parse(text: string): Records {
  let unreadable = 0
  const lines: Line[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      lines.push(JSON.parse(line) as Line)
    } catch {
      unreadable++
    }
  }
  return { requests: pair(lines), unreadable }
}

/** Begins and ends of one process belong together by their number. */
export function pair(lines: readonly Line[]): Recorded[] {
  const process = lines.find((line) => line.t === 'process')
  if (process?.v !== 1) return []
  const ends = new Map(lines.flatMap((line) => (line.t === 'end' ? [[line.n, line] as const] : [])))
  return lines.flatMap((line) => (line.t === 'begin' ? [{ process, begin: line, end: ends.get(line.n) }] : []))
}
