import { decode, type ModelCallRow, SpanwiseError } from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { Backend } from './backend.ts'

/** What costs can be told apart by. */
export const costDimensions = [
  'model',
  'provider',
  'answered',
  'alias',
  'kind',
  'prompt',
  'workflow',
  'step',
  'run',
  'tenant',
  'team',
  'subject',
  'tags',
  'release',
  'day',
  'hour',
] as const

export type CostDimension = (typeof costDimensions)[number]

export interface CostOptions {
  /** in this order; one sum over all where none is named */
  readonly by?: readonly CostDimension[]
  /** from a date on, or the last `7d` */
  readonly since?: Date | Duration
  readonly until?: Date
  readonly tenant?: string
  readonly workflow?: string
}

/** Money is whole nano-dollars. */
export interface Spent {
  /** calls that came to their end: answered or failed for good */
  readonly calls: number
  readonly failed: number
  /** requests sent for them, to all candidates */
  readonly requests: number
  /** of answers whose price is known */
  readonly cost: bigint
  /** at most, for answers that were paid for and not used: losers of a hedge, streams that broke */
  readonly wasted: bigint
  /** answers of unknown cost: no price, or no count of tokens */
  readonly unpriced: number
  /** calls that were in flight when their process died, and what they cost at most */
  readonly unconfirmed: number
  readonly unconfirmedAtMost: bigint
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

export interface CostRow extends Spent {
  /** a value for each dimension of `by`; undefined where a call has none */
  readonly key: Readonly<Partial<Record<CostDimension, string>>>
}

export interface Costs {
  /** the dearest first */
  readonly rows: readonly CostRow[]
  /** over all rows */
  readonly total: Spent
}

const page = 1_000

/** Each entry counts once and in one row: rows add up to the total, and the total to the entries. */
export async function costs(backend: Backend, options: CostOptions, now: number): Promise<Costs> {
  const { by = [], tenant, workflow } = options
  for (const dimension of by) checkDimension(dimension)
  const since = startOf(options.since, now)
  const until = options.until?.getTime()
  const starts = startsOf(backend)
  const needsStart = by.some((dimension) => dimension === 'tags' || dimension === 'subject' || dimension === 'team')
  const rows = new Map<string, { readonly key: CostRow['key']; readonly sum: Sum }>()
  const total = nothing()
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const { items, after: next } = await backend.modelCalls({ since, until, tenant, workflow, after, limit: page })
    after = next
    for (const entry of items) {
      const spent = spentBy(entry)
      if (spent === undefined) continue
      const started = needsStart ? await starts(entry.run) : {}
      const values = by.map((dimension) => valueFor(dimension, entry, started))
      const name = JSON.stringify(values)
      let row = rows.get(name)
      if (row === undefined) {
        const key = Object.fromEntries(by.flatMap((each, n) => (values[n] === undefined ? [] : [[each, values[n]]])))
        row = { key, sum: nothing() }
        rows.set(name, row)
      }
      add(row.sum, spent)
      add(total, spent)
    }
  }
  const all = [...rows.values()].map(({ key, sum }): CostRow => ({ key, ...sum }))
  return { rows: all.sort((a, b) => dearer(a, b)), total }
}

type Sum = { -readonly [Name in keyof Spent]: Spent[Name] }

function nothing(): Sum {
  return {
    calls: 0,
    failed: 0,
    requests: 0,
    cost: 0n,
    wasted: 0n,
    unpriced: 0,
    unconfirmed: 0,
    unconfirmedAtMost: 0n,
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
  }
}

function add(sum: Sum, more: Spent): void {
  sum.calls += more.calls
  sum.failed += more.failed
  sum.requests += more.requests
  sum.cost += more.cost
  sum.wasted += more.wasted
  sum.unpriced += more.unpriced
  sum.unconfirmed += more.unconfirmed
  sum.unconfirmedAtMost += more.unconfirmedAtMost
  sum.inputTokens += more.inputTokens
  sum.cachedTokens += more.cachedTokens
  sum.outputTokens += more.outputTokens
  sum.reasoningTokens += more.reasoningTokens
}

/** What one entry adds. The announcement of a call says what may be spent; what was stands in the entries after it. */
export function spentBy({ kind, meta, confirmed }: ModelCallRow): Spent | undefined {
  if (kind !== 'model.attempt' && kind !== 'model.result' && kind !== 'model.error') return undefined
  const number = (name: string): number => (typeof meta[name] === 'number' ? meta[name] : 0)
  const money = (name: string): bigint => BigInt(Math.round(number(name)))
  const lost = meta['unconfirmed'] === true
  const unconfirmed = lost && confirmed === undefined
  return {
    calls: kind === 'model.attempt' ? 0 : 1,
    failed: kind === 'model.error' ? 1 : 0,
    requests: number('tries'),
    // of a lost call only what is known: the most that it may have cost stands beside the sums
    cost: lost ? (confirmed ?? 0n) : money('cost'),
    wasted: money('wasted'),
    unpriced: kind === 'model.result' && typeof meta['cost'] !== 'number' ? 1 : 0,
    unconfirmed: unconfirmed ? 1 : 0,
    unconfirmedAtMost: unconfirmed ? money('bound') : 0n,
    inputTokens: number('input'),
    cachedTokens: number('cached'),
    outputTokens: number('output'),
    reasoningTokens: number('reasoning'),
  }
}

function valueFor(dimension: CostDimension, entry: ModelCallRow, started: Started): string | undefined {
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
  switch (dimension) {
    case 'kind':
      return text(entry.meta['call'])
    case 'prompt': {
      const id = text(entry.meta['prompt'])
      return id === undefined ? undefined : `${id}@${entry.meta['promptVersion'] ?? '?'}`
    }
    case 'workflow':
    case 'run':
    case 'tenant':
    case 'release':
      return entry[dimension]
    case 'step':
      // occurrences and items are not told apart: `each#0[k]/ask#1` is `each/ask`
      return entry.key.replaceAll(/\[[^\]]*\]|#\d+|^@\d+\//g, '')
    case 'tags':
      // a run of several tags counts under all of them together, so that nothing counts twice
      return started.tags?.length ? [...started.tags].sort().join(', ') : undefined
    case 'team':
    case 'subject':
      return text(started[dimension])
    case 'day':
      return new Date(entry.at).toISOString().slice(0, 10)
    case 'hour':
      return `${new Date(entry.at).toISOString().slice(0, 13)}:00Z`
    default:
      return text(entry.meta[dimension])
  }
}

interface Started {
  readonly tags?: readonly string[]
  readonly subject?: unknown
  readonly team?: unknown
}

/** Tags, team and subject stand in clear only in a run's first entry; of an erased run nobody can tell them any more. */
function startsOf(backend: Backend): (run: string) => Promise<Started> {
  const known = new Map<string, Promise<Started>>()
  const read = async (run: string): Promise<Started> => {
    const [first] = await backend.entries(run, 0, 1)
    return first?.payload === undefined ? {} : (decode(first.payload) as Started)
  }
  return (run) => {
    const found = known.get(run) ?? read(run)
    known.set(run, found)
    return found
  }
}

function dearer(a: Spent, b: Spent): number {
  const [x, y] = [a.cost + a.wasted, b.cost + b.wasted]
  return x === y ? b.calls - a.calls : x < y ? 1 : -1
}

function startOf(since: Date | Duration | undefined, now: number): number | undefined {
  if (since === undefined) return undefined
  return since instanceof Date ? since.getTime() : now - milliseconds(since, 'since')
}

function checkDimension(name: CostDimension): void {
  if (costDimensions.includes(name)) return
  throw new SpanwiseError({
    code: 'COST_DIMENSION',
    message: `Costs cannot be told apart by "${name}".`,
    hint: `They can by ${costDimensions.join(', ')}.`,
  })
}
