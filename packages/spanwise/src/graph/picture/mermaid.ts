import { end, type GraphModel, start } from '../model.ts'
import { linesOf, noteOf } from './lines.ts'

/** A graph as a Mermaid flowchart. */
export function mermaid(model: GraphModel): string {
  const names = [start, ...model.nodes.keys(), end]
  const id = (name: string): string => `n${names.indexOf(name)}`
  const shapes = names.map((name) => {
    if (name === start || name === end) return `  ${id(name)}((${name}))`
    const note = noteOf(model, name)
    const label = quoted(note === '' ? name : `${name}<br/><small>${note}</small>`)
    const { kind, many } = model.nodes.get(name) as { kind: string; many: boolean }
    if (kind === 'approval' || kind === 'wait') return `  ${id(name)}{{${label}}}`
    return many ? `  ${id(name)}[[${label}]]` : `  ${id(name)}[${label}]`
  })
  const arrows = linesOf(model).map(({ from, to, label, kind }) => {
    const arrow = kind === 'edge' ? '-->' : '-.->'
    return `  ${id(from)} ${arrow}${label === '' ? '' : `|${quoted(label)}|`} ${id(to)}`
  })
  return `${['flowchart TD', ...shapes, ...arrows].join('\n')}\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`
}
