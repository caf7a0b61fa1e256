import { step } from 'spanwise'
import { world } from './world.ts'

/** The same key on every attempt, also after a crash: the other side charges once. */
export const charge = step('charge', { attempts: 5, timeout: '10s' }, async (amount: number, { idempotencyKey }) => {
  if (!world.charges.has(idempotencyKey)) world.charges.set(idempotencyKey, amount)
  return idempotencyKey
})
