import { describe, expect, it } from 'vitest'
import { campaign, type Played } from './campaign.ts'
import { type Mutant, mutants } from './mutants.ts'
import { mutated } from './plant.ts'

/** as many as are played without a bug */
const seeds = 3_000
/** hunts at the same time */
const lanes = 2

describe('the simulation finds a planted bug', { timeout: 900_000 }, () => {
  let found: ReadonlyMap<Mutant, Promise<Played | undefined>> | undefined
  it.for(mutants)('$name', async (mutant, { annotate }) => {
    // it is where it should be, once
    mutated(mutant)
    found ??= huntAll()
    const finder = await found.get(mutant)
    expect(finder, `not found in ${seeds} seeds`).toBeDefined()
    await annotate(`found by seed ${finder?.seed}: ${finder?.wrong[0]?.slice(0, 200)}`)
  })
})

/** One after the other in each lane, in the order of the tests. */
function huntAll(): ReadonlyMap<Mutant, Promise<Played | undefined>> {
  const free = Array.from({ length: lanes }, () => Promise.resolve<unknown>(undefined))
  return new Map(
    mutants.map((mutant, i) => {
      const hunted = (free[i % lanes] as Promise<unknown>).then(() => hunt(mutant))
      free[i % lanes] = hunted.catch(() => {})
      return [mutant, hunted]
    }),
  )
}

/** Plays until the first seed that finds it. */
async function hunt({ name, says = /./ }: Mutant): Promise<Played | undefined> {
  let finder: Played | undefined
  const each = (played: Played): boolean => {
    if (played.wrong.some((one) => says.test(one))) finder = played
    return finder === undefined
  }
  await campaign({ from: 1, seeds, workers: 1, mutant: name, each })
  return finder
}
