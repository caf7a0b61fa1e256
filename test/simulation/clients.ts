import type { App } from '../../packages/spanwise/src/app/index.ts'
import { Injected, type World } from './world.ts'

/** longer than any fault lasts */
const mostTries = 200

/**
 * Asks the app that is up. A patient client asks again when the process dies or the store fails, as one that does not know whether it
 * was heard; an impatient one leaves it at that.
 * @returns undefined when an impatient client got no answer
 */
export async function ask<T>(world: World, call: (app: App) => Promise<T>, patient = true): Promise<T | undefined> {
  for (let i = 0; i < mostTries; i++) {
    const { process } = world
    if (process?.open === true && process.worker !== undefined) {
      const answer = await Promise.race([
        call(process.worker.app).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        ),
        process.dead.then(() => undefined),
      ])
      if (answer !== undefined && 'value' in answer) return answer.value
      if (answer !== undefined && !isPassing(answer.error)) throw answer.error
    }
    if (!patient) return undefined
    await world.timeline.wait(5 + world.roll.whole(20))
  }
  throw new Error('a patient client was never answered')
}

function isPassing(error: unknown): boolean {
  return error instanceof Injected || codeOf(error) === 'APP_CLOSED'
}

export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code
}
