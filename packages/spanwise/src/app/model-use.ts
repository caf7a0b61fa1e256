import type { ModelCallRow } from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { quantile } from './quantile.ts'

export interface ModelUseOptions {
  /** how far back: `7d` when absent */
  readonly period?: Duration
  readonly tenant?: string
  readonly workflow?: string
}

/** Who answered under the name of a model, as the provider says it. */
export interface ModelIdentity {
  readonly answered: string
  readonly firstSeen: Date
  readonly lastSeen: Date
  readonly calls: number
  /** one that it answered first */
  readonly run: string
}

/** What one candidate did, as the journal has it. */
export interface ModelUse {
  readonly alias: string
  readonly provider: string
  readonly model: string
  readonly calls: number
  readonly failed: number
  /** of the calls of its alias */
  readonly share: number
  /** candidates that were given up before it answered */
  readonly failovers: number
  /** ms, of calls that were answered: times that a call really took; undefined where none was */
  readonly p50: number | undefined
  readonly p95: number | undefined
  /** nano-dollars, of answers whose price is known */
  readonly cost: bigint
  readonly unpriced: number
  /** US dollars for a million tokens, that the latest answer was priced with */
  readonly price: { readonly source: string; readonly input?: number; readonly output?: number } | undefined
  /** the first is who answered when the period began; each other one came without a word */
  readonly identities: readonly ModelIdentity[]
}

const page = 1_000

/** Candidates that were asked in the period: by their aliases, those with the most calls first. */
export async function modelUse(backend: Backend, options: ModelUseOptions, now: number): Promise<readonly ModelUse[]> {
  const { period = '7d', tenant, workflow } = options
  const since = now - milliseconds(period, 'period')
  const sums = new Map<string, Sum>()
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const part = await backend.modelCalls({
      since,
      tenant,
      workflow,
      kinds: ['model.result', 'model.error'],
      after,
      limit: page,
    })
    after = part.after
    for (const row of part.items) add(sums, row)
  }
  const ofAlias = new Map<string, number>()
  for (const { alias, calls } of sums.values()) ofAlias.set(alias, (ofAlias.get(alias) ?? 0) + calls)
  return [...sums.values()]
    .map(({ times, identities, ...sum }): ModelUse => {
      const sorted = times.sort((a, b) => a - b)
      return {
        ...sum,
        share: sum.calls / (ofAlias.get(sum.alias) as number),
        p50: quantile(sorted, 0.5),
        p95: quantile(sorted, 0.95),
        identities: [...identities]
          .map(([answered, { first, last, calls, run }]) => ({
            answered,
            firstSeen: new Date(first),
            lastSeen: new Date(last),
            calls,
            run,
          }))
          .sort((a, b) => a.firstSeen.getTime() - b.firstSeen.getTime()),
      }
    })
    .sort((a, b) => (a.alias < b.alias ? -1 : a.alias > b.alias ? 1 : b.calls - a.calls))
}

type Sum = { -readonly [Name in Exclude<keyof ModelUse, 'share' | 'p50' | 'p95' | 'identities'>]: ModelUse[Name] } & {
  readonly times: number[]
  readonly identities: Map<string, { first: number; last: number; calls: number; run: string }>
}

function add(sums: Map<string, Sum>, { kind, meta, at, run }: ModelCallRow): void {
  const text = (name: string): string => (typeof meta[name] === 'string' ? meta[name] : '')
  const number = (name: string): number => (typeof meta[name] === 'number' ? meta[name] : 0)
  const [alias, provider, model] = [text('alias'), text('provider'), text('model')]
  const name = JSON.stringify([alias, provider, model])
  const sum: Sum = sums.get(name) ?? {
    alias,
    provider,
    model,
    calls: 0,
    failed: 0,
    failovers: 0,
    cost: 0n,
    unpriced: 0,
    price: undefined,
    times: [],
    identities: new Map(),
  }
  sums.set(name, sum)
  sum.calls++
  sum.failovers += number('failovers')
  sum.cost += BigInt(Math.round(number('cost')))
  if (kind === 'model.error') {
    sum.failed++
    return
  }
  sum.times.push(number('ms'))
  if (typeof meta['cost'] !== 'number') sum.unpriced++
  if (typeof meta['price'] === 'string') sum.price = JSON.parse(meta['price'])
  const answered = text('answered')
  if (answered === '') return
  const before = sum.identities.get(answered)
  if (before === undefined) sum.identities.set(answered, { first: at, last: at, calls: 1, run })
  else {
    before.calls++
    // times of entries are not in the order of the log
    if (at < before.first) Object.assign(before, { first: at, run })
    before.last = Math.max(before.last, at)
  }
}
