import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spanwise, step, workflow } from 'spanwise'
import { graph } from 'spanwise/graph'
import { z } from 'zod'

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
  const document = 'x'.repeat(2_000)
  let counted = graph('counted', { state: z.object({ n: z.number(), document: z.string() }) })
  for (let i = 0; i < 10; i++) counted = counted.node(`n${i}`, async ({ n }) => ({ n: n + 1 }), { effect: 'none' })
  counted = counted.edge('start', 'n0')
  for (let i = 0; i < 9; i++) counted = counted.edge(`n${i}`, `n${i + 1}`)
  counted = counted.edge('n9', 'end')
  const app = await spanwise({ store: `sqlite:${join(dir, 'spanwise.db')}`, workflows: [ten, hundred, slow, counted] })
  return {
    ten: () => app.run(ten),
    hundred: () => app.run(hundred),
    graph: () => app.run(counted, { n: 0, document }),
    slow: (id) => app.run(slow, id, { id }),
    close: () => app.close(),
  }
}
