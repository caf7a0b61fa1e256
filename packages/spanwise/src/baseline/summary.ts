import type { LogicalCall } from './calls.ts'

/** What a program's calls come to. Money is nano-dollars and counts what is known; `unpriced` says how many calls it leaves out. */
export interface Summary {
  readonly runs: number
  readonly calls: number
  readonly requests: number
  readonly ok: number
  readonly gaveUp: number
  readonly left: number
  readonly lost: number
  /** of the calls that came to an end by themselves */
  readonly successRate: number | undefined
  /** ms of calls that succeeded, retries and the waits between them included */
  readonly p50: number | undefined
  readonly p95: number | undefined
  /** ms to the first part of streams that succeeded */
  readonly firstP50: number | undefined
  readonly firstP95: number | undefined
  readonly retried: number
  readonly failures: readonly { readonly what: string; readonly count: number }[]
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cost: bigint
  readonly unpriced: number
  readonly costPerCall: bigint | undefined
  readonly costPerRun: bigint | undefined
  /** calls that asked exactly what an earlier one had been answered */
  readonly repeats: number
  readonly reuseSaves: bigint
  readonly models: readonly Share[]
  readonly sites: readonly Share[]
}

export interface Share {
  readonly name: string
  readonly calls: number
  readonly gaveUp: number
  readonly cost: bigint
  readonly unpriced: number
}

export function summarize(calls: readonly LogicalCall[]): Summary {
  const of = (outcome: LogicalCall['outcome']): number => calls.filter((call) => call.outcome === outcome).length
  const succeeded = calls.filter((call) => call.outcome === 'ok')
  const ok = succeeded.length
  const gaveUp = of('gave up')
  const times = sorted(succeeded.map((call) => call.ms))
  const firsts = sorted(
    succeeded.flatMap((call) => (call.streamed && call.firstMs !== undefined ? [call.firstMs] : [])),
  )
  const priced = calls.filter((call) => call.cost !== undefined)
  const runs = new Set(calls.map((call) => call.run)).size
  const cost = sum(priced)
  const repeated = calls.filter((call) => call.repeats)
  return {
    runs,
    calls: calls.length,
    requests: calls.reduce((all, call) => all + call.requests, 0),
    ok,
    gaveUp,
    left: of('left'),
    lost: of('lost'),
    successRate: ok + gaveUp === 0 ? undefined : ok / (ok + gaveUp),
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    firstP50: quantile(firsts, 0.5),
    firstP95: quantile(firsts, 0.95),
    retried: calls.filter((call) => call.requests > 1).length,
    failures: count(calls.flatMap((call) => call.failures)),
    inputTokens: calls.reduce((all, call) => all + call.input, 0),
    outputTokens: calls.reduce((all, call) => all + call.output, 0),
    cost,
    unpriced: calls.length - priced.length,
    costPerCall: priced.length ? cost / BigInt(priced.length) : undefined,
    costPerRun: runs && priced.length ? cost / BigInt(runs) : undefined,
    repeats: repeated.length,
    reuseSaves: sum(repeated),
    models: shares(calls, (call) => `${call.provider} ${call.model}`),
    sites: shares(calls, (call) => call.site),
  }
}

function sum(calls: readonly LogicalCall[]): bigint {
  return calls.reduce((all, call) => all + (call.cost ?? 0n), 0n)
}

/** The dearest first; among equals, the busiest. */
function shares(calls: readonly LogicalCall[], name: (call: LogicalCall) => string): Share[] {
  const groups = Map.groupBy(calls, name)
  const all = [...groups].map(
    ([name, group]): Share => ({
      name,
      calls: group.length,
      gaveUp: group.filter((call) => call.outcome === 'gave up').length,
      cost: sum(group),
      unpriced: group.filter((call) => call.cost === undefined).length,
    }),
  )
  return all.sort((a, b) => (a.cost === b.cost ? b.calls - a.calls : a.cost < b.cost ? 1 : -1))
}

function count(names: readonly string[]): { what: string; count: number }[] {
  const groups = [...Map.groupBy(names, (name) => name)].map(([what, group]) => ({ what, count: group.length }))
  return groups.sort((a, b) => b.count - a.count || a.what.localeCompare(b.what))
}

function sorted(values: number[]): number[] {
  return values.sort((a, b) => a - b)
}

/** The nearest value of the list, none in between. */
function quantile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)]
}
