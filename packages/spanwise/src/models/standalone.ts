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
  clock: {
    now: () => Date.now(),
    after(ms, then) {
      const timer = setTimeout(then, Math.min(ms, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  },
  random: Math.random,
  log: console,
}
