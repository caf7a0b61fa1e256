import { decode, type NewRun, type ScheduleRow, type StoreInfo } from '../../journal/index.ts'
import { startPayload } from '../../workflow/index.ts'
import { newSeed, runIdFor } from '../identity.ts'

/** What every run of a schedule is started with, as it is stored. */
export interface ScheduledStart {
  /** parsed by the workflow's schema when the schedule was made */
  readonly input: unknown
  /** canonical text of the unparsed input */
  readonly canonical: string
  readonly tags: readonly string[]
  readonly subject?: string
  readonly team?: string
  readonly priority: number
  /** what was redacted in it */
  readonly redacted?: string
  /** ms from the start of a run */
  readonly deadline?: number
}

type Trigger = 'due' | 'backfill' | 'manual'

/** What every run of a schedule can be listed by. */
function scheduleTag(id: string): string {
  return `schedule:${id}`
}

/**
 * The run of a due time. Its id follows from schedule and due time, so that it is started once however often it is asked for; one
 * that is started by hand has a mark of its own instead.
 */
export function scheduledRun(
  tokens: Pick<StoreInfo, 'token'>,
  schedule: ScheduleRow,
  occasion: { readonly due: number; readonly trigger: Trigger; readonly mark?: string | undefined },
  context: { readonly release: string; readonly now: number },
): NewRun {
  const start = decode(schedule.start) as ScheduledStart
  const { due, trigger, mark } = occasion
  const { release, now } = context
  const { tenant, workflow } = schedule
  const id = mark === undefined ? `${schedule.id}@${new Date(due).toISOString()}` : `${schedule.id}+${mark}`
  const tags = [...start.tags, scheduleTag(schedule.id)]
  return {
    run: runIdFor(tokens, tenant, workflow, id),
    workflow,
    tenant,
    id,
    inputToken: tokens.token('input', start.canonical),
    status: 'queued',
    wakeAt: now,
    priority: start.priority,
    deadline: start.deadline === undefined ? undefined : now + start.deadline,
    release,
    subject: start.subject,
    tags,
    started: {
      index: 0,
      after: 0,
      at: now,
      kind: 'run.started',
      key: '',
      attempt: 0,
      meta: {
        workflow,
        release,
        schedule: tokens.token('tag', scheduleTag(schedule.id)),
        due,
        trigger,
        ...(start.redacted === undefined ? {} : { redacted: start.redacted }),
      },
      payload: startPayload({
        input: start.input,
        seed: newSeed(),
        id,
        tags,
        subject: start.subject,
        team: start.team,
        schedule: { id: schedule.id, due, trigger },
      }),
    },
    at: now,
  }
}
