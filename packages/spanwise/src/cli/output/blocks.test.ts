import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Terminal } from '../terminal.ts'
import { facts, listing, section } from './blocks.ts'
import { errorLines } from './error.ts'
import { codeFrame } from './frame.ts'
import { wrap } from './text.ts'

function screen(columns: number): Terminal & { readonly lines: string[]; readonly notes: string[] } {
  const lines: string[] = []
  const notes: string[] = []
  return {
    json: false,
    interactive: false,
    columns,
    colors: false,
    lines,
    notes,
    out: (line) => lines.push(line),
    data() {},
    write() {},
    note: (line) => notes.push(line),
    status() {},
    paint: (_, text) => text,
  }
}

const rows = [
  { id: 'r'.repeat(23), workflow: 'a-workflow-with-a-long-name', when: '12 min ago', note: 'x'.repeat(300), count: 7 },
  { id: 'q'.repeat(23), workflow: 'b', when: 'in 3 d', note: '', count: 12_345 },
]

it('a list fits 80 and 60 columns: first what is flexible gives way, then what is spare goes', () => {
  for (const columns of [80, 60]) {
    const terminal = screen(columns)
    listing(
      terminal,
      { items: rows, after: 'next' },
      [
        { title: 'ID', cell: (row) => row.id },
        { title: 'WORKFLOW', cell: (row) => row.workflow, flexible: true },
        { title: 'WHEN', cell: (row) => row.when, spare: true },
        { title: 'COUNT', cell: (row) => String(row.count), align: 'right' },
        { title: 'NOTE', cell: (row) => row.note, flexible: true },
      ],
      'nothing',
    )
    for (const line of terminal.lines) expect(line.length).toBeLessThanOrEqual(columns)
    expect(terminal.lines[0]).toContain('COUNT')
    expect(terminal.lines[0]?.includes('WHEN')).toBe(columns === 80)
    expect(terminal.lines[2]).toContain('12345')
    expect(terminal.notes).toEqual(["more: --after 'next'"])
  }
})

it('with nothing to list it says so beside stdout, and what would make something', () => {
  const terminal = screen(60)
  listing(terminal, { items: [] }, [{ title: 'ID', cell: String }], 'no things yet: spanwise thing makes one')
  expect(terminal).toMatchObject({ lines: [], notes: ['no things yet: spanwise thing makes one'] })
})

it('facts stand under each other, long ones go on below, and empty ones are left out', () => {
  const terminal = screen(60)
  facts(terminal, [
    ['id', 'o-7'],
    ['nothing', undefined],
    ['reason', 'word '.repeat(30).trim()],
  ])
  section(terminal, 'more', ['one'])
  expect(terminal.lines[0]).toBe('  id      o-7')
  expect(terminal.lines[1]).toMatch(/^ {2}reason {2}word/)
  expect(terminal.lines[2]).toMatch(/^ {10}word/)
  for (const line of terminal.lines) expect(line.length).toBeLessThanOrEqual(60)
  expect(terminal.lines.slice(-3)).toEqual(['', 'more', '  one'])
})

it('text is broken at spaces, and where there are none', () => {
  expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
  expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  expect(wrap('a\n\nb', 4)).toEqual(['a', '', 'b'])
})

it('an error shows the line of the user’s source, and where in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-frame-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pay.ts')
  writeFileSync(file, 'one\ntwo\nexport const a = fail(1)\nfour\nfive\n')
  const error = new TypeError('fail is not a function')
  error.stack = `TypeError: fail is not a function\n    at node:internal/x:1:1\n    at pay (file://${file}:3:18)`
  expect(errorLines(screen(80), error)).toEqual([
    'error: TypeError: fail is not a function',
    `  at pay (${file}:3:18)`,
    '    1 | one',
    '    2 | two',
    '  > 3 | export const a = fail(1)',
    '      |                  ^',
    '    4 | four',
  ])
  const gone = { text: 'x', file: join(folder, 'gone.ts'), line: 1, column: 1 }
  expect(codeFrame(screen(80), gone, 'out')).toEqual([])
  expect(codeFrame(screen(80), { ...gone, file, line: 99 }, 'out')).toEqual([])
})
