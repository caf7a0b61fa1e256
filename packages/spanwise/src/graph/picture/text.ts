import { end, type GraphModel, start } from '../model.ts'
import { type Line, linesOf, noteOf } from './lines.ts'

/** How often each node was gone through in a run, for pictures of its path. */
export type Visits = ReadonlyMap<string, number>

/**
 * A graph as a tree for the terminal, from the start on; a node that stands elsewhere already is named with an arrow up. With visits,
 * nodes of the path have a mark and how often they were gone through.
 */
export function textPicture(model: GraphModel, visits?: Visits): string {
  const lines = linesOf(model)
  const shown = new Set<string>([start])
  const out: string[] = [`${mark(visits, start)}${start}`]
  const draw = (node: string, indent: string): void => {
    const next = lines.filter(({ from }) => from === node)
    for (const [i, line] of next.entries()) {
      const isLast = i === next.length - 1
      const again = shown.has(line.to) && line.to !== end
      const head = `${indent}${isLast ? '└' : '├'}${dashes(line)}`
      out.push(`${head}${nodeText(model, line.to, again, visits)}`)
      if (again || line.to === end) continue
      shown.add(line.to)
      draw(line.to, `${indent}${isLast ? ' ' : '│'}  `)
    }
  }
  draw(start, visits === undefined ? '' : '  ')
  return `${out.join('\n')}\n`
}

function dashes({ label, kind }: Line): string {
  const dash = kind === 'edge' ? '─' : '╌'
  return label === '' ? `${dash}▶ ` : `${dash} ${label} ${dash}▶ `
}

function nodeText(model: GraphModel, name: string, again: boolean, visits: Visits | undefined): string {
  const note = noteOf(model, name)
  return `${mark(visits, name)}${name}${again ? ' ↑' : note === '' ? '' : ` (${note})`}`
}

function mark(visits: Visits | undefined, name: string): string {
  if (visits === undefined || name === end) return ''
  const count = name === start ? 1 : (visits.get(name) ?? 0)
  if (count === 0) return '· '
  return count === 1 ? '● ' : `●×${count} `
}
