import { readFileSync } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { type Duration, milliseconds } from '../workflow/index.ts'
import { usage } from './usage.ts'

/**
 * A value from the command line: JSON, or, where it is plainly none, the text itself, so that `spanwise run greet Ada` works.
 * What begins like JSON and is broken is an error and never silently a text.
 */
export function parseValue(text: string | undefined, what: string): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    if (/^\s*[[{"]/.test(text)) {
      throw usage(
        `${what} is not JSON: ${(error as Error).message}`,
        `Quote it for the shell: '{"name": "Ada"}'. A text without quotes, braces and brackets is taken as it is.`,
      )
    }
    return text
  }
}

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw usage(`${what} is not JSON: ${(error as Error).message}`, 'Give it one JSON value.')
  }
}

export interface InputOptions {
  readonly file?: string
  readonly stdin?: boolean
}

/** The input of a run, from one place. */
export async function readInput(argument: string | undefined, options: InputOptions): Promise<unknown> {
  const places = [argument !== undefined, options.file !== undefined, options.stdin === true].filter(Boolean)
  if (places.length > 1) {
    throw usage('The input is given more than once.', 'Give it as an argument, with --file or with --stdin.')
  }
  if (options.file !== undefined) {
    try {
      return parseJson(readFileSync(options.file, 'utf8'), `The file ${options.file}`)
    } catch (error) {
      if ((error as { code?: unknown }).code === 'USAGE') throw error
      throw usage(
        `The file ${options.file} cannot be read: ${(error as Error).message}`,
        'Check the path after --file.',
      )
    }
  }
  if (options.stdin === true) {
    if (process.stdin.isTTY) process.stderr.write('reading JSON from the terminal; end with Ctrl-D\n')
    return parseJson(await readAll(process.stdin), 'What came on stdin')
  }
  return parseValue(argument, 'The input')
}

/** A moment: a date, or how long ago, like `2h`. */
export function moment(text: string, option: string): Date {
  const date = /^\d{4}-/.test(text) ? new Date(text) : undefined
  if (date !== undefined && !Number.isNaN(date.getTime())) return date
  try {
    return new Date(Date.now() - milliseconds(text as Duration, option))
  } catch {
    throw usage(`${option} is not a time: ${text}`, 'Give a date like 2026-11-25T08:00 or how long ago, like 2h or 3d.')
  }
}
