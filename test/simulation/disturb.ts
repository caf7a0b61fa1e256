import { AppProcess } from './process.ts'
import type { Fault } from './schedule.ts'
import { disrupt, type Process, type World } from './world.ts'

/** Starts the next process as soon as the one before has died. */
export async function boot(world: World): Promise<void> {
  for (;;) {
    const process = new AppProcess(world)
    world.process = process
    world.tell(() => `process ${process.number} starts`)
    try {
      await process.start()
    } catch (error) {
      world.tell(() => `process ${process.number} could not start: ${error}`)
      process.die('because it could not start')
    }
    if (process.alive) return void process.dead.then(() => reboot(world, process))
    await world.timeline.wait(world.roll.whole(50))
  }
}

function reboot(world: World, dead: Process): void {
  // another one may have taken over before it died
  if (world.process !== dead) return
  world.process = undefined
  world.timeline.later(world.roll.whole(50), () => void boot(world))
}

/** Faults that happen at a time. */
export function disturb(world: World, fault: Extract<Fault, { at: number }>): void {
  const { process } = world
  if (world.calm) return
  world.tell(() => JSON.stringify(fault))
  switch (fault.fault) {
    case 'crash at':
      return process?.die('at a moment')
    case 'clock':
      return world.timeline.jump(fault.by)
    case 'steal':
      return void steal(world, fault).catch((error) => world.wrong.push(`thief: ${error.stack}`))
    case 'zombie':
      if (process?.open !== true) return
      world.process = undefined
      disrupt(world)
      void boot(world)
      world.timeline.later(
        fault.ms,
        () => void bury(world, process).catch((error) => world.wrong.push(`burial: ${error.stack}`)),
      )
      return
    case 'restart':
      if (process?.open !== true) return
      if (fault.upgrade) world.version = 1
      return void process.leave()
  }
}

const workflows = ['main', 'sub']

/** Another worker takes leases away, as after a long pause of this one, and gives them back some time later. */
async function steal(world: World, fault: Extract<Fault, { fault: 'steal' }>): Promise<void> {
  const { store, timeline } = world
  const thief = { id: `thief at ${fault.at}`, pid: 0, host: 'elsewhere', lease: 15_000 }
  disrupt(world)
  await store.register(thief)
  disrupt(world)
  const taken = await store.claim({ worker: thief.id, now: timeline.wall, limit: fault.most, workflows })
  world.tell(() => `thief has ${taken.map(({ row }) => row.run.slice(0, 6))}`)
  await timeline.wait(fault.ms)
  await store.unregister(thief.id)
  disrupt(world)
  await rouse(world)
}

/** The one that was taken over ends; what it held meanwhile is free, as after the end of its lease. */
async function bury(world: World, zombie: Process): Promise<void> {
  zombie.die('some time after it was taken over')
  disrupt(world)
  await world.store.register({ id: 'gravedigger', pid: 0, host: 'elsewhere', lease: 15_000 })
  disrupt(world)
  await rouse(world)
}

/** What others freed is found by whoever polls; here it is told, to the next process if there is none. */
async function rouse(world: World): Promise<void> {
  while (world.process?.open !== true) await world.timeline.wait(5)
  world.process.worker?.wake()
}
