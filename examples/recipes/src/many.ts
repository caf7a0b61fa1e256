import { each, step, workflow } from 'spanwise'
import { world } from './world.ts'

const process = step('process', { attempts: 2, backoff: '1s' }, async (order: string) => {
  if (order === 'broken') throw new Error(`${order} cannot be processed`)
  return order.toUpperCase()
})

/** Eight at a time; those that fail are told at the end, and do not stop the others. */
export const batch = workflow('batch', async () => {
  const outcomes = await each(world.orders, { key: (order) => order, concurrency: 8, onError: 'collect' }, process)
  return {
    done: outcomes.filter((one) => one.ok).length,
    failed: outcomes.flatMap((one) => (one.ok ? [] : [`${one.key}: ${one.error.message}`])),
  }
})
