import { race, signal, sleep, step, workflow } from 'spanwise'
import { world } from './world.ts'

export const paid = signal<{ amount: number }>('paid')

const dun = step('dun', async (invoice: string) => {
  world.mails.push(`${invoice} is not paid`)
})

/** Waits for a payment and reminds every week. A run that waits costs a row. */
export const collect = workflow('collect', async (invoice: string) => {
  for (let week = 0; week < 3; week++) {
    const first = await race({ paid: () => paid.wait(), week: () => sleep('7d') })
    if (first.key === 'paid') return first.value.amount
    await dun(invoice)
  }
  return 0
})
