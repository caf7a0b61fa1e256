import { SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { definitionOf, type Step } from './step.ts'
import type { Arg } from './types.ts'

/**
 * Registers what undoes something that was just done. When the run ends on purpose (`FailError`, invalid input), is cancelled or
 * given up, compensations run in reverse order. A run that parks has not compensated yet: it may still be mended.
 * @example const seat = await bookSeat(order); compensate(releaseSeat, seat.id)
 */
export function compensate<I>(step: Step<I, unknown>, ...input: Arg<NoInfer<I>>): void {
  if (definitionOf(step)?.options.cache !== undefined) throw cached(step.stepName)
  const { execution, prefix } = currentScope('compensate()')
  execution.compensations.push({ step: step as Step<unknown, unknown>, input: input[0], prefix, at: execution.current })
}

function cached(step: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `Step "${step}" cannot compensate: it has a cache, and would undo nothing where a result is reused.`,
    hint: 'Leave the cache out, or compensate with another step.',
    step,
  })
}
