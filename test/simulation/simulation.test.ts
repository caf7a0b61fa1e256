import { expect, it } from 'vitest'
import { campaign } from './campaign.ts'

const from = Number(process.env['SIMULATION_FROM'] ?? 1)
const seeds = Number(process.env['SIMULATION_SEEDS'] ?? 3_000)

it(`keeps every promise in ${seeds} schedules from seed ${from}`, { timeout: 900_000 }, async () => {
  let played = 0
  const wrong: string[] = []
  await campaign({
    from,
    seeds,
    workers: 2,
    each: (one) => {
      played++
      const repeat = `repeat it: npm run simulate -- --from ${one.seed} --seeds 1 --story`
      if (one.wrong.length > 0) wrong.push(`seed ${one.seed}: ${one.wrong.join('; ')}`, repeat)
      return wrong.length === 0
    },
  })
  expect(wrong).toEqual([])
  expect(played).toBe(seeds)
})
