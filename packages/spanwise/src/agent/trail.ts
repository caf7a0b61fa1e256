import type { RunEvent } from '../app/index.ts'

/** One agent in the history of a run: what it did, in its order, and what that cost. */
export interface AgentTrail {
  readonly agent: string
  /** of its scope: `agent(researcher)#0` */
  readonly key: string
  readonly from: Date
  readonly to: Date
  /** its own, without those of agents that it called */
  readonly turns: number
  readonly tokens: number
  /** nano-dollars, as far as prices are known */
  readonly cost: bigint
  readonly did: readonly TrailPart[]
}

export type TrailPart =
  | { readonly type: 'turn'; readonly key: string; readonly at: Date }
  | { readonly type: 'tool'; readonly tool: string; readonly key: string; readonly at: Date; readonly ok: boolean }
  | { readonly type: 'asked'; readonly question: string; readonly key: string; readonly at: Date }
  | { readonly type: 'agent'; readonly trail: AgentTrail }

interface Growing extends AgentTrail {
  to: Date
  turns: number
  tokens: number
  cost: bigint
  readonly did: TrailPart[]
}

/**
 * The agents of a run, each with what it did: a view of the run's history.
 * @example for (const { agent, turns, cost } of await trail(run.events())) console.log(agent, turns, cost)
 */
export async function trail(events: AsyncIterable<RunEvent> | Iterable<RunEvent>): Promise<readonly AgentTrail[]> {
  const roots: AgentTrail[] = []
  const known = new Map<string, Growing>()
  const find = (scopes: readonly Scope[], at: Date): Growing => {
    const { key, agent } = scopes.at(-1) as Scope
    const found = known.get(key)
    if (found !== undefined) return found
    const made: Growing = { agent, key, from: at, to: at, turns: 0, tokens: 0, cost: 0n, did: [] }
    known.set(key, made)
    if (scopes.length === 1) roots.push(made)
    else find(scopes.slice(0, -1), at).did.push({ type: 'agent', trail: made })
    return made
  }
  for await (const event of events) {
    const scopes = scopesOf(event.key)
    if (scopes.length === 0) continue
    const one = find(scopes, event.at)
    one.to = event.at
    add(one, event, event.key.slice((scopes.at(-1)?.key.length ?? 0) + 1))
  }
  return roots
}

interface Scope {
  readonly agent: string
  readonly key: string
}

function scopesOf(key: string): readonly Scope[] {
  return [...key.matchAll(/agent\(([^)]*)\)#\d+(?=\[\d+\]\/)/g)].map((match) => ({
    agent: match[1] ?? '',
    key: key.slice(0, match.index + match[0].length),
  }))
}

function add(one: Growing, { kind, key, at, meta, payload }: RunEvent, rest: string): void {
  const isOwn = !rest.includes('agent(')
  if (kind === 'model.result' && isOwn) {
    // embeddings of a tool are no turn
    if (/^\d+\]\/(race#\d+\/turn\/)?model/.test(rest)) {
      one.turns++
      one.did.push({ type: 'turn', key, at })
    }
    one.tokens += Number(meta['input'] ?? 0) + Number(meta['output'] ?? 0)
    one.cost += BigInt(Number(meta['cost'] ?? 0))
  }
  if ((kind === 'step.result' || kind === 'step.error') && !rest.includes('/approve/')) {
    const tool = /([^/]+)#\d+$/.exec(rest)?.[1]
    if (tool !== undefined) one.did.push({ type: 'tool', tool, key, at, ok: kind === 'step.result' })
  }
  if (kind === 'approval.requested') {
    const { question } = (payload ?? {}) as { question?: unknown }
    one.did.push({ type: 'asked', question: String(question ?? ''), key, at })
  }
}
