import { SpanwiseError } from '../journal/index.ts'

/** How many apps of this process are working: while one is, a step without a run is a lost context, not a unit test. */
interface Working {
  apps: number
}

const slot = Symbol.for('spanwise.working')
const home = globalThis as { [slot]?: Working }
home[slot] ??= { apps: 0 }
const working: Working = home[slot]

export function appOpened(): void {
  working.apps++
}

export function appClosed(): void {
  working.apps--
}

/** A rejected promise when a step must not run here; undefined when it is an ordinary call. */
export function outsideRun(step: string): Promise<never> | undefined {
  if (working.apps === 0) return undefined
  return Promise.reject(
    new SpanwiseError({
      code: 'STEP_OUTSIDE_RUN',
      message: `Step "${step}" was called with no run around it while an app is working: its context was lost (a queue, an event emitter, a loader), and it would not be recorded.`,
      hint: `Call it from the workflow's own async code, or say ${step}.direct(input) if it is not part of a run.`,
      step,
    }),
  )
}
