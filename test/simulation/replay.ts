import { type Entry, encode, type RunRow } from '../../packages/spanwise/src/journal/index.ts'
import {
  type Ending,
  Execution,
  type Host,
  type Operation,
  readStarted,
  restoreCompensations,
  type WorkflowContext,
} from '../../packages/spanwise/src/workflow/index.ts'
import { tokenKeyOf } from './history.ts'
import { interpret } from './interpret.ts'
import type { Input, Player } from './player.ts'
import { rootOf, type World } from './world.ts'

export interface Replayed {
  readonly player: Player
  readonly ending: Ending | undefined
  /** what the run waits for */
  readonly open: readonly Operation[]
  /** what it would write; nothing, where its history is whole */
  readonly wrote: readonly string[]
}

/** Runs one generation of a run from its history alone: without engine, store, clock or effects. */
export async function replay(world: World, row: RunRow, entries: readonly Entry[], version: 0 | 1): Promise<Replayed> {
  const wrote: string[] = []
  let ending: Ending | undefined
  const player: Player = {
    version,
    programs: world.schedule.programs,
    sub: world.processes[0]?.sub as Player['sub'],
    models: world.processes[0]?.models as Player['models'],
    root: rootOf(world, row.run),
    mark: undefined,
    trace: [],
    took: [],
    undo: [],
    pause: () => new Promise(() => {}),
    wrong: (what) => world.wrong.push(`${row.run.slice(0, 6)} replayed: ${what}`),
  }
  const host: Host = {
    now: () => (entries.at(-1) as Entry).at,
    write: ({ kind, key }) => wrote.push(`${kind} ${key}`),
    start: () => {},
    stop: () => false,
    subject: () => Promise.reject(new Error('there are no subjects')),
    childRun: () => '',
    ready: () => {},
    closing: () => {},
    ended: (how) => {
      ending ??= how
    },
    log: () => {},
  }
  const execution = new Execution({
    run: { id: row.run, workflow: row.workflow, tenant: row.tenant },
    secret: row.secret as Uint8Array,
    ...(world.forks.has(row.run) ? { tokenKey: await tokenKeyOf(world, row) } : {}),
    secrets: new Map(),
    entries,
    host,
    started: readStarted,
    snapshotAfter: world.schedule.settings.snapshotAfter,
    body: async (one, _scope, started) => {
      restoreCompensations(one)
      return encode(await interpret(player, started.input as Input, contextOf(one)))
    },
  })
  while (execution.hasTurn && ending === undefined) {
    execution.open()
    // a turn that the driver sees, so that time stands still meanwhile
    await new Promise((resolve) => setImmediate(resolve))
    execution.close()
  }
  const open = [...execution.operations]
  execution.detach()
  return { player, ending, open, wrote }
}

function contextOf(execution: Execution): WorkflowContext<Input> {
  const silent = (): void => {}
  return {
    run: execution.run,
    abortSignal: execution.abort.signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    progress: silent,
    continueAs: (...input) => execution.continueWith(input[0]),
  }
}
