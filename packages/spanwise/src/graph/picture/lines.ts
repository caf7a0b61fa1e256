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
  const onward = new Map<string, string[]>()
  for (const { from, to } of linesOf(model)) {
    const targets = onward.get(from)
    if (targets === undefined) onward.set(from, [to])
    else targets.push(to)
  }
  const seen = new Set<string>()
  const open = new Set<string>()
  const forward = new Map<string, string[]>()
  /** each node behind all that it leads to */
  const settled: string[] = []
  const visit = (node: string): void => {
    seen.add(node)
    open.add(node)
    const targets = (onward.get(node) ?? []).filter((to) => !open.has(to))
    forward.set(node, targets)
    for (const to of targets) if (!seen.has(to)) visit(to)
    open.delete(node)
    settled.push(node)
  }
  visit(start)
  const row = new Map<string, number>([...seen].map((name) => [name, 0]))
  for (const node of settled.reverse())
    for (const to of forward.get(node) ?? [])
      row.set(to, Math.max(row.get(to) as number, (row.get(node) as number) + 1))
  row.set(end, 1 + Math.max(...[...row].filter(([name]) => name !== end).map(([, at]) => at)))
  const rows: string[][] = []
  for (const [name, at] of row) {
    rows[at] ??= []
    rows[at]?.push(name)
  }
  return untangled(
    rows.filter((one) => one !== undefined),
    linesOf(model),
  )
}

/** Each row in the order in which its nodes hang below the row before: a few passes leave few crossings. */
function untangled(rows: readonly (readonly string[])[], lines: readonly Line[]): readonly (readonly string[])[] {
  const sorted = rows.map((row) => [...row])
  const [above, below] = [Map.groupBy(lines, ({ to }) => to), Map.groupBy(lines, ({ from }) => from)]
  for (const down of [true, false, true]) {
    const order = [...sorted.keys()]
    for (const at of down ? order.slice(1) : order.reverse().slice(1)) {
      const row = sorted[at] as string[]
      const places = new Map((sorted[down ? at - 1 : at + 1] as string[]).map((name, place) => [name, place]))
      const middle = (name: string): number => {
        const found = ((down ? above : below).get(name) ?? [])
          .map(({ from, to }) => places.get(down ? from : to))
          .filter((place) => place !== undefined)
        return found.length === 0 ? row.indexOf(name) : found.reduce((a, b) => a + b, 0) / found.length
      }
      const weights = new Map(row.map((name) => [name, middle(name)]))
      row.sort((a, b) => (weights.get(a) as number) - (weights.get(b) as number))
    }
  }
  return sorted
}
