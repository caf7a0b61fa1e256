import { currentScope } from './current.ts'
import type { Step } from './step.ts'
import type { Arg } from './types.ts'

/**
 * Registers what undoes something that was just done. When the run ends on purpose (`FailError`, invalid input), is cancelled or
 * given up, compensations run in reverse order. A run that parks has not compensated yet: it may still be mended.
 * @example const seat = await bookSeat(order); compensate(releaseSeat, seat.id)
 */
export function compensate<I>(step: Step<I, unknown>, ...input: Arg<NoInfer<I>>): void {
  const { execution, prefix } = currentScope('compensate()')
  execution.compensations.push({ step: step as Step<unknown, unknown>, input: input[0], prefix, at: execution.current })
}
