import type { Terminal } from '../terminal.ts'
import { type Column, table } from './table.ts'
import { wrap } from './text.ts'

/** What every command's output is made of, so that they look like one tool: a heading, facts, a section, a list. */

export function heading(terminal: Terminal, title: string, ...more: readonly string[]): void {
  terminal.out([terminal.paint('bold', title), ...more].join('  '))
}

/** Names and values under each other; those without a value are left out. */
export function facts(
  terminal: Terminal,
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): void {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length)) + 2
  for (const [name, value] of shown) {
    // what is painted cannot be broken: it is short
    const lines = value.includes('\x1b') ? [value] : wrap(value, Math.max(20, terminal.columns - width - 2))
    for (const [at, line] of lines.entries()) {
      terminal.out(`  ${at === 0 ? terminal.paint('dim', name.padEnd(width)) : ' '.repeat(width)}${line}`)
    }
  }
}

/** A part of a longer answer. */
export function section(terminal: Terminal, title: string, lines: readonly string[]): void {
  terminal.out('')
  terminal.out(terminal.paint('bold', title))
  for (const line of lines) terminal.out(line === '' ? '' : `  ${line}`)
}

/** A page of things as a table; with nothing to show, what that means and how there would be something. */
export function listing<T>(
  terminal: Terminal,
  page: { readonly items: readonly T[]; readonly after?: string | undefined },
  columns: readonly Column<T>[],
  empty: string,
): void {
  if (page.items.length === 0) return advice(terminal, empty)
  for (const line of table(terminal, page.items, columns)) terminal.out(line)
  if (page.after !== undefined) terminal.note(terminal.paint('dim', `more: --after '${page.after}'`, 'note'))
}

/** What to do next, or why there is nothing: beside the answer, for people. */
export function advice(terminal: Terminal, text: string): void {
  for (const line of wrap(text, terminal.columns)) terminal.note(terminal.paint('dim', line, 'note'))
}
