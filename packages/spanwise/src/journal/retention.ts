import type { RunStatus } from './entry.ts'

/** The part of a store that lets old runs go: their content into files, or away. Leaves and commitments stay in the log. */
export interface RetentionStore {
  /** Ended runs that a rule lets go, oldest first, looking at a limited number of runs; `after` goes on from there. */
  expired(query: ExpiredQuery): Promise<Expired>
  /** A run as it is written to an archive; undefined when it has not ended or is archived already. */
  exportRun(run: string): Promise<ExportedRun | undefined>
  /** Takes the content of runs out of the store that is in a file, on disk. Answers how many: those that are as they were exported. */
  archiveRuns(archive: NewArchive): Promise<number>
  /** Destroys content and secrets of ended runs and forgets the runs. Answers how many, and which archives nobody needs any more. */
  deleteRuns(runs: readonly string[]): Promise<{ readonly deleted: number; readonly unused: readonly string[] }>
  /** Takes an archived run's content back into the store. False when it is not archived. */
  restoreRun(run: string): Promise<boolean>
  archives(): Promise<readonly ArchiveRow[]>
}

export interface Rule {
  readonly workflow?: string | undefined
  readonly status?: readonly RunStatus[] | undefined
  readonly tag?: string | undefined
  /** ms after its end; undefined: for ever */
  readonly keep: number | undefined
}

export interface ExpiredQuery {
  readonly action: 'archive' | 'delete'
  /** of this action; the first one that names a run decides about it */
  readonly rules: readonly Rule[]
  readonly now: number
  /** runs with decisions that ended since then are not deleted, ms */
  readonly decisionsSince?: number | undefined
  /** number of the run to begin behind; 0 at first */
  readonly after: number
  /** runs to answer at most */
  readonly limit: number
}

export interface Expired {
  readonly runs: readonly string[]
  /** undefined when all runs were looked at */
  readonly after: number | undefined
}

export interface ExportedRun {
  readonly run: string
  /** a frame of the file */
  readonly frame: Uint8Array
  /** what its content is encrypted with, together with the secret that stays in the store */
  readonly key: Uint8Array
  readonly entries: number
}

export interface NewArchive {
  /** name in the folder beside the store */
  readonly file: string
  readonly at: number
  readonly runs: readonly (Omit<ExportedRun, 'frame'> & { readonly offset: number; readonly length: number })[]
}

export interface ArchiveRow {
  readonly file: string
  /** that are in it and not deleted or taken back since */
  readonly runs: number
  readonly at: number
}
