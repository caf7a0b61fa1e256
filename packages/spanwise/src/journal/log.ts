import type { Entry } from './entry.ts'

/**
 * All runs' entries in the order of their commits. A position is given once and never moves; there are no gaps. Part of the
 * port of a store.
 */
export interface LogStore {
  /** entries so far: the position that the next one gets */
  logSize(): Promise<number>
  /** Entries by position, in order. */
  log(from: number, limit: number): Promise<readonly LogEntry[]>
  /**
   * Holds the entries of a range against their own proofs, where they lie. Undefined when one of them is missing, or does not fit, or
   * might not: `log` has what there is to see.
   */
  checkLog(from: number, limit: number): Promise<LogCheck | undefined>
  /** Where a run's entry stands; undefined when there is none. */
  positionOf(run: string, index: number): Promise<number | undefined>
  /** Leaves by position, 32 bytes each, one after the other: what is sealed, without the entries. */
  leaves(from: number, limit: number): Promise<Uint8Array>
  /** The latest checkpoint, and how many leaves its tree has. */
  sealed(): Promise<Sealed | undefined>
  /** All checkpoints from a size on, oldest first. */
  checkpoints(from: number, limit: number): Promise<readonly Sealed[]>
  /** Adds a checkpoint and the nodes that came with it, in one commit. A size that is there already is refused: `stale`. */
  seal(next: NewSeal): Promise<'ok' | 'stale'>
  /** Roots of complete subtrees of a level that is kept (8, 16, 24, …), from one on, 32 bytes each. */
  sealNodes(level: number, from: number, limit: number): Promise<Uint8Array>
}

export interface LogEntry extends Entry {
  readonly position: number
  /** what its commitments were made with: its subject's, else its run's; undefined once erased. Never leaves the process. */
  readonly secret: Uint8Array | undefined
}

/** Of a range in which every entry fits its own proof. */
export interface LogCheck {
  /** 32 bytes each */
  readonly leaves: Uint8Array
  /** for each entry: which of `runs` it belongs to, and its index in that run */
  readonly order: Uint32Array
  readonly runs: readonly string[]
  readonly erased: number
  readonly archived: number
  readonly locked: number
}

export interface Sealed {
  /** leaves */
  readonly size: number
  /** signed note */
  readonly note: string
}

export interface NewSeal extends Sealed {
  /** the size of the checkpoint before it; 0 when it is the first */
  readonly after: number
  readonly nodes: readonly SealNode[]
}

export interface SealNode {
  readonly level: number
  readonly index: number
  readonly root: Uint8Array
}
