import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type App, isSpanwiseError, type Signal, spanwise, type Workflow } from 'spanwise'
import type { Note } from '../workload/plan.ts'
import type { Dice } from './seeds.ts'
import { firstOutside, lines } from './verdict.ts'

export interface Workload {
  readonly chain: Workflow<{ readonly n: number }, unknown>
  readonly go: Signal<number>
}

export interface Outsider {
  /** what was acknowledged to it */
  readonly acknowledged: () => number
  /** codes of what it was refused with, and how often */
  readonly refused: ReadonlyMap<string, number>
  stop(): Promise<void>
}

/** codes that a client may meet while the process that works on the store dies and comes back */
const expected = new Set(['RUN_ENDED', 'OWNER_UNREACHABLE', 'OWNER_LOST'])

/** A process that does no work: it starts runs and sends signals while workers come and go. */
export async function outsider(folder: string, { chain, go }: Workload, roll: Dice): Promise<Outsider> {
  const app = await spanwise({ store: `sqlite:${join(folder, 'store.db')}`, workflows: [], work: false })
  const notes = join(folder, 'notes')
  const note = (line: Note): void => appendFileSync(notes, `${JSON.stringify(line)}\n`)
  const refused = new Map<string, number>()
  let acknowledged = 0
  let stopped = false

  const begin = async (n: number): Promise<void> => {
    const id = roll.whole(2) === 0 ? { id: `outside-${n}` } : {}
    const run = await app.start(chain, { n }, id)
    note({ started: `outside-${n}`, run: run.id })
  }
  const work = async (): Promise<void> => {
    for (let n = firstOutside; !stopped; ) {
      await wait(5 + roll.whole(40))
      try {
        if (roll.whole(3) === 0) await begin(n++)
        else if (!(await tellSomebody(app, notes, go, note, roll))) continue
        acknowledged++
      } catch (error) {
        if (!isSpanwiseError(error) || !expected.has(error.code)) throw error
        refused.set(error.code, (refused.get(error.code) ?? 0) + 1)
      }
    }
  }
  const working = work()
  // seen when it is stopped
  working.catch(() => {})
  return {
    acknowledged: () => acknowledged,
    refused,
    async stop() {
      stopped = true
      try {
        await working
      } finally {
        await app.close()
      }
    },
  }
}

/** The next letter, in order, to a run that somebody has started; whoever else sends it, it is the same. */
async function tellSomebody(
  app: App,
  notes: string,
  go: Signal<number>,
  note: (line: Note) => void,
  roll: Dice,
): Promise<boolean> {
  if (!existsSync(notes)) return false
  const all = lines<Note>(notes)
  const told = new Set(all.flatMap((one) => ('told' in one ? [`${one.told} ${one.what}`] : [])))
  const open = all.flatMap((one) => {
    if (!('started' in one) || !one.started.startsWith('waits-')) return []
    const value = [1, 2, 3, 4].find((each) => !told.has(`${one.started} go-${each}`))
    return value === undefined ? [] : [{ name: one.started, run: one.run, value }]
  })
  if (open.length === 0) return false
  const { name, run, value } = roll.pick(open)
  const found = await app.get(run)
  if (found === undefined) throw new Error(`${name} was acknowledged as ${run} and is lost`)
  try {
    await found.signal(go, value, { sendId: `go-${value}` })
  } catch (error) {
    if (!isSpanwiseError(error) || error.code !== 'RUN_ENDED') throw error
  }
  note({ told: name, what: `go-${value}` })
  return true
}
