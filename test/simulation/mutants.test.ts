import { describe, expect, it } from 'vitest'
import { campaign, type Played } from './campaign.ts'
import { mutants } from './mutants.ts'
import { mutated } from './plant.ts'

/** as many as are played without a bug */
const seeds = 3_000

describe.concurrent('the simulation finds a planted bug', { timeout: 900_000 }, () => {
  it.for(mutants)('$name', async (mutant, { annotate }) => {
    // it is where it should be, once
    mutated(mutant)
    let found: Played | undefined
    await campaign({
      from: 1,
      seeds,
      workers: 1,
      mutant: mutant.name,
      each: (played) => {
        if (played.wrong.length > 0) found = played
        return found === undefined
      },
    })
    expect(found, `not found in ${seeds} seeds`).toBeDefined()
    await annotate(`found by seed ${found?.seed}: ${found?.wrong[0]?.slice(0, 200)}`)
  })
})
