import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type App, isSpanwiseError, type SpanwiseOptions, step, workflow } from 'spanwise'

const folder = process.env['DATA'] ?? './data'
const backups = join(folder, 'backups')
/** backups that are kept */
const kept = 7
mkdirSync(backups, { recursive: true })

/** the app that works: a step uses what stands in its process, and that is not recorded */
export const here: { app?: App } = {}

const count = step('count-orders', async (day: string) => ({ day, orders: day.length * 7 }))
const publish = step('publish', async ({ day, orders }: { day: string; orders: number }) => {
  appendFileSync(join(folder, 'digest.txt'), `${day} ${orders}\n`)
})

/** What was ordered. The due time names the night, however late the run is. */
export const digest = workflow('digest', async (_: void, { run }) => {
  const day = run.schedule?.due.toISOString() ?? 'by hand'
  await publish(await count(day))
  return day
})

const copy = step('copy-store', async (name: string) => {
  try {
    await here.app?.backup(join(backups, `${name}.db`))
  } catch (error) {
    // a process that died behind it had written it: a file of that name is whole
    if (!isSpanwiseError(error) || error.code !== 'BACKUP_EXISTS') throw error
  }
  return name
})
const prune = step('prune-backups', { effect: 'idempotent' }, async () => {
  const old = readdirSync(backups)
    .filter((name) => name.endsWith('.db'))
    .sort()
    .slice(0, -kept)
  for (const name of old) rmSync(join(backups, name))
  return old
})

export const backup = workflow('backup', async (_: void, { run }) => {
  const due = run.schedule?.due ?? new Date(0)
  const name = await copy(due.toISOString().replaceAll(':', '-'))
  await prune()
  return name
})

/** `EVERY=1s` instead of once a night, to look at it. */
const every = process.env['EVERY'] as `${number}s` | undefined
const night = (cron: string) => (every === undefined ? { cron, zone: 'Europe/Berlin' } : { every })

export const options: SpanwiseOptions = {
  store: `sqlite:${join(folder, 'store.db')}`,
  workflows: [digest, backup],
  schedules: [
    // every night that was missed is made up for
    { id: 'digest', workflow: digest, ...night('0 3 * * *'), catchUp: 'all', overlap: 'queue' },
    // of backups, one is enough
    { id: 'backup', workflow: backup, ...night('30 3 * * *'), catchUp: 'last', overlap: 'skip' },
  ],
  retention: [
    { status: 'completed', keep: '30d', action: 'archive' },
    { workflow: 'backup', keep: '90d', action: 'delete' },
  ],
  grace: '20s',
}
