import { encodeCanonical, SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { type Duration, milliseconds } from './duration.ts'
import { issuedIn } from './runtime/scope.ts'

/**
 * Waits for a duration, or until a time; over crashes and deploys too, at the cost of a row.
 * @example await sleep('2h')
 */
export function sleep(until: Duration | Date): Promise<void> {
  const scope = currentScope('sleep()')
  const due = until instanceof Date ? until.getTime() : issuedIn(scope).time + milliseconds(until, 'sleep')
  if (Number.isNaN(due))
    throw new SpanwiseError({
      code: 'INVALID_DURATION',
      message: 'sleep was given an invalid date.',
      hint: 'Check how the date was made.',
    })
  return scope.execution.issue(scope, {
    kind: 'sleep',
    name: 'sleep',
    input: encodeCanonical(until, 'sleep'),
    due,
    fixed: until instanceof Date,
    effect: { type: 'wait' },
    settle: (entry) => (entry.kind === 'timer.fired' ? { ok: true, value: undefined } : undefined),
  })
}

/** The time of the last thing that this run learned; the same on replay, and it never goes back. */
export function now(): Date {
  return new Date(issuedIn(currentScope('now()')).time)
}
