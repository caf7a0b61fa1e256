import { type Block, describe } from './program.ts'

/** Everything that a seed decides beforehand. What is left to chance while it is played comes from dice with the seed's name. */
export interface Schedule {
  readonly seed: number
  readonly settings: Settings
  readonly programs: readonly Block[]
  readonly runs: readonly RunPlan[]
  readonly timetables: readonly Timetable[]
  readonly bursts?: readonly Burst[]
  readonly acts: readonly Act[]
  readonly faults: readonly Fault[]
}

export interface Settings {
  readonly linger: number
  readonly grace: number
  readonly capacity: number
  /** how the store answers: at once, slowly in the order in which it was asked, or slowly in any order */
  readonly latency: 'none' | 'in order' | 'any order'
  /** chance that something happens although the code has not come to rest */
  readonly haste: number
  /** items after which `each` takes its first snapshot */
  readonly snapshotAfter: number
}

export interface RunPlan {
  readonly name: string
  readonly program: number
  readonly at: number
  readonly delay: number | undefined
  readonly deadline: number | undefined
  readonly priority: number
  /** asked for again, that much later */
  readonly again: number | undefined
}

/** Starts in quick succession that become one run, or a few. */
export interface Burst {
  readonly name: string
  readonly program: number
  readonly period: number
  readonly timeout: number | undefined
  /** when each is made */
  readonly starts: readonly number[]
}

/** A schedule that starts runs by the clock. */
export interface Timetable {
  readonly name: string
  readonly program: number
  /** when it is made, and how long after that it ends */
  readonly at: number
  readonly lasts: number
  readonly every: number
  readonly overlap: 'skip' | 'queue' | 'cancel' | 'allow'
  readonly catchUp: 'none' | 'last' | 'all'
}

/** What people do, wise or not. */
export type Act = { readonly at: number; readonly run: number } & (
  | { readonly act: 'signal'; readonly signal: 'ping' | 'pong'; readonly repeat: boolean }
  | { readonly act: 'cancel' | 'give up' }
  | { readonly act: 'resume'; readonly edit: 'none' | 'input' | 'result' }
  | { readonly act: 'decide'; readonly approve: boolean }
  /** goes on from a point in its history in a run of its own; `where` is a share of the history */
  | { readonly act: 'fork'; readonly where: number }
  /** says that nothing is to be reused of what `known` steps have found */
  | { readonly act: 'invalidate' }
  /** reports the result of a step that it believes is still under way, as a program outside would */
  | { readonly act: 'report' }
)

/** What goes wrong. `op` counts what is asked of the store; `at` is a time. */
export type Fault =
  /** the process dies before the store does it, or after it did and before it is answered */
  | { readonly fault: 'crash'; readonly op: number; readonly done: boolean }
  | { readonly fault: 'crash at'; readonly at: number }
  /** the store answers with an error although it did it, or did not */
  | { readonly fault: 'error'; readonly op: number; readonly done: boolean }
  | { readonly fault: 'slow'; readonly op: number; readonly ms: number }
  /** others take its leases, and give them back some time later */
  | { readonly fault: 'steal'; readonly at: number; readonly ms: number; readonly most: number }
  /** another process takes over while this one lives on for a while */
  | { readonly fault: 'zombie'; readonly at: number; readonly ms: number }
  /** a deployment: closed, and opened again */
  | { readonly fault: 'restart'; readonly at: number; readonly upgrade: boolean }
  | { readonly fault: 'clock'; readonly at: number; readonly by: number }

export function print(schedule: Schedule): string {
  const line = (thing: object): string => `  ${JSON.stringify(thing)}`
  return [
    `settings ${JSON.stringify(schedule.settings)}`,
    ...schedule.programs.flatMap((program, i) => (isUsed(schedule, i) ? [`program ${i}`, describe(program)] : [])),
    'runs',
    ...schedule.runs.map(line),
    ...(schedule.timetables.length === 0 ? [] : ['schedules', ...schedule.timetables.map(line)]),
    ...(schedule.bursts ?? []).map((burst) => `burst ${JSON.stringify(burst)}`),
    ...(schedule.acts.length === 0 ? [] : ['people', ...schedule.acts.map(line)]),
    ...(schedule.faults.length === 0 ? ['no faults'] : ['faults', ...schedule.faults.map(line)]),
  ].join('\n')
}

function isUsed(schedule: Schedule, program: number): boolean {
  const text = JSON.stringify(schedule.programs)
  const started = [...schedule.runs, ...schedule.timetables, ...(schedule.bursts ?? [])]
  return started.some((run) => run.program === program) || text.includes(`"program":${program},`)
}
