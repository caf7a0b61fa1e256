import type { Created, NewRun, RunRow } from '../journal/index.ts'
import type { ForkRequest } from './fork.ts'

/**
 * Who drives runs. It is told that something is new and calls back `advance` on its own terms; runtime, journal and views are the
 * same under every engine. A wake is a hint: losing one delays, repeating one does nothing.
 */
export interface Engine {
  /** Begins to work: takes over what a dead worker left, and continues it. */
  start(): Promise<void>
  /** Inserts or gets a run; a new one is begun here if there is room, by any worker otherwise. */
  begin(run: Omit<NewRun, 'owner' | 'status'>): Promise<Created>
  /** Makes a run out of a point in another one's history, and goes on with it. @throws FORK_POINT, FORK_EDIT, INVALID_INPUT */
  fork(request: ForkRequest): Promise<RunRow>
  /** Whether the form of an approving decision fits; a parked run is loaded for it. @throws INVALID_FORM */
  checkForm(run: string, key: string, decision: { readonly approve: boolean; readonly form?: unknown }): Promise<void>
  /** There is mail for the run, or it may be due. */
  wake(run: string): void
  /** What is under way in this process: whoever skips time waits for it. */
  activity(): Activity
  /** Stops taking work, lets steps end within the grace, gives leases back. */
  close(): Promise<void>
  /** Ends as the process does when it is killed: nothing is written any more, nothing is given back. */
  kill(): void
}

export interface Activity {
  /** no run has anything to do or to write before something arrives or `inFlight` ends */
  readonly settled: boolean
  /** attempts of steps, transactions and reads of a source that are under way */
  readonly inFlight: readonly object[]
}
