// A program in which one run kills the process, and others do not. It says who is done, and ends when there is nothing left to do.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { spanwise, step, workflow } from '../../../packages/spanwise/src/index.ts'

const [how = 'abort'] = process.argv.slice(2)
const folder = process.env['KILL_FOLDER'] as string

const deadly = step('deadly', async (n: number) => {
  if (how === 'mended') return n
  appendFileSync(join(folder, 'died'), '.')
  // a moment, so that the others are under way
  await new Promise((resolve) => setTimeout(resolve, 150))
  if (how === 'kill') process.kill(process.pid, 'SIGKILL')
  process.abort()
})
const slow = step('slow', async (n: number) => {
  await new Promise((resolve) => setTimeout(resolve, 600))
  return n
})
const kills = workflow('kills', async (n: number) => deadly(n))
const lives = workflow('lives', async (n: number) => slow(n))

const app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [kills, lives], grace: 100 })
const runs = [await app.start(kills, 1, { id: 'k' })]
for (let n = 0; n < 3; n++) runs.push(await app.start(lives, n, { id: `l${n}` }))
await Promise.all(runs.map((run) => run.result({ onAttention: 'wait' }).catch(() => {})).slice(1))
let state = await runs[0]?.status()
if (how === 'mended' && state?.status === 'needs attention') {
  await runs[0]?.resume()
  console.log(`result ${await runs[0]?.result()}`)
  state = await runs[0]?.status()
}
while (state?.status === 'running') {
  await new Promise((resolve) => setTimeout(resolve, 50))
  state = await runs[0]?.status()
}
console.log(`state ${JSON.stringify(state)}`)
await app.close()
