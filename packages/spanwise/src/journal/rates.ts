/** What was drawn from a rate and still counts. */
export interface KeptRate {
  /** keyed hash of the limit's key, which may name a person */
  readonly token: string
  readonly marks: readonly RateMark[]
  /** nothing of it counts any more, ms */
  readonly expires: number
}

export interface RateMark {
  readonly at: number
  readonly amount: number
}

/** What was drawn from rates, so that a restart does not begin them anew. */
export interface Rates {
  /** All that still counts. */
  rates(now: number): Promise<readonly KeptRate[]>
  /** Takes the place of what was kept of each; what does not count any more is forgotten. */
  keepRates(rates: readonly KeptRate[], now: number): Promise<void>
}

/** How a run leaves memory that waits for a limit. */
export interface LimitWait {
  /** what it waits for is known to its worker only: it is due when another one takes its place */
  readonly queued: boolean
}
