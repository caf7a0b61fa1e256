/** One death of a process that had a run in memory. */
export interface Death {
  /** when the next process noticed, ms */
  readonly at: number
  readonly worker: string
  readonly pid: number | undefined
  readonly host: string | undefined
  /** index of the run's last entry */
  readonly index: number
  /** key of the step that was under way, where that was on record */
  readonly step: string | undefined
}

export interface Condemned {
  readonly run: string
  /** the latest in a row, oldest first */
  readonly deaths: readonly Death[]
}

/**
 * Runs whose process died again and again while they were in memory and got no further. From the last death but one on, a run is a
 * suspect: it is claimed alone, on trial, and only a death on trial condemns it, so that those who were merely there go free. What
 * leaves memory in order, or writes an entry, starts from nothing.
 */
export interface Deaths {
  /** Suspects that are free, and runs that died on trial once too often. */
  suspects(): Promise<{ readonly waiting: number; readonly condemned: readonly Condemned[] }>
  /** Trials that it lived through without getting further: the next one is longer. */
  trials(run: string): Promise<number>
  /** On record before it begins: the run on trial begins this step. */
  tries(run: string, step: string): Promise<void>
  /** Its trial is over: it got further, or it lived and is tried again after a death. */
  tried(run: string, wentOn: boolean): Promise<void>
}
