// What runs every day: schedules, debounced and throttled starts, retention. Notes what was acknowledged, and is killed.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spanwise, step, workflow } from 'spanwise'
import { type Acknowledged, throttle } from './daily-plan.ts'

const folder = process.env['KILL_FOLDER'] as string
const [life, finish] = process.argv.slice(2)
const notes = join(folder, 'acknowledged')

const tick = workflow('tick', async (_: number, { run }) => run.schedule?.due.getTime())
const page = workflow(
  'page',
  { debounce: { key: ({ key }) => key, period: '300ms', timeout: '2s' } },
  async (input: { key: string; n: number }) => input.n,
)
const called = step('called', async (n: number) => n)
const call = workflow('call', { throttle }, async ({ n }: { key: string; n: number }) => called(n))

const app = await spanwise({
  store: `sqlite:${join(folder, 'store.db')}`,
  workflows: [tick, page, call],
  schedules: [{ id: 'tick', workflow: tick, input: 1, every: '1s', overlap: 'allow', catchUp: { all: 1_000 } }],
  linger: 20,
  quarantineAfter: false,
})
process.stdout.write('ready\n')
const start = async (kind: Acknowledged['kind'], key: string, n: number): Promise<void> => {
  const run = await app.start(kind === 'page' ? page : call, { key, n })
  appendFileSync(notes, `${JSON.stringify({ kind, key, n, run: run.id } satisfies Acknowledged)}\n`)
}
const archive = () => app.retain([{ workflow: 'tick', status: 'completed', keep: 0, action: 'archive' }])
if (finish === undefined) {
  for (let i = 0; ; i++) {
    const n = Number(life) * 100_000 + i
    await Promise.all([start('page', 'abc'[i % 3] as string, n), i % 8 === 0 ? start('call', 'x', n) : undefined])
    if (i % 10 === 9) await archive()
    await wait(i % 40 === 39 ? 400 : 15)
  }
}
const schedule = await app.getSchedule('tick')
await schedule?.pause('the test ends')
for (;;) {
  const { queued, running, waiting } = await app.counts()
  if (queued + running + waiting === 0) break
  await wait(50)
}
await archive()
await app.close()
process.stdout.write('finished\n')
