import { createLimiter, systemClock } from '../engine/index.ts'
import type { ModelHome } from '../workflow/index.ts'

let warned = false

/** Where no app is open, calls go through and are recorded nowhere: told once, because that is rarely meant. */
export function standaloneHome(alias: string): ModelHome {
  if (!warned) {
    warned = true
    process.emitWarning(
      `A model ("${alias}") was called with no app open: the call is not recorded, and budgets are counted in this process only.`,
      { type: 'SpanwiseWarning' },
    )
  }
  return home
}

const home: ModelHome = {
  store: undefined,
  worker: '',
  clock: systemClock,
  random: Math.random,
  log: console,
  limiter: createLimiter({ clock: systemClock }),
}
