import type { Clock } from '../engine/index.ts'
import type { Store } from '../journal/index.ts'
import type { Duration, Log } from '../workflow/index.ts'
import { needsFile, type RetentionRule, readRules, retain, youngDecisions } from './retention.ts'

/** Lets old runs go in the background of the process that works, in steps that nobody waits for. */
export interface Retainer {
  readonly settled: boolean
  close(): Promise<void>
  kill(): void
}

/** after the app has opened, and then again and again, ms */
const first = 60_000
const every = 15 * 60_000

export function createRetainer(
  store: Store,
  clock: Clock,
  log: Log,
  rules: readonly RetentionRule[],
  keepDecisions?: Duration | false,
): Retainer {
  const actions = (['archive', 'delete'] as const)
    .map((action) => ({ action, rules: readRules(rules, action) }))
    .filter((one) => one.rules.length > 0)
  if (store.info.path === undefined && actions.some(({ action }) => action === 'archive')) throw needsFile()
  let closing = false
  let walking: Promise<void> | undefined
  let cancel: (() => void) | undefined

  const arm = (after: number): void => {
    if (!closing && actions.length > 0) cancel = clock.at(clock.now() + after, begin)
  }
  const begin = (): void => {
    walking = walk()
      .catch((error: unknown) => {
        if (!closing) log.error('old runs could not be let go; trying again later', { error })
      })
      .finally(() => {
        walking = undefined
        arm(every)
      })
  }
  const walk = async (): Promise<void> => {
    for (const one of actions) {
      let count = 0
      for (let after: number | undefined = 0; after !== undefined && !closing; ) {
        const step = await retain(store, {
          ...one,
          now: clock.now(),
          decisionsSince: youngDecisions(clock.now(), keepDecisions),
          after,
          dryRun: false,
        })
        count += step.done
        after = step.after
      }
      if (count > 0) log.info(`old runs are ${one.action === 'archive' ? 'archived' : 'deleted'}`, { runs: count })
    }
  }
  arm(first)
  const end = (): void => {
    closing = true
    cancel?.()
  }
  return {
    get settled() {
      return walking === undefined
    },
    async close() {
      end()
      await walking
    },
    kill: end,
  }
}
