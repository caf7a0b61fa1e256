import type { ListQuery, RunRow, RunStatus } from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { quantile } from './quantile.ts'
import { type Wear, wearOf } from './wear.ts'

export interface OverviewOptions {
  /** how far back: `7d` when absent; compared with as much before it */
  readonly period?: Duration
  readonly workflow?: string
  readonly tenant?: string
}

/** How runs that were started within a time went. */
export interface Period extends Wear {
  readonly from: Date
  readonly until: Date
  readonly started: number
  readonly statuses: Readonly<Record<RunStatus, number>>
  /** completed, of those that completed, failed or need attention; undefined where there are none */
  readonly successRate: number | undefined
  /** ms from start to completion, waiting included; undefined where none completed */
  readonly p50: number | undefined
  readonly p95: number | undefined
  /** undefined where none completed */
  readonly costPerSuccess: bigint | undefined
}

export interface Overview extends Period {
  /** the same for as much time before */
  readonly previous: Period
  /** equal parts of the period, oldest first */
  readonly parts: readonly {
    readonly from: Date
    readonly completed: number
    /** failed, or need attention */
    readonly wrong: number
    readonly other: number
  }[]
  /** workflows of the period, by how many runs they have */
  readonly workflows: readonly {
    readonly workflow: string
    readonly started: number
    readonly completed: number
    readonly wrong: number
  }[]
  /** false when there are more runs than are looked at: then the figures are of the newest */
  readonly isWhole: boolean
}

const page = 1_000
const most = 200_000
const partsOfPeriod = 28

/** Computed from the list of runs, newest first, as far back as the two periods go. */
export async function overview(backend: Backend, options: OverviewOptions, now: number): Promise<Overview> {
  const period = milliseconds(options.period ?? '7d')
  const { workflow, tenant } = options
  const from = now - period
  const before = from - period
  const query = { limit: page, workflow, tenant } as ListQuery
  const [current, previous]: [RunRow[], RunRow[]] = [[], []]
  let seen = 0
  let isWhole = false
  for (let after: string | undefined; !isWhole && seen < most; ) {
    const { items, after: next } = await backend.list(after === undefined ? query : { ...query, after })
    for (const row of items) {
      if (row.createdAt >= from) current.push(row)
      else if (row.createdAt >= before) previous.push(row)
    }
    seen += items.length
    after = next
    // one run may be older than its neighbours where a clock was set: a whole page is not
    isWhole = next === undefined || items.every(({ createdAt }) => createdAt < before)
  }
  const [wearBefore, wearNow] = await wearOf(backend, { workflow, tenant }, [before, from, now])
  return {
    ...periodOf(current, from, now, wearNow),
    previous: periodOf(previous, before, from, wearBefore),
    parts: partsOf(current, from, period),
    workflows: workflowsOf(current),
    isWhole,
  }
}

function periodOf(rows: readonly RunRow[], from: number, until: number, wear: Wear): Period {
  const statuses: Record<RunStatus, number> = {
    queued: 0,
    running: 0,
    waiting: 0,
    'needs attention': 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
  }
  const times: number[] = []
  for (const { status, createdAt, updatedAt } of rows) {
    statuses[status]++
    if (status === 'completed') times.push(updatedAt - createdAt)
  }
  times.sort((a, b) => a - b)
  const { completed } = statuses
  const judged = completed + statuses.failed + statuses['needs attention']
  return {
    from: new Date(from),
    until: new Date(until),
    started: rows.length,
    statuses,
    successRate: judged === 0 ? undefined : completed / judged,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    ...wear,
    costPerSuccess: completed === 0 ? undefined : wear.cost / BigInt(completed),
  }
}

function partsOf(rows: readonly RunRow[], from: number, period: number): Overview['parts'] {
  const width = period / partsOfPeriod
  const parts = Array.from({ length: partsOfPeriod }, (_, i) => ({
    from: new Date(Math.round(from + i * width)),
    completed: 0,
    wrong: 0,
    other: 0,
  }))
  for (const { createdAt, status } of rows) {
    const part = parts[Math.min(partsOfPeriod - 1, Math.floor((createdAt - from) / width))]
    if (part === undefined) continue
    part[kindOf(status)]++
  }
  return parts
}

function workflowsOf(rows: readonly RunRow[]): Overview['workflows'] {
  const found = new Map<string, { workflow: string; started: number; completed: number; wrong: number }>()
  for (const { workflow, status } of rows) {
    const one = found.get(workflow) ?? { workflow, started: 0, completed: 0, wrong: 0 }
    found.set(workflow, one)
    one.started++
    const kind = kindOf(status)
    if (kind !== 'other') one[kind]++
  }
  return [...found.values()].sort((a, b) => b.started - a.started)
}

function kindOf(status: RunStatus): 'completed' | 'wrong' | 'other' {
  if (status === 'completed') return 'completed'
  return status === 'failed' || status === 'needs attention' ? 'wrong' : 'other'
}
