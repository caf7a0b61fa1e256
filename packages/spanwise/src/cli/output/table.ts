import { cut, type Terminal } from '../terminal.ts'

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => string
  /** how the cell looks; never changes its width */
  readonly paint?: (text: string, row: T) => string
  /** the columns that give way first when the line is too long */
  readonly flexible?: boolean
  /** left out where the line is still too long: the last such column first */
  readonly spare?: boolean
  /** numbers stand under each other */
  readonly align?: 'right'
}

const gap = 2
/** what a flexible column keeps while there are others to take from, and what any column keeps */
const least = { flexible: 12, any: 6 }

/** Lines of a table that fits the terminal: a title line, then a line for each row. */
export function table<T>(terminal: Terminal, rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const shown = [...columns]
  for (;;) {
    const cells = rows.map((row) => shown.map((column) => cut(column.cell(row), 200)))
    const wanted = shown.map((column, at) =>
      Math.max(column.title.length, ...cells.map((line) => (line[at] as string).length)),
    )
    const spare = shown.findLastIndex((column) => column.spare === true)
    const widths = fit(wanted, shown, terminal.columns, spare < 0)
    if (widths !== undefined) return draw(terminal, rows, shown, cells, widths)
    shown.splice(spare, 1)
  }
}

/** Widths that fit; undefined where that takes more than columns like to give, and `all` of it is not asked for. */
function fit<T>(
  wanted: readonly number[],
  columns: readonly Column<T>[],
  room: number,
  all: boolean,
): number[] | undefined {
  const widths = [...wanted]
  const over = (): number => widths.reduce((sum, width) => sum + width + gap, -gap) - room
  const shrink = (which: (at: number) => boolean, floor: number): void => {
    while (over() > 0) {
      const widest = widths.reduce(
        (best, width, at) => (which(at) && width > floor && width > (widths[best] ?? 0) ? at : best),
        -1,
      )
      if (widest < 0) return
      widths[widest] = (widths[widest] as number) - 1
    }
  }
  shrink((at) => columns[at]?.flexible === true, least.flexible)
  if (over() <= 0) return widths
  if (!all) return undefined
  shrink(() => true, least.any)
  return widths
}

function draw<T>(
  terminal: Terminal,
  rows: readonly T[],
  columns: readonly Column<T>[],
  cells: readonly (readonly string[])[],
  widths: readonly number[],
): string[] {
  const line = (texts: readonly string[], look: (text: string, at: number) => string): string =>
    texts
      .map((text, at) => {
        const width = widths[at] as number
        const short = cut(text, width)
        const space = ' '.repeat(width - short.length)
        const cell = columns[at]?.align === 'right' ? space + look(short, at) : look(short, at) + space
        return at === texts.length - 1 ? cell.trimEnd() : cell + ' '.repeat(gap)
      })
      .join('')
      .trimEnd()
  const head = line(
    columns.map((column) => column.title),
    (text) => terminal.paint('dim', text),
  )
  const body = cells.map((texts, row) => line(texts, (text, at) => columns[at]?.paint?.(text, rows[row] as T) ?? text))
  return [head, ...body]
}
