import { isSpanwiseError } from '../../journal/index.ts'
import type { Terminal } from '../terminal.ts'
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
  const place = chain.map(userFrame).findLast((frame) => frame !== undefined)
  if (place !== undefined) lines.push(`  ${paint('dim', 'at')} ${place}`)
  const first = chain.find(isSpanwiseError)
  if (first !== undefined) {
    if (first.step !== undefined) lines.push(`  ${paint('dim', 'step:')} ${first.step}`)
    if (first.run !== undefined && !messageOf(chain[0]).includes(first.run)) {
      lines.push(`  ${paint('dim', 'run:')} ${first.run}`)
    }
    lines.push(`  ${paint('cyan', 'hint:')} ${first.hint}`)
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

/** The first line of a stack that is neither Node's, nor ours, nor a package's; of a syntax error the line that it is in. */
function userFrame(error: unknown): string | undefined {
  if (!Error.isError(error) || isSpanwiseError(error)) return undefined
  const lines = (error as Error).stack?.split('\n') ?? []
  const unparsed = /^(?:file:\/\/)?(\S+:\d+)$/.exec(lines[0] ?? '')?.[1]
  if (unparsed !== undefined) return unparsed
  const line = lines
    .slice(1)
    .find((one) => /^\s+at /.test(one) && !/node:|node_modules|packages[\\/]spanwise[\\/](src|dist)/.test(one))
  return line?.trim().replace(/^at /, '').replace('file://', '')
}
