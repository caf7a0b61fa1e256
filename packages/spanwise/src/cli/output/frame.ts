import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Terminal } from '../terminal.ts'

export interface Place {
  /** as the stack says it, without `at` */
  readonly text: string
  readonly file: string
  readonly line: number
  readonly column: number | undefined
}

/** Where in a stack the user's code is: neither Node's, nor ours, nor a package's. Of a syntax error, the line that it is in. */
export function userPlace(error: unknown): Place | undefined {
  if (!Error.isError(error)) return undefined
  const lines = (error as Error).stack?.split('\n') ?? []
  const unparsed = /^(?:file:\/\/)?(\S+):(\d+)$/.exec(lines[0] ?? '')
  if (unparsed !== null) {
    const [, file = '', line = ''] = unparsed
    return { text: `${file}:${line}`, file, line: Number(line), column: undefined }
  }
  for (const line of lines) {
    if (!/^\s+at /.test(line) || /node:|node_modules|packages[\\/]spanwise[\\/](src|dist)/.test(line)) continue
    const found = /((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/.exec(line)
    if (found === null) continue
    const [, path = '', row = '', column = ''] = found
    const file = path.startsWith('file:') ? fileURLToPath(path.split('?')[0] as string) : path
    return {
      text: line.trim().replace(/^at /, '').replace(path, file),
      file,
      line: Number(row),
      column: Number(column),
    }
  }
  return undefined
}

/** The lines around a place, as they stand in the file now; none where it cannot be read. */
export function codeFrame(terminal: Terminal, place: Place, on: 'out' | 'note'): string[] {
  let source: string[]
  try {
    source = readFileSync(place.file, 'utf8').split(/\r?\n/)
  } catch {
    // the history may come from another machine, or the file be gone: the place is still named
    return []
  }
  if (place.line > source.length) return []
  const from = Math.max(1, place.line - 2)
  const to = Math.min(source.length, place.line + 1)
  const digits = String(to).length
  const room = terminal.columns - digits - 8
  const lines: string[] = []
  for (let at = from; at <= to; at++) {
    const text = (source[at - 1] as string).replaceAll('\t', '  ')
    const here = at === place.line
    const short = text.length > room ? `${text.slice(0, room - 1)}…` : text
    const row = `${here ? '>' : ' '} ${String(at).padStart(digits)} | ${short}`
    lines.push(`  ${here ? row : terminal.paint('dim', row, on)}`.trimEnd())
    const { column } = place
    const tabs = column === undefined ? 0 : ((source[at - 1] as string).slice(0, column - 1).match(/\t/g)?.length ?? 0)
    if (here && column !== undefined && column + tabs <= room) {
      lines.push(`  ${' '.repeat(digits + 3)}| ${' '.repeat(column - 1 + tabs)}${terminal.paint('red', '^', on)}`)
    }
  }
  return lines
}
