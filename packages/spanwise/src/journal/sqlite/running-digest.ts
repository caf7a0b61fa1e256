import type { Hash } from 'node:crypto'

/** The digest of a stream so far. */
export interface RunningDigest {
  readonly hash: Hash
  at: number
}
