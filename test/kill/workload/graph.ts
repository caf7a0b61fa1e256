// Runs graphs in the folder KILL_FOLDER, until it is killed or through. Each node that is executed says so in a file.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spanwise, step } from 'spanwise'
import { graph } from 'spanwise/graph'
import { z } from 'zod'

const folder = process.env['KILL_FOLDER'] as string
const did = (what: string): void => appendFileSync(join(folder, 'done.log'), `${what}\n`)
const look = step('look', async (what: string) => {
  await wait(3)
  did(`look ${what}`)
  return what.length
})

const State = z.object({ id: z.string(), round: z.number().default(0), sum: z.number().default(0) })
const around = graph('around', {
  state: State,
  reducers: { sum: (sum: number, more: number) => sum + more },
  maxSteps: 100,
})
  .node('turn', ({ id, round }) => {
    did(`turn ${id} ${round}`)
    return { round: round + 1 }
  })
  .each('look', look, {
    over: ({ id, round }) => [1, 2, 3].map((n) => `${id} ${round} ${n}`),
    output: (outcomes) => ({ sum: outcomes.length }),
  })
  .edge('start', 'turn')
  .edge('turn', 'look')
  .route('look', ({ round }) => (round < 20 ? 'again' : 'done'), { again: 'turn', done: 'end' })

await using app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [around] })
process.stdout.write('ready\n')
const ids = Array.from({ length: 10 }, (_, n) => `g${n}`)
const runs = await Promise.all(ids.map((id) => app.start(around, { id }, { id })))
const results = await Promise.all(runs.map((run) => run.result()))
process.stdout.write(`through ${JSON.stringify(results.map(({ round, sum }) => [round, sum]))}\n`)
