import { expect, it } from 'vitest'
import { generate } from './generate.ts'
import { simulate } from './simulate.ts'

const from = Number(process.env['SIMULATION_FROM'] ?? 1)
const seeds = Number(process.env['SIMULATION_SEEDS'] ?? 250)

it(`keeps every promise in ${seeds} schedules from seed ${from}`, { timeout: 600_000 }, async () => {
  for (let seed = from; seed < from + seeds; seed++) {
    const { wrong } = await simulate(generate(seed))
    expect(wrong, `repeat it: npm run simulate -- --from ${seed} --seeds 1 --story`).toEqual([])
  }
})
