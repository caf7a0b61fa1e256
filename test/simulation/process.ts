import { openWorker, type Worker } from '../../packages/spanwise/src/app/index.ts'
import { type Log, type Workflow, type WorkflowContext, workflow } from '../../packages/spanwise/src/index.ts'
import { modelsOf } from './agents.ts'
import { interpret } from './interpret.ts'
import type { Input, Player } from './player.ts'
import { port } from './port.ts'
import { disrupt, Injected, never, own, type Pending, type Process, rootOf, type World } from './world.ts'

export class AppProcess implements Process {
  readonly number: number
  readonly world: World
  readonly version: 0 | 1
  readonly log: Log
  readonly main: Workflow<Input, unknown>
  readonly sub: Workflow<Input, unknown>
  readonly models: Process['models']
  readonly played = new Map<string, Player>()
  readonly pending = new Set<Pending>()
  readonly dead: Promise<void>
  alive = true
  readonly crowds = new Map<string, number>()
  open = false
  worker: Worker | undefined
  readonly #died: () => void

  constructor(world: World) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.world = world
    this.number = world.processes.push(this) - 1
    this.version = world.version
    this.dead = promise
    this.#died = resolve
    this.log = logOf(this)
    own(this.log, this)
    this.models = modelsOf(this)
    const play = (input: Input, context: WorkflowContext<Input>): Promise<unknown> => this.#play(input, context)
    this.main = workflow('main', play)
    this.sub = workflow('sub', play)
  }

  #play(input: Input, context: WorkflowContext<Input>): Promise<unknown> {
    const { world } = this
    const player: Player = {
      version: this.version,
      programs: world.schedule.programs,
      sub: this.sub,
      models: this.models,
      root: rootOf(world, context.run.id),
      mark: input.mark,
      trace: [],
      took: [],
      undo: [],
      pause: () => (this.alive ? world.timeline.wait(world.roll.chance(0.5) ? 0 : world.roll.whole(20)) : never()),
      wrong: (what) => world.wrong.push(`${context.run.id.slice(0, 6)}: ${what}`),
    }
    this.played.set(`${context.run.id}@${input.generation}`, player)
    return interpret(player, input, context)
  }

  async start(): Promise<void> {
    const { world } = this
    const { linger, grace, capacity } = world.schedule.settings
    const opening = openWorker({
      quarantineAfter: false,
      store: port(this),
      workflows: [this.main, this.sub],
      models: this.models,
      clock: world.timeline.clock(() => this.alive),
      random: world.roll.next,
      log: this.log,
      release: `v${this.version}`,
      linger,
      grace,
      capacity,
      snapshotAfter: world.schedule.settings.snapshotAfter,
    })
    this.worker = await Promise.race([opening, this.dead.then(() => undefined)])
    // it may have died while it was opening
    if (this.alive) this.open = true
    else
      void opening.then(
        (worker) => worker.kill(),
        () => {},
      )
  }

  die(why: string): void {
    if (!this.alive) return
    this.world.tell(() => `process ${this.number} dies ${why}`)
    this.alive = false
    this.open = false
    this.#lastRequests()
    disrupt(this.world)
    this.worker?.kill()
    this.#died()
  }

  /** What was on its way: some of it arrives all the same. */
  #lastRequests(): void {
    const { world } = this
    const left = [...this.pending]
    this.pending.clear()
    // a transaction is the sender's own code
    for (const { name, op, arrive } of left)
      if (name !== 'transact' && world.roll.chance(0.5))
        arrive().catch((error: unknown) => world.tell(() => `  ${op} failed: ${error}`))
  }

  async leave(): Promise<void> {
    this.world.tell(() => `process ${this.number} closes`)
    this.open = false
    // steps that are not done within the grace are done again
    disrupt(this.world)
    await Promise.race([this.worker?.app.close().catch((error: unknown) => this.#failedToClose(error)), this.dead])
    if (!this.alive) return
    this.alive = false
    this.#died()
  }

  #failedToClose(error: unknown): void {
    if (!(error instanceof Injected)) this.world.wrong.push(`a process could not close: ${error}`)
  }
}

function logOf(process: Process): Log {
  const { world } = process
  const say = (level: string) => (message: string, facts?: object) => {
    if (!process.alive) return
    world.tell(
      () =>
        `  ${process.number}: ${level} ${message} ${String((facts as { error?: unknown } | undefined)?.error ?? '')}`,
    )
  }
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error(message, facts) {
      say('error')(message, facts)
      const { error } = (facts ?? {}) as { error?: unknown }
      if (process.alive && !isPlanned(error))
        world.wrong.push(`the engine says: ${message}: ${String((error as Error)?.stack ?? error)}`)
    },
  }
}

function isPlanned(error: unknown): boolean {
  return error instanceof Injected || (error as { cause?: unknown } | undefined)?.cause instanceof Injected
}
