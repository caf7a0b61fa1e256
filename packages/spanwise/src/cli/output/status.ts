import type { RunStatus } from '../../journal/index.ts'
import type { Look } from '../terminal.ts'

export const statusColor: Readonly<Record<RunStatus, Look>> = {
  queued: 'dim',
  running: 'blue',
  waiting: 'cyan',
  'needs attention': 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'magenta',
}

/** As much of an id as one needs to type: the beginning of a run's is enough. */
export function shortId(run: string): string {
  return run.slice(0, 12)
}
