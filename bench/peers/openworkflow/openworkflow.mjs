import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OpenWorkflow } from 'openworkflow'
import { BackendSqlite } from 'openworkflow/sqlite'

export const title = 'openworkflow'
export const durability =
  'each step synced (SQLite, synchronous=FULL); timed in its engine to the end of the body: its result() polls once a second'

export async function open({ dir, sideEffect }) {
  const backend = await BackendSqlite.connect(join(dir, 'openworkflow.db'))
  const ow = new OpenWorkflow({ backend })
  const ended = new Map()
  const end = (name) => ended.get(name)?.()
  const ten = ow.defineWorkflow({ name: 'ten' }, async ({ input, step }) => {
    let sum = 0
    for (let i = 0; i < 10; i++) sum += (await step.run({ name: `trivial-${i}` }, async () => ({ i }))).i
    end(input.name)
    return sum
  })
  const hundred = ow.defineWorkflow({ name: 'hundred' }, async ({ input, step }) => {
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, i) => step.run({ name: `trivial-${i}` }, async () => ({ i }))),
    )
    end(input.name)
    return results.length
  })
  const slow = ow.defineWorkflow({ name: 'slow' }, async ({ input, step }) => {
    for (let i = 0; i < 10; i++)
      await step.run({ name: `wait-${i}` }, async () => {
        await sleep(20)
        sideEffect(`${input.name} ${i}`)
        return i
      })
  })
  const worker = ow.newWorker({ concurrency: 1_000 })
  await worker.start()
  let number = 0
  const run = async (workflow, name = `${process.pid}-${number++}`) => {
    const done = new Promise((resolve) => ended.set(name, resolve))
    await workflow.run({ name }, { idempotencyKey: name })
    await done
    ended.delete(name)
  }
  return {
    ten: () => run(ten),
    hundred: () => run(hundred),
    slow: async (id) => (await slow.run({ name: id }, { idempotencyKey: id })).result(),
    close: () => worker.stop(),
  }
}
