import { step } from 'spanwise'
import { world } from './world.ts'

/** Before it is repeated, the other side is asked whether an earlier attempt arrived. */
export const pay = step(
  'pay',
  {
    reconcile: async (_: number, { idempotencyKey }) =>
      world.charges.has(idempotencyKey) ? { done: true, result: idempotencyKey } : { done: false },
    // how long an earlier attempt may still arrive
    settleAfter: '5s',
  },
  async (amount: number, { idempotencyKey }) => {
    world.charges.set(idempotencyKey, amount)
    return idempotencyKey
  },
)
