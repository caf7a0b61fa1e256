/** Which model answers under an alias, as its provider says. */
export interface Identity {
  readonly alias: string
  /** of the candidate, as it was asked for */
  readonly provider: string
  readonly model: string
  /** name of the account that it uses, where it has one */
  readonly key: string
  readonly answered: string
  readonly at: number
}

export interface IdentityRow extends Identity {
  /** what answered before; undefined where nothing else ever did */
  readonly before: string | undefined
}

/** The part of the store's port that remembers who answers, so that another process notices when that changes. */
export interface IdentityStore {
  /** Says who answers now. Tells what did before where that was another, once. */
  identify(now: Identity): Promise<{ readonly before: string | undefined }>
  /** By alias; `at` is since when the one that answers does so. */
  identities(): Promise<readonly IdentityRow[]>
}
