import { systemClock } from '../engine/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'
import type { SpanwiseOptions } from './options.ts'
import { openWorker } from './worker.ts'

export interface Advanced {
  /** nothing is left to do now; false: the time was up first, and another call goes on */
  readonly idle: boolean
  /** when something is due next; undefined when only people, signals or starts move anything */
  readonly wakeAt: Date | undefined
}

/** how often it is looked whether everything rests, ms */
const glance = 10

/**
 * Works for a moment: takes up whatever is due, goes on until nothing is or the time is up, gives everything back and closes. For
 * places where no process stays: a serverless function, a cron job, a test of a deployment.
 *
 * Steps that are under way when the time is up have the app's `grace` to end; what does not end is done again by the next call,
 * so leave room for `grace` below the limit of the platform. The file has one worker: while another one has it, this throws
 * STORE_OWNED.
 * @example const { idle, wakeAt } = await advance({ store: 'sqlite:/mnt/data/app.db', workflows }, { for: '20s' })
 */
export async function advance(options: SpanwiseOptions, limits: { readonly for: Duration }): Promise<Advanced> {
  const time = milliseconds(limits.for, 'for')
  const clock = options.clock ?? systemClock
  const end = performance.now() + time
  // a run that only waits is written down at once: nobody comes back to its memory
  const worker = await openWorker({ ...options, linger: options.linger ?? 0 })
  try {
    let isIdle = false
    do {
      await new Promise((resolve) => setTimeout(resolve, glance))
      const { settled, inFlight } = worker.activity()
      if (!settled || inFlight.length > 0) continue
      const due = await worker.due()
      isIdle = due === undefined || due > clock.now()
    } while (!isIdle && performance.now() < end)
    const due = await worker.due()
    return { idle: isIdle, wakeAt: due === undefined ? undefined : new Date(due) }
  } finally {
    await worker.app.close()
  }
}
