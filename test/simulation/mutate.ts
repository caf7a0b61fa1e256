import { registerHooks } from 'node:module'
import { mutants } from './mutants.ts'
import { mutated, sourceOf } from './plant.ts'

/**
 * Preloaded (`--import`) by a process that is to run with a planted bug: rewrites one line of one module as it is loaded. What
 * ships knows nothing of it.
 */
const name = process.env['SIMULATION_MUTANT']
const mutant = mutants.find((one) => one.name === name)
if (mutant === undefined) throw new Error(`there is no mutant “${name}”`)
const target = sourceOf(mutant).href

registerHooks({
  load: (url, context, next) =>
    url === target ? { ...next(url, context), source: mutated(mutant) } : next(url, context),
})
