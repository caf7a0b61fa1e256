import type { Run, RunEvent, RunState } from '../app/index.ts'
import { isSpanwiseError, isTerminal } from '../journal/index.ts'

/** How a run stands when there is nothing more to follow: ended, or in need of attention. */
export interface Outcome {
  readonly state: RunState
  readonly result: unknown
}

/**
 * Calls back for every entry from an index on until the run ends or parks. Resolves with undefined when `stop` does first; ask
 * again from where it was.
 */
export async function follow(
  run: Run<unknown>,
  from: number,
  event: (event: RunEvent) => void,
  stop: Promise<unknown>,
): Promise<Outcome | undefined> {
  let next = from
  let stopped = false
  const take = (one: RunEvent): void => {
    if (stopped || one.index < next) return
    next = one.index + 1
    event(one)
  }
  const reading = (async () => {
    for await (const one of run.events({ from, follow: true })) {
      if (stopped) return
      take(one)
    }
  })()
  // whoever reads may fail where the app closes under it; what failed for a reason is told by the outcome
  reading.catch(() => {})
  const outcome = await Promise.race([outcomeOf(run), stop.then(() => undefined)])
  if (outcome === undefined) {
    stopped = true
    return undefined
  }
  // a parked run's reader waits for more: what there is by now is read beside it
  if (isTerminal(outcome.state.status)) await reading
  else for await (const one of run.events({ from: next })) take(one)
  stopped = true
  return outcome
}

async function outcomeOf(run: Run<unknown>): Promise<Outcome> {
  try {
    const result = await run.result()
    return { state: await run.status(), result }
  } catch (error) {
    const code = isSpanwiseError(error) ? error.code : undefined
    if (code !== 'RUN_FAILED' && code !== 'NEEDS_ATTENTION') throw error
    return { state: await run.status(), result: undefined }
  }
}
