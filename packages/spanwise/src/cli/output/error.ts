import { isSpanwiseError } from '../../journal/index.ts'
import type { Terminal } from '../terminal.ts'
import { codeFrame, userPlace } from './frame.ts'
import { wrap } from './text.ts'
import { jsonError } from './value.ts'

export function showError(terminal: Terminal, error: unknown): void {
  if (terminal.json) {
    terminal.data({ error: jsonError(error) })
    return
  }
  for (const line of errorLines(terminal, error, 'note')) terminal.note(line)
}

/** Message, causes, where it was thrown in the user's code, hint, run. Our own stack only with SPANWISE_DEBUG=1. */
export function errorLines(terminal: Terminal, error: unknown, on: 'out' | 'note' = 'out'): string[] {
  const paint = (format: 'red' | 'dim' | 'cyan', text: string): string => terminal.paint(format, text, on)
  const chain = causes(error)
  const lines = [`${paint('red', 'error:')} ${text(chain[0])}`]
  for (const cause of chain.slice(1)) {
    // an error that wraps another often repeats it
    if (!lines.at(-1)?.endsWith(messageOf(cause))) lines.push(`  ${paint('dim', 'caused by:')} ${text(cause)}`)
  }
  const first = chain.find(isSpanwiseError)
  // an error of ours is thrown in our code: where its caller stands is still the user's line to look at
  const place = chain.map(userPlace).findLast((one) => one !== undefined)
  if (place !== undefined) {
    lines.push(`  ${paint('dim', 'at')} ${place.text}`, ...codeFrame(terminal, place, on))
  }
  if (first !== undefined) {
    if (first.step !== undefined) lines.push(`  ${paint('dim', 'step:')} ${first.step}`)
    if (first.run !== undefined && !messageOf(chain[0]).includes(first.run)) {
      lines.push(`  ${paint('dim', 'run:')} ${first.run}`)
    }
    const [hint = '', ...more] = hintLines(first.hint, terminal.columns - 8)
    lines.push(`  ${paint('cyan', 'hint:')} ${hint}`, ...more.map((line) => `        ${line}`))
  }
  if (debugging()) {
    for (const cause of chain)
      if (cause instanceof Error && cause.stack !== undefined) lines.push(paint('dim', cause.stack))
  }
  return lines
}

export function debugging(): boolean {
  return !['', '0', undefined].includes(process.env['SPANWISE_DEBUG'])
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [error]
  while (chain.length < 10) {
    const last = chain.at(-1)
    const next = Error.isError(last) ? (last as Error).cause : undefined
    if (next === undefined || chain.includes(next)) break
    chain.push(next)
  }
  return chain
}

function messageOf(error: unknown): string {
  return Error.isError(error) ? (error as Error).message : String(error)
}

/** Ours say all in their message; of others the name and code belong to it. */
function text(error: unknown): string {
  if (!Error.isError(error) || isSpanwiseError(error)) return messageOf(error)
  const { name, message, code } = error as Error & { code?: unknown }
  const label = name === 'Error' ? '' : `${name}: `
  const mark = typeof code === 'string' && !message.includes(code) ? ` (${code})` : ''
  return `${label}${message}${mark}`
}

/** A command in a hint is there to be copied: it stays whole, on a line of its own where it does not fit. */
function hintLines(hint: string, width: number): string[] {
  if (hint.length <= width) return [hint]
  const found = /^(.*?:) (spanwise [^,;]*)$/s.exec(hint)
  return found === null ? wrap(hint, width) : [...wrap(found[1] as string, width), found[2] as string]
}
