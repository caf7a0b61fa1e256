import type { AgentTrail, TrailPart } from 'spanwise/agent'

/** The way that a run took, as a tree: who worked for whom, what they did, and what it cost. */
export function picture(trails: readonly AgentTrail[], columns: number): string {
  const lines = trails.flatMap((one, n) => branch(one, n === trails.length - 1, ''))
  const width = Math.max(...lines.map(({ left }) => left.length))
  const all = total(trails)
  return [
    ...lines.map(({ left, right }) => `${left.padEnd(Math.min(width, columns - 24))}  ${right}`),
    '',
    `${all.turns} turns, ${all.tokens} tokens, ${money(all.cost)}`,
  ].join('\n')
}

interface Line {
  readonly left: string
  readonly right: string
}

function branch(trail: AgentTrail, isLast: boolean, indent: string): readonly Line[] {
  const tools = counted(trail.did)
  const agents = trail.did.flatMap((part) => (part.type === 'agent' ? [part.trail] : []))
  const turns = `${trail.turns} ${trail.turns === 1 ? 'turn ' : 'turns'}`
  return [
    {
      left: `${indent}${isLast ? '└─' : '├─'} ${trail.agent}${tools === '' ? '' : `  ${tools}`}`,
      right: `${turns.padStart(8)} ${money(trail.cost).padStart(9)}`,
    },
    ...agents.flatMap((one, n) => branch(one, n === agents.length - 1, `${indent}${isLast ? '   ' : '│  '}`)),
  ]
}

function counted(did: readonly TrailPart[]): string {
  const counts = new Map<string, number>()
  for (const part of did) if (part.type === 'tool') counts.set(part.tool, (counts.get(part.tool) ?? 0) + 1)
  return [...counts].map(([tool, count]) => (count === 1 ? tool : `${tool} ×${count}`)).join(', ')
}

function total(trails: readonly AgentTrail[]): { turns: number; tokens: number; cost: bigint } {
  const sum = { turns: 0, tokens: 0, cost: 0n }
  for (const one of trails) {
    const below = total(one.did.flatMap((part) => (part.type === 'agent' ? [part.trail] : [])))
    sum.turns += one.turns + below.turns
    sum.tokens += one.tokens + below.tokens
    sum.cost += one.cost + below.cost
  }
  return sum
}

function money(nano: bigint): string {
  return `$${(Number(nano) / 1e9).toFixed(4)}`
}
