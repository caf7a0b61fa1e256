/** The part of the store's port that groups what failed. */
export interface FailureStore {
  /** Runs that need attention or failed, by fingerprint; what was seen last comes first. */
  failures(query: FailureQuery): Promise<{ readonly items: readonly FailureRow[]; readonly after: string | undefined }>
}

export interface FailureQuery {
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  readonly fingerprint?: string | undefined
  /** only groups with runs that an operator can still mend */
  readonly open?: boolean | undefined
  /** cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

/** One failure, in however many runs. */
export interface FailureRow {
  readonly fingerprint: string
  readonly workflow: string
  readonly code: string | undefined
  /** runs that need attention, and runs that have ended as failed */
  readonly attention: number
  readonly failed: number
  /** ms since 1970, of what is counted */
  readonly first: number
  readonly last: number
  /** the latest run that needs attention, else the latest one */
  readonly example: string
}
