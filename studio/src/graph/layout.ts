import type { Drawing } from '../api/types.ts'

export const boxHeight = 46
const gap = { x: 34, y: 54 }
const margin = 20

export interface Box {
  readonly name: string
  /** what it is, where that is not just a function */
  readonly note: string
  readonly x: number
  readonly y: number
  readonly width: number
}

export interface Path {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly kind: Drawing['lines'][number]['kind']
  readonly d: string
  readonly labelX: number
  readonly labelY: number
  /** it leads back, and runs beside the boxes */
  readonly isBack: boolean
}

export interface Layout {
  readonly boxes: readonly Box[]
  readonly paths: readonly Path[]
  readonly width: number
  readonly height: number
}

/** Places for the rows that the server has laid out: boxes below each other, what leads back beside them. */
export function layoutOf({ nodes, lines, rows }: Drawing): Layout {
  const notes = new Map(nodes.map(({ name, kind, many }) => [name, noteOf(kind, many)]))
  const widthOf = (name: string): number =>
    isEnd(name) ? 64 : Math.max(96, name.length * 7.6 + 28, (notes.get(name) ?? '').length * 6.2 + 28)
  const total = (row: readonly string[]): number => row.reduce((sum, name) => sum + widthOf(name) + gap.x, -gap.x)
  const inner = Math.max(0, ...rows.map(total))
  const boxes = rows.flatMap((row, at) => {
    let x = margin + (inner - total(row)) / 2
    return row.map((name): Box => {
      const width = widthOf(name)
      const box = { name, note: notes.get(name) ?? '', x, y: margin + at * (boxHeight + gap.y), width }
      x += width + gap.x
      return box
    })
  })
  const byName = new Map(boxes.map((box) => [box.name, box]))
  let side = 0
  const paths = lines.flatMap((line): readonly Path[] => {
    const [from, to] = [byName.get(line.from), byName.get(line.to)]
    if (from === undefined || to === undefined) return []
    return [to.y <= from.y ? back(line, from, to, margin + inner + 22 + 16 * side++) : down(line, from, to)]
  })
  return {
    boxes,
    paths,
    width: inner + 2 * margin + (side === 0 ? 0 : 100 + 16 * side),
    height: rows.length * (boxHeight + gap.y) - gap.y + 2 * margin,
  }
}

export function isEnd(name: string): boolean {
  return name === 'start' || name === 'end'
}

function noteOf(kind: string, many: boolean): string {
  const what = kind === 'function' ? '' : kind
  return many ? `${what === '' ? '' : `${what}, `}for each` : what
}

type Line = Drawing['lines'][number]

function down(line: Line, from: Box, to: Box): Path {
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2]
  const [y1, y2] = [from.y + boxHeight, to.y]
  return {
    ...line,
    d: `M${x1},${y1} C${x1},${y1 + gap.y / 2} ${x2},${y2 - gap.y / 2} ${x2},${y2}`,
    labelX: x1 + (x2 - x1) * 0.35,
    labelY: y1 + Math.min(gap.y, y2 - y1) * 0.42,
    isBack: false,
  }
}

function back(line: Line, from: Box, to: Box, side: number): Path {
  // out below, and in from above: nothing beside them in their rows is crossed
  const [x1, x2] = [from.x + from.width * 0.8, to.x + to.width * 0.8]
  const [y1, y2] = [from.y + boxHeight, to.y]
  const middle = (y1 + y2) / 2
  return {
    ...line,
    d: `M${x1},${y1} C${x1},${y1 + 30} ${side},${y1 + 30} ${side},${y1 - 12} L${side},${y2 + 12} C${side},${y2 - 30} ${x2},${y2 - 30} ${x2},${y2}`,
    labelX: side + 4,
    labelY: middle,
    isBack: true,
  }
}
