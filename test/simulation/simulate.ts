import { openMemoryStore } from '../../packages/spanwise/src/journal/index.ts'
import { frames } from '../../packages/spanwise/src/workflow/index.ts'
import { perform, schedule as scheduleRuns, start, startInBurst, startOther } from './acts.ts'
import { Caretaker } from './caretaker.ts'
import { check } from './checks.ts'
import { repeatable, turns } from './determinism.ts'
import { dice } from './dice.ts'
import { boot, disturb } from './disturb.ts'
import { Ledger } from './ledger.ts'
import type { Schedule } from './schedule.ts'
import { Timeline } from './timeline.ts'
import type { World } from './world.ts'

export interface Verdict {
  /** sentences; none when every promise was kept */
  readonly wrong: readonly string[]
  /** what happened, where it was asked for */
  readonly story: readonly string[]
  /** of steps */
  readonly executions: number
  readonly entries: number
  /** what was asked of the store */
  readonly operations: number
  readonly processes: number
}

const mostEvents = 100_000

/** Plays one schedule from its first start to the end of every run. */
export async function simulate(schedule: Schedule, tellStory = false): Promise<Verdict> {
  const roll = dice(`play ${schedule.seed}`)
  repeatable(roll.fork('bytes'))
  const world = makeWorld(schedule, tellStory)
  const strays = (reason: unknown): void => {
    const frame = frames.getStore()
    if (frame === undefined || frame.kind !== 'scope')
      world.wrong.push(`a stray rejection: ${String((reason as Error)?.stack ?? reason)}`)
  }
  process.on('unhandledRejection', strays)
  try {
    await play(world)
    if (world.wrong.length === 0) await check(world)
  } catch (error) {
    world.wrong.push(`the simulation broke: ${String((error as Error).stack)}`)
  } finally {
    process.off('unhandledRejection', strays)
    for (const one of world.processes) one.die('in the end')
    await turns()
    world.store.dispose()
  }
  return {
    wrong: world.wrong,
    story: world.story,
    executions: world.ledger.calls.length,
    entries: world.entries,
    operations: world.ops,
    processes: world.processes.length,
  }
}

function makeWorld(schedule: Schedule, tellStory: boolean): World {
  const roll = dice(`play ${schedule.seed}`)
  const timeline = new Timeline(roll.fork('time'))
  const story: string[] = []
  return {
    schedule,
    store: openMemoryStore(),
    timeline,
    roll: roll.fork('world'),
    ledger: new Ledger(
      schedule.faults.some(({ fault }) => fault === 'clock' || fault === 'steal' || fault === 'zombie'),
    ),
    ops: 0,
    entries: 0,
    isContested: schedule.faults.some(({ fault }) => fault === 'steal' || fault === 'zombie'),
    calm: false,
    process: undefined,
    processes: [],
    version: 0,
    mended: new Set(),
    disruptions: new Map(),
    accepted: new Map(),
    forks: new Map(),
    dry: new Set(),
    forking: 0,
    timetables: new Map(),
    draws: new Map(),
    kept: new Map(),
    later: [],
    invalidated: [],
    marks: new Map(),
    asked: new Map(),
    slipped: new Set(),
    approved: new Set(),
    recorded: new Set(),
    signals: new Map(),
    writes: new Map(),
    ends: new Map(),
    blind: new Set(),
    wrong: [],
    story,
    tell(what) {
      if (tellStory) story.push(`${String(timeline.now).padStart(6)}  ${what()}`)
    },
  }
}

async function play(world: World): Promise<void> {
  const { schedule, timeline, wrong } = world
  let busy = 0
  const work = (task: Promise<unknown>): void => {
    busy++
    task.catch((error) => wrong.push(`a client: ${String(error.stack)}`)).finally(() => busy--)
  }
  const plan = (at: number, task: () => Promise<unknown>): void => {
    busy++
    timeline.later(at, () => {
      busy--
      work(task())
    })
  }
  void boot(world)
  for (const run of schedule.runs) {
    plan(run.at, () => start(world, run))
    if (run.again !== undefined) plan(run.at + run.again, () => start(world, run))
    if (run.again !== undefined && run.again % 2 === 0) plan(run.at + run.again, () => startOther(world, run))
  }
  for (const table of schedule.timetables) plan(table.at, () => scheduleRuns(world, table))
  for (const burst of schedule.bursts ?? [])
    for (const [i, at] of burst.starts.entries()) plan(at, () => startInBurst(world, burst, i))
  for (const [i, act] of schedule.acts.entries()) plan(act.at, () => perform(world, act, `act ${i}`))
  let last = 0
  for (const fault of schedule.faults) {
    if (!('at' in fault)) continue
    last = Math.max(last, fault.at + ('ms' in fault ? fault.ms : 0))
    timeline.later(fault.at, () => disturb(world, fault))
  }
  for (const act of schedule.acts) last = Math.max(last, act.at)
  for (const { starts } of schedule.bursts ?? []) last = Math.max(last, ...starts)
  const caretaker = new Caretaker(world)
  timeline.later(last + 2_000, () => {
    world.calm = true
    world.tell(() => 'the storm is over')
    void caretaker.look()
  })

  const { haste } = schedule.settings
  for (let events = 0; ; events++) {
    // a process may be slow, but not for hours
    const isHasty = haste > 0 && world.roll.chance(haste) && timeline.distance < 30
    await turns(isHasty ? world.roll.whole(4) : undefined)
    if (wrong.length > 0) return
    if (caretaker.done && busy === 0) return
    if (events > mostEvents) return void wrong.push('it never ends')
    if (timeline.step()) continue
    await turns()
    const isOver = wrong.length > 0 || (caretaker.done && busy === 0)
    if (!isOver && !timeline.step()) return void wrong.push('nothing can happen any more')
  }
}
