import { dice } from '../support/seeds.ts'
import type { Kind } from './workflows.ts'

/** A run to start. */
export interface Start {
  readonly kind: Kind
  readonly n: number
  /** absent: starting it again would be another run */
  readonly id: string | undefined
  readonly delay: number | undefined
  readonly priority: number
}

const kinds: readonly Kind[] = [
  'chain',
  'promises',
  'money',
  'threads',
  'waits',
  'asks',
  'family',
  'rounds',
  'list',
  'people',
  'branches',
  'undone',
  'stopped',
  'mended',
]

/** What the n-th process of a campaign starts, besides what its forerunners did not get acknowledged. */
export function batch(seed: number, number: number): readonly Start[] {
  const roll = dice(seed + number * 7_919)
  const starts: Start[] = kinds.map((kind) => start(kind))
  if (number === 0) starts.push(start('stream'), start('bulk'))
  for (let i = 0; i < 2; i++) starts.push({ ...start(roll.pick(['chain', 'money'] as const)), id: undefined })
  return starts

  function start(kind: Kind): Start {
    const n = roll.whole(900)
    return {
      kind,
      n,
      id: `${kind}-${number}-${n}`,
      delay: roll.whole(6) === 0 ? roll.whole(60) : undefined,
      priority: roll.whole(3),
    }
  }
}

export interface Plan {
  readonly seed: number
  /** the number of this process in its campaign */
  readonly number: number
  /** stay until every run has ended */
  readonly finish: boolean
  readonly linger: number
  readonly capacity: number
}

/** What is noted when the app has acknowledged it. */
export type Note = { readonly started: string; readonly run: string } | { readonly told: string; readonly what: string }

/** the runs that a driver or a worker still has something to say to, and what */
export const letters: Readonly<Partial<Record<Kind, readonly number[]>>> = { waits: [1, 2, 3, 4], rounds: [10] }
