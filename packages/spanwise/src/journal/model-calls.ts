import type { EntryKind, Meta } from './entry.ts'

/** The part of the store's port that reads what model calls left in all runs. */
export interface ModelCallStore {
  /** Entries about model calls, in commit order. A page may hold fewer than `limit` and still not be the last. */
  modelCalls(
    query: ModelCallQuery,
  ): Promise<{ readonly items: readonly ModelCallRow[]; readonly after: string | undefined }>
}

export interface ModelCallQuery {
  /** ms since 1970: entries from `since` on, before `until` */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly tenant?: string | undefined
  readonly workflow?: string | undefined
  /** cursor of the page before */
  readonly after?: string | undefined
  readonly limit: number
}

/** One entry about a model call, and whose run it stands in. What a fork has copied is not among them: it was paid once. */
export interface ModelCallRow {
  readonly run: string
  readonly index: number
  readonly at: number
  readonly kind: EntryKind
  readonly key: string
  readonly meta: Meta
  readonly workflow: string
  readonly tenant: string
  readonly release: string
}
