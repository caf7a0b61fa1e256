import { decode, SpanwiseError } from '../../journal/index.ts'
import { CancelledError } from '../errors.ts'
import type { Delivered } from './model.ts'

/** What a `run.cancelling` entry does to its run. */
export interface Control {
  readonly status: 'failed' | 'cancelled'
  /** what the run ends with */
  readonly error: unknown
  readonly reason: string
}

export function readControl(entry: Delivered): Control {
  const how = entry.meta['how']
  const { reason } = decode(entry.payload ?? '{}') as { readonly reason?: string }
  switch (how) {
    case 'deadline':
      return {
        status: 'failed',
        reason: 'the run passed its deadline',
        error: new SpanwiseError({
          code: 'DEADLINE_EXCEEDED',
          message: 'The run passed its deadline.',
          hint: 'Start it with a later deadline.',
        }),
      }
    case 'give-up':
      return {
        status: 'failed',
        reason: reason ?? 'given up',
        error: new SpanwiseError({
          code: 'GIVEN_UP',
          message: `Given up: ${reason ?? 'no reason given'}`,
          hint: 'Start it again, or start another run with what was learned.',
        }),
      }
    default:
      return {
        status: 'cancelled',
        reason: reason ?? 'cancelled',
        error: new CancelledError(reason ?? 'no reason given'),
      }
  }
}
