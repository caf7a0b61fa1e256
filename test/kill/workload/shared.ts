// Runs that all want one result of a step with a cache. `hold`: whoever computes it never ends. It says when it computes and when all are done.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spanwise, step, workflow } from '../../../packages/spanwise/src/index.ts'

const [how, count = '20'] = process.argv.slice(2) as ['hold' | 'go', string]
const folder = process.env['KILL_FOLDER'] as string

const find = step('find', { cache: { lifetime: '1h' } }, async (what: string) => {
  appendFileSync(join(folder, 'found'), `${process.pid}\n`)
  console.log('computes')
  await wait(how === 'hold' ? 600_000 : 100)
  return { what, pid: process.pid }
})
const wants = workflow('wants', async (_: number) => find('it'))

const app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [wants], grace: 100 })
const runs = []
for (let n = 0; n < Number(count); n++) runs.push(await app.start(wants, n, { id: `w${n}` }))
console.log('started')
const results = await Promise.all(runs.map((run) => run.result()))
console.log(`results ${JSON.stringify(results)}`)
await app.close()
