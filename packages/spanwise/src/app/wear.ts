import type { EntryKind, ModelCallRow } from '../journal/index.ts'
import type { Backend } from './backend.ts'
import { spentBy } from './costs.ts'
import { quantile } from './quantile.ts'

/** What it took, beside the runs that went well: what was paid, tried again, and mended. */
export interface Wear {
  /** nano-dollars of model calls in this time whose price is known */
  readonly cost: bigint
  /** retry debt: attempts of steps, and requests to models, that failed and were tried again */
  readonly retries: number
  /** ms that those attempts of steps took */
  readonly retryTime: number
  /** nano-dollars at most, for answers that were paid for and not used */
  readonly wasted: bigint
  /** times that a run came to need attention */
  readonly parked: number
  /** of those, how many ended in a completed run since */
  readonly recovered: number
  /** ms from needing attention to completion, the median; undefined where none was mended */
  readonly timeToRecovery: number | undefined
}

const kinds: readonly EntryKind[] = [
  'model.attempt',
  'model.result',
  'model.error',
  'step.attempt',
  'run.parked',
  'run.completed',
  'run.failed',
  'run.cancelled',
]
const page = 1_000

/**
 * One walk through the journal for both of two periods that follow each other. What was parked in one of them and mended later counts
 * where it was parked.
 */
export async function wearOf(
  backend: Backend,
  query: { readonly workflow?: string | undefined; readonly tenant?: string | undefined },
  [begin, middle, until]: readonly [number, number, number],
): Promise<readonly [before: Wear, now: Wear]> {
  const sums = [nothing(), nothing()] as const
  const parkedAt = new Map<string, number>()
  const sumAt = (at: number): Sum => sums[at < middle ? 0 : 1]
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const part = await backend.modelCalls({ ...query, kinds, since: begin, until, after, limit: page })
    after = part.after
    for (const row of part.items) take(row, sumAt(row.at), parkedAt, sumAt)
  }
  return [toWear(sums[0]), toWear(sums[1])]
}

type Sum = { -readonly [Name in Exclude<keyof Wear, 'recovered' | 'timeToRecovery'>]: Wear[Name] } & {
  readonly mended: number[]
}

function nothing(): Sum {
  return { cost: 0n, retries: 0, retryTime: 0, wasted: 0n, parked: 0, mended: [] }
}

function take(row: ModelCallRow, sum: Sum, parkedAt: Map<string, number>, sumAt: (at: number) => Sum): void {
  const { run, kind, at, meta } = row
  switch (kind) {
    case 'step.attempt':
      // a question whether it was done is no attempt of its own
      if (meta['asked'] !== undefined) return
      sum.retries++
      sum.retryTime += Number(meta['ms'] ?? 0)
      return
    case 'run.parked':
      sum.parked++
      // one that parks again is not mended in between
      if (!parkedAt.has(run)) parkedAt.set(run, at)
      return
    case 'run.completed': {
      const since = parkedAt.get(run)
      if (since !== undefined) sumAt(since).mended.push(at - since)
      parkedAt.delete(run)
      return
    }
    case 'run.failed':
    case 'run.cancelled':
      parkedAt.delete(run)
      return
    default: {
      const spent = spentBy(row)
      sum.cost += spent?.cost ?? 0n
      sum.wasted += spent?.wasted ?? 0n
      if (kind !== 'model.attempt') sum.retries += Math.max(0, Number(meta['tries'] ?? 1) - 1)
    }
  }
}

function toWear({ mended, ...sum }: Sum): Wear {
  const sorted = mended.sort((a, b) => a - b)
  return { ...sum, recovered: mended.length, timeToRecovery: quantile(sorted, 0.5) }
}
