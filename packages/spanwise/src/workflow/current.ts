import { SpanwiseError } from '../journal/index.ts'
import type { Scope } from './runtime/model.ts'
import { frames } from './runtime/scope.ts'

/** The scope that an operation is called in. @throws OUTSIDE_RUN without a run, NOT_IN_STEP inside a step. */
export function currentScope(what: string): Scope {
  const frame = frames.getStore()
  if (frame === undefined) {
    throw new SpanwiseError({
      code: 'OUTSIDE_RUN',
      message: `${what} was called with no run around it.`,
      hint: 'Call it in a workflow. If it was called in one, the context was lost on the way: in a queue, an event emitter or a loader.',
    })
  }
  if (frame.kind === 'step') {
    throw new SpanwiseError({
      code: 'NOT_IN_STEP',
      message: `${what} was called inside step "${frame.step}".`,
      hint: 'A step is one recorded unit: wait, ask and start children in the workflow around it.',
      step: frame.step,
    })
  }
  return frame
}
