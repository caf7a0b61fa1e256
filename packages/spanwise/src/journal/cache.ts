import type { Page } from './page.ts'

/** A result that other runs may reuse: where it stands in the journal, never what it is. Written in the commit of its entry. */
export interface NewCachedResult {
  /** keyed hash of all that has to be the same: step, version, whose it is, key. The latest result takes the place of earlier ones */
  readonly token: string
  readonly step: string
  /** keyed hash of step and key, whosever it is: what it is invalidated by */
  readonly key: string
  /** keyed hashes */
  readonly tags: readonly string[]
  /** index of its entry, which is part of the same change */
  readonly index: number
  /** ms since 1970: when it was computed, and from when on it is not reused */
  readonly at: number
  readonly expires: number
}

/** Whose, by which key or tag; all of it where nothing is said. */
export interface CacheFilter {
  readonly step?: string | undefined
  /** keyed hash of step and key */
  readonly key?: string | undefined
  /** keyed hash */
  readonly tag?: string | undefined
  /** of the run that computed it */
  readonly tenant?: string | undefined
}

export interface CacheQuery extends CacheFilter {
  /** ms since 1970: what has expired by then is not told */
  readonly now: number
  readonly after?: string | undefined
  readonly limit: number
}

/** What is told of a cached result. */
export interface CacheRow {
  readonly step: string
  /** the entry that holds it */
  readonly run: string
  readonly index: number
  readonly workflow: string
  readonly tenant: string
  readonly at: number
  readonly expires: number
}

/** The part of the store's port about results of steps that other runs may reuse. */
export interface CacheStore {
  /**
   * The result under this token: codec text of what the step gave. What has expired, lies in the future because a clock was set
   * back, or stands in a run that was erased, archived or deleted is not reused, and forgotten.
   */
  cachedResult(query: {
    readonly token: string
    readonly now: number
  }): Promise<{ readonly run: string; readonly index: number; readonly result: string } | undefined>
  /** Newest first. */
  cachedResults(query: CacheQuery): Promise<Page<CacheRow>>
  /** Forgets what fits, as many as `limit`; with `dryRun` only counts them. Returns how many. */
  dropCachedResults(order: CacheFilter & { readonly limit: number; readonly dryRun?: boolean }): Promise<number>
}
