import type { Played, Share } from './campaign.ts'
import { generate } from './generate.ts'
import { simulate } from './simulate.ts'

/** A process of its own that plays every so many-th seed and tells how each went. */
// whoever asked is gone
process.on('disconnect', () => process.exit())
const { from, until, step } = JSON.parse(process.argv[2] as string) as Share
for (let seed = from; seed < until; seed += step) {
  const { wrong, executions, entries, operations, processes } = await simulate(generate(seed))
  const played: Played = { seed, wrong: wrong.slice(0, 5), executions, entries, operations, processes }
  await new Promise((resolve) => process.send?.(played, resolve))
}
process.disconnect?.()
