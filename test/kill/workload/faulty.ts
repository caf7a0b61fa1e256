// What a user of spanwise() sees when something is wrong around it. Prints what it saw as JSON.
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import threads from 'node:worker_threads'
import type { App } from 'spanwise'

const [scenario, folder] = process.argv.slice(2) as [string, string]
const path = join(folder, 'store.db')
const store = `sqlite:${path}`

// so that a test can end a thread: there is no way to do that from outside
const begun: threads.Worker[] = []
const RealWorker = threads.Worker
threads.Worker = class extends RealWorker {
  constructor(...of: ConstructorParameters<typeof RealWorker>) {
    super(...of)
    begun.push(this)
  }
}
syncBuiltinESMExports()
const { signal, spanwise, step, workflow } = await import('spanwise')

const bulk = step('bulk', ({ kb }: { kb: number }) => randomBytes(kb * 512).toString('hex'))
const go = signal('go')
const heap = workflow('heap', async (count: number) => {
  let size = 0
  for (let i = 0; i < count; i++) size += (await bulk({ kb: 16 })).length
  return size
})
const waiter = workflow('waiter', async (n: number) => {
  await bulk({ kb: 1 })
  await go.wait()
  await bulk({ kb: 1 })
  return n
})
const workflows = [heap, waiter]

const scenarios: Record<string, () => Promise<object>> = {
  /** opens, starts a run, and says whether it went */
  async open() {
    if (process.env['AS_NOBODY'] !== undefined && process.getuid?.() === 0) process.setuid?.(65_534)
    await using app = await spanwise({ store, workflows })
    return { result: await app.run(heap, 2) }
  },

  /** holds the store until it is killed */
  async hold() {
    const app = await spanwise({ store, workflows })
    await app.start(waiter, 1, { id: 'held' })
    process.stdout.write('holding\n')
    await wait(600_000)
    return {}
  },

  /** takes up what an earlier process left */
  async goOn() {
    await using app = await spanwise({ store, workflows })
    for (const { id } of (await app.list({ workflow: 'waiter', limit: 500 })).items) {
      const run = await app.get(id)
      if ((await run?.status())?.status !== 'completed') await run?.signal(go)
    }
    return { counts: await settled(app) }
  },

  /** fills the disk while runs are under way, makes room, and lets them end */
  async full() {
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(12 * 1024 * 1024))
    await using app = await spanwise({ store, workflows })
    const accepted: string[] = []
    let refused: unknown
    await fill(app, accepted).catch((error: unknown) => {
      refused = error
    })
    const readable = (await app.list({ limit: 500 })).items.length
    rmSync(ballast)
    const sizes: unknown[] = []
    for (const id of accepted) sizes.push(await (await app.get(id))?.result({ onAttention: 'wait' }))
    const there = await app.get(heap, `${accepted.length}`)
    // what was refused did not half happen, and can be asked again
    const again = await app.run(heap, 1, { id: `${accepted.length}` })
    return { refused: told(refused), accepted: accepted.length, readable, sizes, there: there !== undefined, again }
  },

  /** fills the disk and leaves */
  async fullAndLeave() {
    if (process.env['NO_BALLAST'] === undefined) writeFileSync(join(folder, 'ballast'), Buffer.alloc(12 * 1024 * 1024))
    await using app = await spanwise({ store, workflows, grace: 200 })
    const accepted: string[] = []
    await fill(app, accepted).catch(() => undefined)
    return { accepted: accepted.length }
  },

  /** the store's thread ends while runs are under way; the process closes the app, opens another one and goes on */
  async thread() {
    const app = await spanwise({ store, workflows, grace: 200 })
    const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => app.start(waiter, n, { id: `${n}` })))
    while ((await app.counts()).waiting < 20) await wait(10)
    const waiting = Promise.allSettled(runs.map((run) => run.result()))
    void runs.map((run) => run.signal(go).catch(() => undefined))
    await begun[0]?.terminate()
    const asked = await Promise.allSettled([
      app.start(waiter, 99),
      app.counts(),
      runs[0]?.status(),
      runs[0]?.signal(go),
    ])
    const errors = asked.map((one) => (one.status === 'rejected' ? told(one.reason) : one))
    const ended = await Promise.race([waiting, wait(5_000, undefined, { ref: false }).then(() => 'still waiting')])
    const results = Array.isArray(ended)
      ? ended.map((one) => (one.status === 'rejected' ? told(one.reason).code : one.value))
      : ended
    await app.close()
    await using next = await spanwise({ store, workflows })
    for (let n = 0; n < 20; n++) {
      const run = await next.get(waiter, `${n}`)
      if ((await run?.status())?.status !== 'completed') await run?.signal(go, undefined).catch(() => undefined)
    }
    return { errors, results, counts: await settled(next) }
  },
}

/** Starts runs until the store takes no more. */
async function fill(app: App, accepted: string[]): Promise<never> {
  for (;;) {
    accepted.push((await app.start(heap, 20, { id: `${accepted.length}` })).id)
    await wait(2)
  }
}

async function settled(app: App): Promise<object> {
  for (;;) {
    const counts = await app.counts()
    if (counts.queued + counts.running + counts.waiting === 0) return counts
    await wait(10)
  }
}

function told(error: unknown): { code: unknown; message: unknown; hint: unknown } {
  const {
    code,
    message,
    hint,
    error: second,
  } = error as { code: unknown; message: unknown; hint: unknown; error?: unknown }
  return { code, message, hint, ...(second === undefined ? {} : { second: told(second) }) } as never
}

try {
  const seen = (await scenarios[scenario]?.()) ?? {}
  process.stdout.write(`saw ${JSON.stringify(seen)}\n`)
} catch (error) {
  process.stdout.write(`saw ${JSON.stringify({ error: told(error) })}\n`)
}
