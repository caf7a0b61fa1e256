import { priceOf, type Usage } from '../models/index.ts'
import type { Tokens } from './line.ts'
import type { Recorded } from './read.ts'

/** What the program wanted: one request, or several where it tried again. */
export interface LogicalCall {
  readonly run: string
  readonly at: number
  readonly site: string
  readonly provider: string
  readonly model: string
  readonly hash: string | undefined
  readonly requests: number
  /** from the first request to the end of the last */
  readonly ms: number
  readonly firstMs: number | undefined
  readonly streamed: boolean
  /** `lost`: its process died while it was under way */
  readonly outcome: 'ok' | 'gave up' | 'left' | 'lost'
  /** of each request that failed: `429`, `ECONNRESET` */
  readonly failures: readonly string[]
  /** nano-dollars of all its requests; undefined where one that was answered has no known cost */
  readonly cost: bigint | undefined
  readonly input: number
  readonly output: number
  /** an earlier call asked exactly the same and was answered */
  readonly repeats: boolean
}

// longer than any SDK waits between tries
const retryWindow = 5 * 60_000

/**
 * A request that repeats another of the same process, after that one failed, is a retry of the same call. A call that gives
 * up is one whose last try failed.
 */
export function logicalCalls(requests: readonly Recorded[]): LogicalCall[] {
  const chains: Recorded[][] = []
  const failing = new Map<string, Recorded[]>()
  for (const request of requests) {
    const key = request.end && `${request.process.run}/${request.process.pid}/${request.end.hash}`
    const open = key === undefined ? undefined : failing.get(key)
    const last = open?.at(-1)
    const continues =
      last?.end &&
      request.begin.at - (last.begin.at + last.end.ms) < retryWindow &&
      request.begin.at >= last.begin.at + last.end.ms - 50
    const chain = open && continues ? open : [request]
    if (chain === open) chain.push(request)
    else chains.push(chain)
    if (key === undefined) continue
    if (request.end && failed(request)) failing.set(key, chain)
    else if (chain === open) failing.delete(key)
  }
  const answered = new Set<string>()
  return chains.map((chain) => callOf(chain, answered))
}

function failed({ end }: Recorded): boolean {
  return end !== undefined && end.outcome !== 'ok' && end.outcome !== 'left'
}

function callOf(chain: readonly Recorded[], answered: Set<string>): LogicalCall {
  const first = chain[0] as Recorded
  const last = chain.at(-1) as Recorded
  const { end } = last
  const outcome = end === undefined ? 'lost' : end.outcome === 'ok' ? 'ok' : end.outcome === 'left' ? 'left' : 'gave up'
  const repeats = end !== undefined && answered.has(end.hash)
  if (outcome === 'ok' && end) answered.add(end.hash)
  return {
    run: first.process.run,
    at: first.begin.at,
    site: first.begin.site ?? 'unknown',
    provider: last.begin.provider,
    model: end?.answered ?? end?.model ?? 'unknown',
    hash: end?.hash,
    requests: chain.length,
    ms: end === undefined ? 0 : last.begin.at + end.ms - first.begin.at,
    firstMs: end?.firstMs === undefined ? undefined : last.begin.at + end.firstMs - first.begin.at,
    streamed: end?.stream === true,
    outcome,
    failures: chain.filter(failed).map((each) => failureOf(each)),
    cost: sumOf(chain.map(costOfRequest)),
    input: chain.reduce((sum, each) => sum + (each.end?.usage?.input ?? 0), 0),
    output: chain.reduce((sum, each) => sum + (each.end?.usage?.output ?? 0), 0),
    repeats,
  }
}

function failureOf({ end }: Recorded): string {
  if (end?.outcome === 'refused') return String(end.status)
  return end?.code ?? end?.outcome ?? 'unknown'
}

/** What was refused costs nothing; what broke off, was left or lost may have been billed, and nobody says how much. */
function costOfRequest({ begin, end }: Recorded): bigint | undefined {
  if (end?.outcome === 'refused' || (end?.outcome === 'error' && end.status === undefined)) return 0n
  if (!end?.usage) return undefined
  const model = end.model ?? end.answered
  if (model === undefined) return undefined
  const answered = end.answered
  return priceOf({ provider: begin.provider, model, answered, at: begin.at, usage: usageOf(end.usage) }).cost
}

function usageOf({ input, output, cached, cacheWrite, reasoning }: Tokens): Usage {
  return { input, output, cached, cacheWrite, reasoning }
}

function sumOf(costs: readonly (bigint | undefined)[]): bigint | undefined {
  return costs.reduce((sum, cost) => (sum === undefined || cost === undefined ? undefined : sum + cost), 0n)
}
