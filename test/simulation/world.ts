import type { Worker } from '../../packages/spanwise/src/app/index.ts'
import type { Log, Workflow } from '../../packages/spanwise/src/index.ts'
import type { MemoryStore } from '../../packages/spanwise/src/journal/index.ts'
import type { Models } from '../../packages/spanwise/src/models/index.ts'
import type { Dice } from './dice.ts'
import type { Ledger } from './ledger.ts'
import type { Input, Player } from './player.ts'
import type { Fault, Schedule } from './schedule.ts'
import type { Timeline } from './timeline.ts'

/** Everything that outlives a process. */
export interface World {
  readonly schedule: Schedule
  readonly store: MemoryStore
  readonly timeline: Timeline
  /** for what the schedule leaves open */
  readonly roll: Dice
  readonly ledger: Ledger
  /** what was asked of the store so far */
  ops: number
  /** in all histories, in the end */
  entries: number
  /** others take leases of the process */
  readonly isContested: boolean
  /** faults are over */
  calm: boolean
  /** the process that clients talk to */
  process: Process | undefined
  readonly processes: Process[]
  /** 1 from the first upgrade on: which code is run */
  version: 0 | 1
  /** runs whose world has been mended: steps that failed for good succeed */
  readonly mended: Set<string>
  /** times at which a run was torn from memory for a reason, by run; '' counts for all */
  readonly disruptions: Map<string, number>
  /** acknowledged starts: name and id */
  readonly accepted: Map<string, string>
  /** the run that each fork goes on from, by the fork's id */
  readonly forks: Map<string, string>
  /** forks and runs that they started: nothing is reused in them */
  readonly dry: Set<string>
  /** somebody is asking for a fork */
  forking: number
  /** when schedules begin and end, by name; ms since 1970 */
  readonly timetables: Map<string, { readonly from: number; readonly until: number }>
  /** what was drawn from the rate of paced steps, by process, where there may be several, and time; ms since 1970 */
  readonly draws: Map<string, number>
  /** results that were kept for others, by run and index: the time of the entry, ms since 1970 */
  readonly kept: Map<string, number>
  /** what is judged at the end, when all is known */
  readonly later: (() => void)[]
  /** acknowledged invalidations, and when each was asked for */
  readonly invalidated: { readonly asked: number }[]
  /** acknowledged starts of bursts, by mark: the run that each became part of */
  readonly marks: Map<string, string>
  /** how often each turn of a conversation was asked for and not refused, and which the model had no time for once */
  readonly asked: Map<string, number>
  readonly slipped: Set<string>
  /** calls of tools that somebody has approved, or tried to: run and job */
  readonly approved: Set<string>
  /** steps whose result is on record, by idempotency key */
  readonly recorded: Set<string>
  /** acknowledged signals in the order in which the store took them, by run */
  readonly signals: Map<string, string[]>
  /** how often something was written to a run's history, at least once for each time that something was */
  readonly writes: Map<string, number>
  /** which process committed the end of a generation, and when; by `run@generation`, the last one by `run` */
  readonly ends: Map<string, { readonly process: number; readonly at: number; readonly order: number }>
  /** runs that were resumed by people who did not look what had happened outside */
  readonly blind: Set<string>
  /** what is wrong */
  readonly wrong: string[]
  /** what happened, for people */
  readonly story: string[]
  tell(what: () => string): void
}

/** One process with an app in it. */
export interface Process {
  readonly number: number
  readonly world: World
  readonly version: 0 | 1
  readonly main: Workflow<Input, unknown>
  readonly sub: Workflow<Input, unknown>
  readonly models: Models<'sim'>
  readonly worker: Worker | undefined
  /** the latest body of each generation of each run: what it saw */
  readonly played: Map<string, Player>
  /** requests on their way to the store */
  readonly pending: Set<Pending>
  /** how many it executes now of what there may be one only */
  readonly crowds: Map<string, number>
  readonly alive: boolean
  /** clients may talk to it */
  readonly open: boolean
  readonly dead: Promise<void>
  /** without a word: what is not in the store did not happen */
  die(why: string): void
  /** closed by itself, as before a deployment */
  leave(): Promise<void>
}

export interface Pending {
  readonly name: string
  readonly op: number
  arrive(): Promise<unknown>
}

/** What a dead process waits for. One for each: whatever waits for a promise is kept by it, and one for all would keep every world. */
export function never(): Promise<never> {
  return new Promise<never>(() => {})
}

const owners = new WeakMap<Log, Process>()

export function own(log: Log, process: Process): void {
  owners.set(log, process)
}

/** Who executes a step is known by the log that it was given: one that stands in front of the process's own. */
export function processOf(log: Log): Process {
  return (owners.get(log) ?? owners.get(Object.getPrototypeOf(log))) as Process
}

export function disrupt(world: World, run = ''): void {
  world.disruptions.set(run, (world.disruptions.get(run) ?? 0) + 1)
}

export function disruptionsOf(world: World, run: string): number {
  return (world.disruptions.get('') ?? 0) + (world.disruptions.get(run) ?? 0)
}

/** A run, or the one that it is a fork of, or that one of. */
export function rootOf({ forks }: Pick<World, 'forks'>, run: string): string {
  let root = run
  for (let source = forks.get(root); source !== undefined; source = forks.get(root)) root = source
  return root
}

export function faultAt(world: World, op: number): Extract<Fault, { op: number }> | undefined {
  if (world.calm) return undefined
  return world.schedule.faults.find((fault) => 'op' in fault && fault.op === op) as
    | Extract<Fault, { op: number }>
    | undefined
}

/** An error of the store that the schedule asked for. */
export class Injected extends Error {
  readonly code = 'STORE_WRITE_FAILED'
}
