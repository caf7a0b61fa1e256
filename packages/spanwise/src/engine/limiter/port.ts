import type { Clock } from '../clock.ts'

/**
 * Decides who may begin when more want to than may: one for steps, models and pools. On SQLite one process works on the store, so
 * the decisions are made in it; an implementation for many workers answers the same calls.
 *
 * A claim names a key; who names the same key shares its limit. A request gets all of its claims or waits. Among those that wait
 * for a key, the higher priority goes first, then the tenant that has had least for its weight, then who came first.
 */
export interface Limiter {
  /**
   * Resolves with a lease when every claim has room. What it draws from a rate is on disk by then.
   * @throws LIMIT_DEADLINE when it cannot begin before its deadline, LIMIT_TOO_LARGE when it asks for more than there ever is,
   * the signal's reason when that aborts: its place in the queue is free then
   */
  acquire(request: LimitRequest): Promise<Lease>
  /** Who holds what, and how many wait: for people. */
  limits(): readonly LimitState[]
  /** something is decided and not yet on disk */
  readonly busy: boolean
  /** Refuses what waits; leases that were given hold. */
  close(): void
}

export interface LimitRequest {
  readonly claims: readonly LimitClaim[]
  /** whose share it is; 'default' */
  readonly tenant?: string | undefined
  /** higher first; 0 */
  readonly priority?: number | undefined
  /** ms since 1970: what cannot begin by then is refused, as soon as that is known */
  readonly deadline?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LimitClaim {
  /** the same key is the same limit; the latest claim says how large it is */
  readonly key: string
  /** places: how much may be held at once */
  readonly limit?: number | undefined
  /** how much may begin within any span of time */
  readonly rate?: Rate | undefined
  /** what it takes of each, 1 when absent: tokens, bytes, places */
  readonly amount?: number | undefined
}

export interface Rate {
  readonly limit: number
  /** ms */
  readonly per: number
}

export interface Lease {
  /** how long it was waited for, ms */
  readonly waited: number
  /** What was really drawn from the rates of these keys: more or less than was asked for. Counts as of when it began. */
  settle(used: Readonly<Record<string, number>>): void
  /** Gives the places back. Again does nothing. What was drawn from a rate stays drawn. */
  release(): void
}

export interface LimitState {
  readonly key: string
  readonly limit: number | undefined
  readonly held: number
  readonly rate: Rate | undefined
  /** drawn from the rate within its span */
  readonly drawn: number
  readonly waiting: number
  /** when who has waited longest came, ms */
  readonly since: number | undefined
  /** when there is room again as far as the rate is concerned, ms; undefined when there is, or when only places are missing */
  readonly next: number | undefined
}

export interface LimiterOptions {
  readonly clock: Clock
  /** share of a tenant against others; 1 where it says nothing */
  readonly weight?: ((tenant: string) => number) | undefined
  readonly memory?: RateMemory | undefined
  readonly log?: { error(message: string, facts?: object): void } | undefined
}

/** Where it is kept what was drawn from rates, so that a restart does not begin them anew. */
export interface RateMemory {
  /** what an earlier process kept of this key */
  recall(key: string): readonly RateMark[] | undefined
  /** Durable when it resolves. */
  keep(rates: readonly KeptRate[]): Promise<void>
}

export interface RateMark {
  /** ms since 1970: it counts until a span after that */
  readonly at: number
  readonly amount: number
}

export interface KeptRate {
  readonly key: string
  readonly marks: readonly RateMark[]
  /** nothing of it counts any more, ms */
  readonly expires: number
}
