import { SpanwiseError } from '../journal/index.ts'
import type { ModelHome } from './runtime/model-call.ts'

/** An app of this process that is working: while one is, a step without a run is a lost context, not a unit test. */
export interface OpenApp {
  readonly home: ModelHome
  /** the gateway that it was opened with */
  readonly owns: object | undefined
}

interface Working {
  readonly apps: Set<OpenApp>
}

const slot = Symbol.for('spanwise.working')
const home = globalThis as { [slot]?: Working }
home[slot] ??= { apps: new Set() }
const working: Working = home[slot]

export function appOpened(app: OpenApp): void {
  working.apps.add(app)
}

export function appClosed(app: OpenApp): void {
  working.apps.delete(app)
}

export function openApps(): readonly OpenApp[] {
  return [...working.apps]
}

/** A rejected promise when a step must not run here; undefined when it is an ordinary call. */
export function outsideRun(step: string): Promise<never> | undefined {
  if (working.apps.size === 0) return undefined
  return Promise.reject(
    new SpanwiseError({
      code: 'STEP_OUTSIDE_RUN',
      message: `Step "${step}" was called with no run around it while an app is working: its context was lost (a queue, an event emitter, a loader), and it would not be recorded.`,
      hint: `Call it from the workflow's own async code, or say ${step}.direct(input) if it is not part of a run.`,
      step,
    }),
  )
}
