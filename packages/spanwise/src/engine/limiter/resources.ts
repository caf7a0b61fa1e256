import type { LimitClaim, RateMark } from './port.ts'
import { FairQueue, type Waiter } from './queue.ts'
import { RateWindow } from './window.ts'

/**
 * One thing that is limited: the places of a key, or its rate. Who needs several takes them in one order for all, and keeps what
 * it has while it waits for the next, so nobody waits in a circle and every decision looks at one queue only. Places come before
 * rates, narrow ones before wide ones: what is kept meanwhile is what others would wait for anyway.
 */
interface Common<W extends Waiter> {
  readonly key: string
  /** fixed when it is made: limits may change while somebody waits */
  readonly rank: number
  readonly queue: FairQueue<W>
}

export interface PlacesOf<W extends Waiter> extends Common<W> {
  readonly kind: 'places'
  limit: number
  held: number
}

export interface RateOf<W extends Waiter> extends Common<W> {
  readonly kind: 'rate'
  readonly window: RateWindow
  /** when its first in line may have room, while it waits for that, ms */
  wakeAt: number
  /** place among those that wait for a time */
  place: number
}

export type Resource<W extends Waiter> = PlacesOf<W> | RateOf<W>

/** What is known of a key. */
export interface KeyState<W extends Waiter> {
  readonly key: string
  places: PlacesOf<W> | undefined
  rate: RateOf<W> | undefined
  /** requests that it is part of, waiting or granted */
  users: number
}

export function comesFirst<W extends Waiter>(a: Resource<W>, b: Resource<W>): number {
  if (a.kind !== b.kind) return a.kind === 'places' ? -1 : 1
  if (a.rank !== b.rank) return a.rank - b.rank
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

export function fits<W extends Waiter>(resource: Resource<W>, now: number, amount: number): boolean {
  return resource.kind === 'places' ? resource.held + amount <= resource.limit : resource.window.fits(now, amount)
}

export function take<W extends Waiter>(resource: Resource<W>, amount: number): void {
  if (resource.kind === 'places') resource.held += amount
  else resource.window.reserve(amount)
}

export function putBack<W extends Waiter>(resource: Resource<W>, amount: number): void {
  if (resource.kind === 'places') resource.held -= amount
  else resource.window.unreserve(amount)
}

/** The latest claim says how large a limit is. Returns what has more room than before. */
export function adjust<W extends Waiter>(
  state: KeyState<W>,
  { key, limit, rate }: LimitClaim,
  weight: (tenant: string) => number,
  recall: () => readonly RateMark[] | undefined,
): readonly Resource<W>[] {
  const wider: Resource<W>[] = []
  if (limit !== undefined) {
    state.places ??= { kind: 'places', key, rank: limit, queue: new FairQueue(weight), limit, held: 0 }
    if (limit > state.places.limit) wider.push(state.places)
    state.places.limit = limit
  }
  if (rate !== undefined) {
    if (state.rate === undefined) {
      const window = new RateWindow(rate, recall())
      state.rate = {
        kind: 'rate',
        key,
        rank: rate.limit / rate.per,
        queue: new FairQueue(weight),
        window,
        wakeAt: 0,
        place: -1,
      }
    }
    const { window } = state.rate
    if (rate.limit > window.limit || rate.per < window.per) wider.push(state.rate)
    window.limit = rate.limit
    window.per = rate.per
  }
  return wider
}
