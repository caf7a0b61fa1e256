import { end, type GraphEdge, type GraphModel, sourcesOf, start } from '../model.ts'

/** An edge as pictures draw it: one line from one node to another. */
export interface Line {
  readonly from: string
  readonly to: string
  readonly label: string
  readonly kind: 'edge' | 'error' | 'goto'
}

export function linesOf({ edges }: GraphModel): readonly Line[] {
  return edges.flatMap((edge) => sourcesOf(edge).flatMap((from) => linesFrom(edge, from)))
}

function linesFrom(edge: GraphEdge, from: string): readonly Line[] {
  switch (edge.kind) {
    case 'goto':
      return edge.targets.map((to) => ({ from, to, label: 'goto', kind: 'goto' }))
    case 'error':
      return [{ from, to: edge.to, label: 'error', kind: 'error' }, ...beyond(edge, from)]
    case 'route': {
      const byTarget = new Map<string, string[]>()
      for (const [key, to] of Object.entries(edge.targets)) byTarget.set(to, [...(byTarget.get(to) ?? []), key])
      if (edge.otherwise !== undefined)
        byTarget.set(edge.otherwise, [...(byTarget.get(edge.otherwise) ?? []), 'otherwise'])
      return [
        ...[...byTarget].map(
          ([to, keys]): Line => ({ from, to, label: `${keys.join(' | ')}${times(edge)}`, kind: 'edge' }),
        ),
        ...beyond(edge, from),
      ]
    }
    case 'edge': {
      const { need } = edge
      const join =
        edge.from.length === 1
          ? ''
          : need === edge.from.length
            ? 'all'
            : need === 1
              ? 'any'
              : `${need} of ${edge.from.length}`
      return [{ from, to: edge.to, label: `${join}${times(edge)}`.trim(), kind: 'edge' }, ...beyond(edge, from)]
    }
  }
}

function times({ max }: { readonly max?: number | undefined }): string {
  return max === undefined ? '' : ` ≤${max}`
}

function beyond(
  edge: { readonly beyond?: string | undefined; readonly max?: number | undefined },
  from: string,
): readonly Line[] {
  return edge.beyond === undefined ? [] : [{ from, to: edge.beyond, label: `after ${edge.max}`, kind: 'edge' }]
}

/** What stands beside a node's name: what it is, where that is not just a function. */
export function noteOf(model: GraphModel, name: string): string {
  const node = model.nodes.get(name)
  if (node === undefined) return ''
  const kind = node.kind === 'function' ? '' : node.kind
  return node.many ? `${kind === '' ? '' : `${kind}, `}for each` : kind
}

/** Nodes in rows: each below what leads to it, but for edges that lead back. */
export function rowsOf(model: GraphModel): readonly (readonly string[])[] {
  const lines = linesOf(model)
  const row = new Map<string, number>([[start, 0]])
  const open = new Set<string>()
  const visit = (node: string): void => {
    open.add(node)
    for (const { to } of lines.filter(({ from }) => from === node)) {
      if (open.has(to) || (row.get(to) ?? -1) > (row.get(node) as number)) continue
      row.set(to, (row.get(node) as number) + 1)
      visit(to)
    }
    open.delete(node)
  }
  visit(start)
  row.set(end, 1 + Math.max(...[...row].filter(([name]) => name !== end).map(([, at]) => at)))
  const rows: string[][] = []
  for (const [name, at] of row) {
    rows[at] ??= []
    rows[at]?.push(name)
  }
  return rows.filter((one) => one !== undefined)
}
