// Appends to streams from a workflow and from a step, in the folder KILL_FOLDER, until it is killed or through.
import { join } from 'node:path'
import { spanwise, step, stream, workflow } from 'spanwise'

const size = Number(process.env['KILL_SIZE'])

const fill = step('fill', { attempts: 100, backoff: 1 }, async (_: void, { attempt }) => {
  const log = stream<number>('step')
  for (let n = 0; n < size; n++) {
    await log.append(n)
    // an attempt goes a little further than the one before
    if (n === attempt * 10) throw new Error('connection reset')
  }
})
const job = workflow('job', async () => {
  const log = stream<number>('body')
  for (let n = 0; n < size; n++) await log.append(n)
  await fill()
  await log.close()
})

await using app = await spanwise({
  store: `sqlite:${join(process.env['KILL_FOLDER'] as string, 'store.db')}`,
  workflows: [job],
  // it is killed on purpose, and often
  quarantineAfter: false,
})
process.stdout.write('ready\n')
await app.run(job, undefined, { id: 'one' })
process.stdout.write('through\n')
