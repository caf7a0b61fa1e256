// Starts and continues runs in the folder KILL_FOLDER, notes what was acknowledged, and is killed sooner or later.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type App, isSpanwiseError, type Run, spanwise } from 'spanwise'
import { dice } from '../support/seeds.ts'
import { isMended } from './effects.ts'
import { batch, letters, type Note, type Plan, type Start } from './plan.ts'
import { go, here, started, workflows } from './workflows.ts'

const folder = process.env['KILL_FOLDER'] as string
const plan = JSON.parse(process.argv[2] as string) as Plan
const roll = dice(plan.seed * 31 + plan.number)
const notes = join(folder, 'notes')
const note = (line: Note): void => appendFileSync(notes, `${JSON.stringify(line)}\n`)

const known = new Map<string, string>()
const told = new Set<string>()
if (existsSync(notes)) {
  for (const line of readFileSync(notes, 'utf8').split('\n').slice(0, -1)) {
    const one = JSON.parse(line) as Note
    if ('started' in one) known.set(one.started, one.run)
    else told.add(`${one.told} ${one.what}`)
  }
}

const app = await spanwise({
  store: `sqlite:${join(folder, 'store.db')}`,
  workflows,
  linger: plan.linger,
  capacity: plan.capacity,
  grace: 200,
  // its deaths are none of its runs' doing
  quarantineAfter: false,
})
here.app = app
process.stdout.write('ready\n')

const starts = Array.from({ length: plan.number + 1 }, (_, number) =>
  batch(plan.seed, number).map((one, i) => ({ one, name: one.id ?? `${number}/${i}` })),
).flat()
const deciding = plan.finish || plan.number % 3 !== 0 ? repeat(15, () => decide(app)) : undefined
const mending = repeat(20, async () => {
  if (isMended()) await app.resume({ workflow: 'mended' }, { by: 'mender' } as object)
})
await Promise.all(starts.map(({ one, name }) => begin(one, name)))
if (plan.finish) {
  while (!(await isOver())) await wait(20)
  clearInterval(deciding)
  clearInterval(mending)
  await app.close()
  process.stdout.write('finished\n')
}

async function begin(one: Start, name: string): Promise<void> {
  const before = known.get(name)
  if (before === undefined) await wait(roll.whole(40))
  const run = before === undefined ? await start(one, name) : await app.get(before)
  if (run === undefined) throw new Error(`run ${before} (${name}) was acknowledged and is lost`)
  await follow(one, name, run)
}

async function start(one: Start, name: string): Promise<Run<unknown>> {
  const { kind, n, id, delay, priority } = one
  const options = {
    priority,
    tags: [kind],
    ...(id === undefined ? {} : { id }),
    ...(delay === undefined ? {} : { delay }),
  }
  const run = await app.start(started[kind] as (typeof started)['chain'], { n }, options)
  note({ started: name, run: run.id })
  return run
}

/** Says to a run what it waits for, once each, in order. */
async function follow(one: Start, name: string, run: Run<unknown>): Promise<void> {
  for (const value of letters[one.kind] ?? []) {
    const what = `go-${value}`
    if (told.has(`${name} ${what}`)) continue
    await wait(roll.whole(25))
    await unlessEnded(run.signal(go, value, { sendId: what }))
    note({ told: name, what })
  }
  if (one.kind === 'stopped' && !told.has(`${name} cancel`)) {
    await wait(roll.whole(60))
    await unlessEnded(run.cancel('enough'))
    note({ told: name, what: 'cancel' })
  }
}

async function decide(where: App): Promise<void> {
  const { items } = await where.approvals({ role: 'boss', limit: 200 })
  for (const { id, of } of items) {
    const { n } = of as { n: number }
    await unless('APPROVAL_CLOSED', where.decide(id, { approve: n % 3 === 0, by: 'boss' }))
  }
}

function unlessEnded(work: Promise<void>): Promise<void> {
  return unless('RUN_ENDED', work)
}

async function unless(code: string, work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isSpanwiseError(error) || error.code !== code) throw error
  })
}

/** One at a time. */
function repeat(ms: number, work: () => Promise<void>): NodeJS.Timeout {
  let busy = false
  return setInterval(() => {
    if (busy) return
    busy = true
    void work().finally(() => {
      busy = false
    })
  }, ms)
}

async function isOver(): Promise<boolean> {
  const counts = await app.counts()
  return counts.queued + counts.running + counts.waiting + counts['needs attention'] === 0
}
