// Ten thousand runs that do not end (`fill`), and what becomes of them when the store is opened again (`move`).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, signal, sleep, spanwise, step, systemClock, workflow } from 'spanwise'
import { type Done, effect, type Job } from './effects.ts'

/** `linger`: how long those who only wait stay in memory, ms */
const [mode, size, linger] = process.argv.slice(2) as ['fill' | 'move', string, string]
const folder = process.env['KILL_FOLDER'] as string
const third = Math.floor(Number(size) / 3)

/** The second process opens the store an hour later: half of the sleepers are due then. */
const later: Clock = {
  now: () => systemClock.now() + 3_600_000,
  at: (at, callback) => systemClock.at(at - 3_600_000, callback),
  after: systemClock.after,
}

let begun = 0
let first: number | undefined
const work = step('work', async ({ label }: Job, context): Promise<Done> => {
  begun++
  first ??= performance.now()
  const done = effect('work', label, context)
  if (mode === 'fill') await wait(600_000)
  return done
})
const bell = signal<number>('bell')

const worker = workflow('worker', async (n: number) => {
  await work({ label: `${n}` })
  return n
})
const sleeper = workflow('sleeper', async (n: number) => {
  await sleep(n % 2 === 0 ? '30m' : '30d')
  return n
})
const listener = workflow('listener', async (_: number) => bell.wait())
const workflows = [worker, sleeper, listener]
const store = `sqlite:${join(folder, 'store.db')}`

await (mode === 'fill' ? fill() : move())

async function fill(): Promise<void> {
  const app = await spanwise({ store, workflows, linger: Number(linger), capacity: Number(size) * 2 })
  for (let n = 0; n < third; n += 250) {
    const numbers = Array.from({ length: Math.min(250, third - n) }, (_, i) => n + i)
    await Promise.all(numbers.flatMap((i) => workflows.map((one) => app.start(one, i, { id: `${i}` }))))
  }
  const left = Number(linger) < 1_000 ? 2 * third : 0
  while (begun < third || (await app.counts()).waiting < left) await wait(20)
  process.stdout.write('full\n')
  await wait(600_000)
}

/** Times in ms since the process began. */
async function move(): Promise<void> {
  const app = await spanwise({ store, workflows, clock: later, capacity: Number(size) * 2 })
  const opened = performance.now()
  const due = third + Math.ceil(third / 2) + 100
  const rung = Array.from({ length: 100 }, async (_, i) => {
    const run = await app.get(listener, `${i}`)
    await run?.signal(bell, i)
  })
  while ((await app.counts()).completed < due) await wait(5)
  const all = performance.now()
  await Promise.all(rung)
  process.stdout.write(`moved ${JSON.stringify({ opened, first, all, due, memory: memory() })}\n`)
  await app.close()
}

/** most that it had, in MB */
function memory(): number {
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return Math.round(Number(peak) / 1024)
}
