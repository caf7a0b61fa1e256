import { end, type GraphModel, start } from '../model.ts'
import { type Line, linesOf, noteOf, rowsOf } from './lines.ts'
import type { Visits } from './text.ts'

const height = 44
const gap = { x: 36, y: 56 }
const margin = 24

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
}

/** A graph as an SVG: rows of boxes below each other, edges between them, those that lead back beside them. */
export function svg(model: GraphModel, visits?: Visits): string {
  const lines = linesOf(model)
  const rows = rowsOf(model)
  const widths = (names: readonly string[]) => names.map((name) => boxWidth(model, name))
  const total = (names: readonly string[]) => widths(names).reduce((sum, one) => sum + one + gap.x, -gap.x)
  const inner = Math.max(...rows.map(total))
  const boxes = new Map<string, Box>()
  for (const [at, names] of rows.entries()) {
    let x = margin + (inner - total(names)) / 2
    for (const name of names) {
      const width = boxWidth(model, name)
      boxes.set(name, { x, y: margin + at * (height + gap.y), width })
      x += width + gap.x
    }
  }
  const back = lines.filter((line) => isBack(boxes, line)).length
  const size = {
    x: inner + 2 * margin + (back === 0 ? 0 : 40 + 18 * back),
    y: rows.length * (height + gap.y) - gap.y + 2 * margin,
  }
  let side = 0
  const paths = lines.map((line) => {
    const isSide = isBack(boxes, line)
    if (isSide) side++
    return edge(boxes, line, isSide ? margin + inner + 22 + 18 * (side - 1) : undefined)
  })
  const shapes = [...boxes].map(([name, box]) => shape(model, name, box, visits))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(size.x)} ${size.y}" width="${Math.ceil(size.x)}" height="${size.y}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-label="graph ${escaped(model.name)}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#64748b"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
${[...paths, ...shapes].join('\n')}
</svg>
`
}

function boxWidth(model: GraphModel, name: string): number {
  const longest = Math.max(name.length * 8, noteOf(model, name).length * 6.5)
  return name === start || name === end ? 64 : Math.max(96, longest + 28)
}

function isBack(boxes: ReadonlyMap<string, Box>, { from, to }: Line): boolean {
  return (boxes.get(to) as Box).y <= (boxes.get(from) as Box).y
}

function edge(boxes: ReadonlyMap<string, Box>, { from, to, label, kind }: Line, side: number | undefined): string {
  const [a, b] = [boxes.get(from) as Box, boxes.get(to) as Box]
  const dash = kind === 'edge' ? '' : ' stroke-dasharray="5 4"'
  const style = `fill="none" stroke="#64748b" stroke-width="1.4"${dash} marker-end="url(#arrow)"`
  if (side !== undefined) {
    const [y1, y2] = [a.y + height / 2, b.y + height / 2]
    const d = `M${a.x + a.width},${y1} C${side},${y1} ${side},${y1} ${side},${(y1 + y2) / 2} S${side},${y2} ${b.x + b.width},${y2}`
    return `<path d="${d}" ${style}/>${text(side + 4, (y1 + y2) / 2, label, 'start')}`
  }
  const [x1, x2] = [a.x + a.width / 2, b.x + b.width / 2]
  const [y1, y2] = [a.y + height, b.y]
  const d = `M${x1},${y1} C${x1},${y1 + gap.y / 2} ${x2},${y2 - gap.y / 2} ${x2},${y2}`
  return `<path d="${d}" ${style}/>${text(x1 + (x2 - x1) * 0.35, y1 + (y2 - y1) * 0.4, label, 'middle')}`
}

function text(x: number, y: number, label: string, anchor: string): string {
  if (label === '') return ''
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="11" fill="#475569" stroke="#ffffff" stroke-width="3" paint-order="stroke">${escaped(label)}</text>`
}

function shape(model: GraphModel, name: string, { x, y, width }: Box, visits: Visits | undefined): string {
  const ends = name === start || name === end
  const count = ends ? 1 : (visits?.get(name) ?? 0)
  const fill = ends ? '#e2e8f0' : visits === undefined || count > 0 ? '#dbeafe' : '#f8fafc'
  const note = `${noteOf(model, name)}${count > 1 ? ` ×${count}` : ''}`.trim()
  const middle = x + width / 2
  const title = `<text x="${middle}" y="${y + (note === '' ? 27 : 20)}" text-anchor="middle" fill="#0f172a">${escaped(name)}</text>`
  const small =
    note === ''
      ? ''
      : `<text x="${middle}" y="${y + 35}" text-anchor="middle" font-size="11" fill="#475569">${escaped(note)}</text>`
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${ends ? height / 2 : 8}" fill="${fill}" stroke="#94a3b8"/>${title}${small}`
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
