import type { RunState } from '../app/index.ts'
import type { RunStatus } from '../journal/index.ts'
import { NeedsAttentionError, RunFailedError } from '../workflow/index.ts'
import { exitCode } from './usage.ts'

/** What is wrong with a run that did not complete, as the app throws it. */
export function errorFrom(state: RunState): Error {
  return state.status === 'needs attention'
    ? new NeedsAttentionError(state.id, state.error)
    : new RunFailedError(state.id, state.status === 'cancelled' ? 'cancelled' : 'failed', state.error)
}

export function exitFor(status: RunStatus): number {
  if (status === 'needs attention') return exitCode.attention
  return status === 'failed' || status === 'cancelled' ? exitCode.failed : exitCode.ok
}
