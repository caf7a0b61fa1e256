import { stripVTControlCharacters, styleText } from 'node:util'

export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'

/** Where output goes, and how it may look. Results go to stdout, everything about getting there to stderr. */
export interface Terminal {
  readonly json: boolean
  /** stdout is read by a person */
  readonly interactive: boolean
  readonly columns: number
  /** stdout shows colours */
  readonly colors: boolean
  out(line: string): void
  /** a piece of a line of results, as it comes */
  write(text: string): void
  /** One JSON document, or one of a stream of lines. */
  data(value: unknown): void
  note(line: string): void
  /** the line under everything else, where a terminal can show one; undefined takes it away */
  status(line: string | undefined): void
  /** Colours where they can be seen and are wanted. `on` is where the text goes. */
  paint(format: Look | readonly Look[], text: string, on?: 'out' | 'note'): string
}

export function terminal(json: boolean): Terminal {
  const { stdout, stderr, env } = process
  const wanted = env['NO_COLOR'] === undefined || env['NO_COLOR'] === ''
  const colors = { out: wanted && stdout.isTTY === true && !json, note: wanted && stderr.isTTY === true }
  const live = stderr.isTTY === true && env['TERM'] !== 'dumb'
  let shown = false

  const clear = (): void => {
    if (!shown) return
    stderr.write('\r\x1b[2K')
    shown = false
  }
  return {
    json,
    interactive: stdout.isTTY === true && !json,
    colors: colors.out,
    columns: Math.max(60, (stdout.isTTY && stdout.columns) || Number(env['COLUMNS']) || 80),
    out: (line) => {
      clear()
      stdout.write(`${line}\n`)
    },
    write: (text) => {
      clear()
      stdout.write(text)
    },
    data: (value) => {
      clear()
      stdout.write(`${JSON.stringify(value)}\n`)
    },
    note: (line) => {
      clear()
      stderr.write(`${line}\n`)
    },
    status: (line) => {
      if (!live) return
      if (line === undefined) return clear()
      // one line only: a terminal that wraps could not be cleared
      const room = Math.max(10, (stderr.columns || 80) - 1)
      stderr.write(`\r\x1b[2K${line.replace(/[\r\n]+/g, ' ').slice(0, room)}`)
      shown = true
    },
    paint: (format, text, on = 'out') =>
      colors[on] ? styleText(typeof format === 'string' ? format : [...format], text, { validateStream: false }) : text,
  }
}

/** Shortens plain text, to one line: what runs say must not move a terminal's cursor. */
export function cut(text: string, length: number): string {
  const line = stripVTControlCharacters(text).replace(/\s+/g, ' ').trim()
  return line.length <= length ? line : `${line.slice(0, Math.max(0, length - 1))}…`
}

/** The same for lines that will be moved to the right. */
export function indented(terminal: Terminal, by: number): Terminal {
  return { ...terminal, columns: terminal.columns - by }
}
