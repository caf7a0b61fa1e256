import {
  invalidSchedule,
  nextFrom,
  readTiming,
  type ScheduledStart,
  type ScheduleTiming,
  timingText,
} from '../engine/index.ts'
import { encode, type Overlap, type PutSchedule } from '../journal/index.ts'
import { canonicalInput, type Duration, milliseconds, parse, type WorkflowDefinition } from '../workflow/index.ts'

/** How many missed due times are made up for. */
export type CatchUp = 'none' | 'last' | 'all' | { readonly all: number }

export interface SchedulePolicy {
  /**
   * What becomes of a due time while an earlier run of the schedule is under way: it is left out (`skip`, the default), its run waits
   * (`queue`), the earlier ones are cancelled and its run waits for their end (`cancel`), or both run (`allow`).
   */
  readonly overlap?: Overlap
  /**
   * Due times that were missed by more than a minute, because nobody worked or the clock jumped: none is made up for, the last one
   * (the default), all up to 1 000, or the latest of them.
   */
  readonly catchUp?: CatchUp
}

export type ScheduleOptions = ScheduleTiming &
  SchedulePolicy & {
    /** unique within the tenant: the same id is the same schedule, and another definition changes it */
    readonly id: string
    readonly tenant?: string
    /** whom the runs are about; erasing the subject removes the schedule */
    readonly subject?: string
    readonly team?: string
    readonly tags?: readonly string[]
    /** of each run, from its start */
    readonly deadline?: Duration
    readonly priority?: number
  }

/** missed due times that are made up for at most */
const mostMissed = 1_000

export function catchUpOf(given: CatchUp = 'last'): number {
  if (given === 'none') return 0
  if (given === 'last') return 1
  const most = given === 'all' ? mostMissed : given.all
  if (Number.isSafeInteger(most) && most >= 0 && most <= mostMissed) return most
  throw invalidSchedule(
    `catchUp cannot be ${JSON.stringify(given)}.`,
    `Say none, last, all, or { all: 1 to ${mostMissed} }.`,
  )
}

const overlaps: readonly Overlap[] = ['skip', 'queue', 'cancel', 'allow']

export function overlapOf(given: Overlap = 'skip'): Overlap {
  if (overlaps.includes(given)) return given
  throw invalidSchedule(`overlap cannot be ${JSON.stringify(given)}.`, `Say ${overlaps.join(', ')}.`)
}

/** Checks everything, so that what is stored can be run. @throws INVALID_SCHEDULE, INVALID_INPUT */
export async function readSchedule(
  definition: WorkflowDefinition,
  input: unknown,
  options: ScheduleOptions,
  now: number,
): Promise<PutSchedule> {
  const { id, tenant = 'default', subject, team, tags = [], priority = 0 } = options
  if (typeof id !== 'string' || id === '') throw invalidSchedule('It has no id.', "Name it: { id: 'nightly-digest' }.")
  if (typeof input === 'function') {
    throw invalidSchedule(
      'Its input is a function, which cannot be kept.',
      'Pass a value. What depends on the due time is computed in the workflow, from context.run.schedule.due.',
    )
  }
  const timing = readTiming(options)
  const canonical = canonicalInput(input)
  const parsed = await parse(definition.input, input, 'INVALID_INPUT', `The input of workflow "${definition.name}"`)
  const limit = options.deadline ?? definition.deadline
  const start: ScheduledStart = {
    input: parsed,
    canonical,
    tags,
    ...(subject === undefined ? {} : { subject }),
    ...(team === undefined ? {} : { team }),
    priority,
    ...(limit === undefined ? {} : { deadline: milliseconds(limit, 'deadline') }),
  }
  return {
    tenant,
    id,
    workflow: definition.name,
    timing: timingText(timing),
    overlap: overlapOf(options.overlap),
    catchUp: catchUpOf(options.catchUp),
    start: encode(start, 'input'),
    subject,
    next: nextFrom({ tenant, id }, timing, now, true),
    at: now,
  }
}
