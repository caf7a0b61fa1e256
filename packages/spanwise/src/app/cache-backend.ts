import { cacheFilter, type Invalidation } from '../engine/index.ts'
import type { CacheRow, Page, Store } from '../journal/index.ts'

/** What the app and the CLI need of whoever holds the store, as to results that runs take from each other. */
export interface CacheBackend {
  /** Newest first. */
  cached(query: CachedQuery): Promise<Page<CacheRow>>
  /** Returns how many results were forgotten, or would be. */
  invalidate(order: Invalidation & { readonly dryRun: boolean }): Promise<number>
}

export interface CachedQuery extends Invalidation {
  /** ms since 1970 */
  readonly now: number
  readonly after?: string | undefined
  readonly limit: number
}

/** Over a store that this process may write to; `invalidate` where somebody may be computing what is invalidated. */
export function storeCache(store: Store, invalidate: (what: Invalidation) => Promise<number>): CacheBackend {
  return {
    cached: ({ now, after, limit, ...what }) =>
      store.cachedResults({ ...cacheFilter(store.info, what), now, after, limit }),
    invalidate: ({ dryRun, ...what }) =>
      dryRun
        ? store.dropCachedResults({ ...cacheFilter(store.info, what), dryRun, limit: Number.MAX_SAFE_INTEGER })
        : invalidate(what),
  }
}
