import { cut, type Terminal } from '../terminal.ts'

export interface Column<T> {
  readonly title: string
  readonly cell: (row: T) => string
  /** how the cell looks; never changes its width */
  readonly paint?: (text: string, row: T) => string
  /** the column that gives way when the line is too long */
  readonly flexible?: boolean
}

/** Lines of a table that fits the terminal. */
export function table<T>(terminal: Terminal, rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const cells = rows.map((row) => columns.map((column) => cut(column.cell(row), 200)))
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => (line[at] as string).length)),
  )
  const gap = 2
  const total = widths.reduce((sum, width) => sum + width + gap, -gap)
  const flexible = columns.findIndex((column) => column.flexible === true)
  if (flexible >= 0 && total > terminal.columns) {
    widths[flexible] = Math.max(8, (widths[flexible] as number) - (total - terminal.columns))
  }
  const line = (texts: readonly string[], look: (text: string, at: number) => string): string =>
    texts
      .map((text, at) => {
        const width = widths[at] as number
        const short = cut(text, width)
        return look(short, at) + ' '.repeat(at === texts.length - 1 ? 0 : width - short.length + gap)
      })
      .join('')
      .trimEnd()
  const head = line(
    columns.map((column) => column.title),
    (text) => terminal.paint('dim', text),
  )
  return [
    head,
    ...cells.map((texts, row) =>
      line(texts, (text, at) => {
        const paint = columns[at]?.paint
        return paint === undefined ? text : paint(text, rows[row] as T)
      }),
    ),
  ]
}
