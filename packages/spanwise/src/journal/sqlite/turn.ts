import type { Argument, Op, Request, Result } from './operations.ts'

export interface Pending {
  readonly request: Request
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * Collects what is asked in one turn of the event loop, so that it travels and commits together. `send` gets it in the order
 * in which it was asked.
 */
export interface Turn {
  ask<O extends Op>(op: O, argument: Argument<O>): Promise<Result<O>>
  /** hands over now what was asked so far */
  take(): readonly Pending[]
}

export function createTurn(send: () => void): Turn {
  let pending: Pending[] = []
  let scheduled = false
  const flush = (): void => {
    scheduled = false
    if (pending.length > 0) send()
  }
  return {
    ask: <O extends Op>(op: O, argument: Argument<O>) =>
      new Promise<Result<O>>((resolve, reject) => {
        pending.push({
          request: { op, argument } as Request,
          resolve: resolve as (value: unknown) => void,
          reject,
        })
        if (!scheduled) {
          scheduled = true
          // after the promise jobs of this turn, so that what they ask travels too
          process.nextTick(flush)
        }
      }),
    take: () => {
      const taken = pending
      pending = []
      return taken
    },
  }
}

export function answer(
  pending: readonly Pending[],
  answers: readonly ({ value: unknown } | { error: unknown })[],
): void {
  for (const [i, one] of pending.entries()) {
    const given = answers[i]
    if (given === undefined) one.reject(new RangeError('the store answered fewer requests than it was asked'))
    else if ('error' in given) one.reject(given.error)
    else one.resolve(given.value)
  }
}
