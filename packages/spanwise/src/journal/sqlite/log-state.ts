import { type Segment, type SegmentWriter, segmentWriter } from './segment.ts'

/** index and position by turns, in the order of the run: one array for both, because there is one per run in memory */
export type Places = number[]

/**
 * The end of the log as one connection sees it. Entries are gathered while a transaction runs and written as few rows; where a
 * run's entries are is kept in memory until the run parks or ends. All of it is what the segments say: another connection, and
 * this one after a crash, reads it from there.
 */
export interface Log {
  /** position of the next entry */
  next: number
  /** positions below it are in spanwise_places; undefined before anything was read */
  indexed: number | undefined
  /** places that are not in spanwise_places yet, by a run's number */
  readonly tail: Map<number, Places>
  /** entries that are not in a row yet; the last of them has position `next - 1` */
  readonly writer: SegmentWriter
  /** what this transaction has seen and written since it began: what others wrote is known, and ours can be taken back */
  caughtUp: boolean
  readonly undo: (number | (() => void))[]
  /** where the transaction began */
  base: number
  /** rows read in this transaction: runs that are loaded together lie together */
  readonly rows: Row[]
  /** subject and run of which spanwise_subject_runs knows */
  readonly aboutSubjects: Set<string>
}

export interface Row {
  /** position of its first entry, and the one after its last */
  readonly from: number
  readonly to: number
  readonly segment: Segment
}

export function createLog(): Log {
  return {
    next: 0,
    indexed: undefined,
    tail: new Map(),
    writer: segmentWriter(),
    caughtUp: false,
    undo: [],
    base: 0,
    rows: [],
    aboutSubjects: new Set(),
  }
}

export function notePlace(log: Log, runSeq: number, index: number, position: number): void {
  const places = log.tail.get(runSeq)
  if (places === undefined) log.tail.set(runSeq, [index, position])
  else places.push(index, position)
}

/** Takes the latest place of a run back. */
export function forgetPlace(log: Log, runSeq: number): void {
  const places = log.tail.get(runSeq)
  if (places === undefined) return
  places.length -= 2
  if (places.length === 0) log.tail.delete(runSeq)
}
