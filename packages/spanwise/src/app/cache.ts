import type { Invalidation } from '../engine/index.ts'
import { encode, type Page, SpanwiseError } from '../journal/index.ts'
import type { CacheBackend } from './cache-backend.ts'

export interface CacheListOptions {
  readonly step?: string
  readonly tag?: string
  /** of the runs that computed them */
  readonly tenant?: string
  /** cursor: `after` of the page before */
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

/** A result that other runs may reuse. */
export interface CachedResult {
  readonly step: string
  /** the run that computed it, and the index of the entry that holds it */
  readonly run: string
  readonly index: number
  readonly workflow: string
  readonly tenant: string
  readonly computedAt: Date
  readonly expiresAt: Date
}

/** What is not reused any more: results of a step, under one key or all of them; results with a tag; or all there are. */
export type InvalidateTarget =
  | { readonly step: string; readonly key?: unknown; readonly tenant?: string }
  | { readonly tag: string; readonly step?: string; readonly tenant?: string }
  | { readonly all: true; readonly tenant?: string }

export interface InvalidateOptions {
  /** only counts */
  readonly dryRun?: boolean
}

/** Results of steps that runs take from each other. */
export interface ResultsCache {
  /** Newest first. */
  list(options?: CacheListOptions): Promise<Page<CachedResult>>
  /**
   * Forgets results, also those that are being computed from what was so far; returns how many were forgotten. Runs that have taken
   * one keep it.
   * @param target `key` is what the step's `key` function returns, or the step's input where it has none
   * @throws INVALID_OPTION
   * @example await app.cache.invalidate({ step: 'fetch-rates', key: 'EUR' })
   */
  invalidate(target: InvalidateTarget, options?: InvalidateOptions): Promise<number>
}

export function resultsCache(backend: CacheBackend, now: () => number): ResultsCache {
  return {
    async list(options = {}) {
      const { limit = 50, ...query } = options
      const page = await backend.cached({ ...query, limit, now: now() })
      const items = page.items.map(({ at, expires, ...row }) => ({
        ...row,
        computedAt: new Date(at),
        expiresAt: new Date(expires),
      }))
      return { items, after: page.after }
    },
    async invalidate(target, { dryRun = false } = {}) {
      return backend.invalidate({ ...readTarget(target), dryRun })
    },
  }
}

function readTarget(target: InvalidateTarget): Invalidation {
  const { step, key, tag, tenant, all } = target as {
    readonly step?: string
    readonly key?: unknown
    readonly tag?: string
    readonly tenant?: string
    readonly all?: true
  }
  if (step === undefined && (tag === undefined || 'key' in target) && all !== true) {
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: 'key' in target ? 'A key is one of a step, and no step is named.' : 'Nothing is named to invalidate.',
      hint: "Name what is not reused any more: { step: 'fetch-rates', key: 'EUR' }, { step: 'fetch-rates' }, { tag: 'rates' } or { all: true }.",
    })
  }
  return { step, tag, tenant, key: 'key' in target ? encode(key, 'key') : undefined }
}
