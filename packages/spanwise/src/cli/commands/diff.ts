import type { DiffFact, DiffRow, DiffSide, RunDiff } from '../../app/index.ts'
import { findRun } from '../find.ts'
import { type Common, client } from '../open.ts'
import { operation } from '../output/describe.ts'
import { shortId, statusColor } from '../output/status.ts'
import { ago, took } from '../output/time.ts'
import { brief, jsonable, pretty } from '../output/value.ts'
import { cut, type Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

/** Two runs side by side; ends with where they first went apart. */
export async function diffTwo(
  terminal: Terminal,
  a: string,
  b: string,
  options: Common & { readonly all?: boolean },
): Promise<number> {
  return client(options, async (app) => {
    const diff = await app.diff((await findRun(app, a)).id, (await findRun(app, b)).id)
    if (terminal.json) {
      terminal.data(jsonable(diff))
      return exitCode.ok
    }
    for (const line of sides(terminal, diff)) terminal.out(line)
    terminal.out('')
    for (const line of rows(terminal, diff.rows, options.all === true)) terminal.out(line)
    terminal.out('')
    for (const line of ending(terminal, diff)) terminal.out(line)
    return exitCode.ok
  })
}

function sides(terminal: Terminal, { a, b }: RunDiff): readonly string[] {
  const line = (name: string, { run, workflow, status, startedAt, changedAt }: DiffSide): string =>
    `${name}  ${workflow} ${shortId(run)}  ${terminal.paint(statusColor[status], status)}  ${ago(startedAt)}, took ${took(changedAt.getTime() - startedAt.getTime())}`
  return [line('a', a), line('b', b)]
}

const marks = { same: '=', 'other input': '≠', 'other result': '≠', 'only a': '-', 'only b': '+' } as const
const looks = {
  same: 'dim',
  'other input': 'yellow',
  'other result': 'yellow',
  'only a': 'red',
  'only b': 'green',
} as const

function rows(terminal: Terminal, all: readonly DiffRow[], everything: boolean): readonly string[] {
  const names = all.map(({ key }) => operation(key))
  const name = Math.min(Math.max(...names.map((text) => text.length), 9), 30)
  const side = Math.floor((terminal.columns - name - 7) / 2)
  const line = (mark: string, texts: readonly [string, string, string]): string =>
    `${mark} ${cut(texts[0], name).padEnd(name)}  ${cut(texts[1], side).padEnd(side)}  ${cut(texts[2], side)}`.trimEnd()
  const lines: string[] = [terminal.paint('dim', line(' ', ['OPERATION', 'A', 'B']))]
  let alike = 0
  const skip = (): void => {
    if (alike > 0) lines.push(terminal.paint('dim', `  … ${alike} the same (--all)`))
    alike = 0
  }
  for (const [at, row] of all.entries()) {
    // two of a kind around what differs are enough to see where it is
    const near = [at - 1, at + 1].some((other) => all[other] !== undefined && all[other]?.is !== 'same')
    if (row.is === 'same' && !near && !everything && all.length > 20 && row.key !== 'end') {
      alike++
      continue
    }
    skip()
    const shown = (fact: DiffFact | undefined): string => (fact === undefined ? '' : cell(row.is, fact))
    lines.push(terminal.paint(looks[row.is], line(marks[row.is], [names[at] as string, shown(row.a), shown(row.b)])))
  }
  skip()
  return lines
}

/** What differs; where nothing does, how long it took. */
function cell(is: DiffRow['is'], fact: DiffFact): string {
  if (is === 'other input') return `given ${brief(fact.input)}`
  if (is === 'same') return fact.took === undefined ? '' : took(fact.took)
  return `${fact.edited ? 'edited: ' : ''}${outcome(fact)}`
}

function outcome({ outcome: { state, ...rest } }: DiffFact): string {
  if (state === 'open') return 'no outcome yet'
  if ('value' in rest) return brief(rest.value)
  const { error } = rest as { readonly error: unknown }
  return `failed: ${Error.isError(error) ? (error as Error).message : brief(error)}`
}

function ending(terminal: Terminal, { divergence: row, rows: all }: RunDiff): readonly string[] {
  if (row === undefined) return [`no divergence: ${all.length - 2} operations, the same inputs and results`]
  const at = [row.a && `entry ${row.a.index} of a`, row.b && `entry ${row.b.index} of b`].filter(Boolean).join(', ')
  const lines = [`${terminal.paint('bold', 'first divergence:')} ${operation(row.key)}: ${row.is} (${at})`]
  if (row.differsAt !== undefined && row.differsAt !== '') lines.push(`  differs at ${row.differsAt}`)
  for (const [name, fact] of [['a', row.a] as const, ['b', row.b] as const]) {
    if (fact === undefined) continue
    const text =
      row.is === 'other input'
        ? pretty(fact.input)
        : 'value' in fact.outcome
          ? pretty(fact.outcome.value)
          : outcome(fact)
    const shown = text.split('\n')
    const cuts = shown.length > 12 ? [...shown.slice(0, 12), '…'] : shown
    lines.push(
      ...cuts.map(
        (one, n) =>
          `  ${n === 0 ? `${name}: ` : '   '}${one.length > terminal.columns - 5 ? `${one.slice(0, terminal.columns - 6)}…` : one}`,
      ),
    )
  }
  return lines
}
