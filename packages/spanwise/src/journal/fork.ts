import type { NewEntry } from './entry.ts'

/** The part of the store's port that is about forks. `Order` is a new run with its fork point, `Row` a run's row. */
export interface ForkStore<Order extends ForkPoint, Row> {
  /** Insert-or-get by the fork's own id. All of it is one commit: there is never half a fork. */
  fork(fork: Order): Promise<Forked<Row>>
  /** Forks that were made of this run itself, oldest first. */
  forks(source: string): Promise<readonly ForkLink[]>
}

/** From where a run goes on in another one's history. */
export interface ForkPoint {
  readonly source: string
  /**
   * Entries of the source with from <= index < to are copied with their index; `base` is where replay of them begins. Entry 0 is
   * `started`.
   */
  readonly copy: { readonly from: number; readonly to: number; readonly base: number }
  /** index of the source's entry that the fork was asked from */
  readonly point: number
  /** behind what is copied */
  readonly entries: readonly NewEntry[]
  /** children of the source that the fork waits for too */
  readonly children: readonly { readonly run: string; readonly key: string }[]
}

export type Forked<Row> =
  | { readonly state: 'created' | 'exists'; readonly row: Row }
  | { readonly state: 'unknown source' }

export interface ForkLink {
  readonly run: string
  readonly source: string
  /** index of the source's entry that it was asked from */
  readonly at: number
}
