import { compensate, FailError, step, workflow } from 'spanwise'
import { world } from './world.ts'

const take = step('take', async (item: string) => {
  world.stock.set(item, (world.stock.get(item) ?? 0) - 1)
})
const putBack = step('put-back', async (item: string) => {
  world.stock.set(item, (world.stock.get(item) ?? 0) + 1)
})
const bill = step('bill', async (card: string) => card !== 'refused')

/** What was done is undone, last first, when the run fails on purpose, is cancelled or given up. */
export const buy = workflow('buy', async ({ item, card }: { item: string; card: string }) => {
  compensate(putBack, item)
  await take(item)
  if (!(await bill(card))) throw new FailError('the card was refused')
  return `${item} sold`
})
