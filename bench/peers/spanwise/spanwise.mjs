import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spanwise, step, workflow } from 'spanwise'

export const title = 'Spanwise'
export const durability = 'each step synced (SQLite, synchronous=FULL)'

export async function open({ dir, sideEffect }) {
  const trivial = step('trivial', async (i) => ({ i }))
  const wait = step('wait', async (line) => {
    await sleep(20)
    sideEffect(line)
    return line
  })
  const ten = workflow('ten', async () => {
    let sum = 0
    for (let i = 0; i < 10; i++) sum += (await trivial(i)).i
    return sum
  })
  const hundred = workflow('hundred', async () => {
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => trivial(i)))
    return results.length
  })
  const slow = workflow('slow', async (id) => {
    for (let i = 0; i < 10; i++) await wait(`${id} ${i}`)
  })
  const app = await spanwise({ store: `sqlite:${join(dir, 'spanwise.db')}`, workflows: [ten, hundred, slow] })
  return {
    ten: () => app.run(ten),
    hundred: () => app.run(hundred),
    slow: (id) => app.run(slow, id, { id }),
    close: () => app.close(),
  }
}
