import { parseArgs } from 'node:util'
import { crowd, faultsOf } from './crowd.ts'

// npm run budgets -- --seeds 100 --from 1
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' } },
})
const from = Number(values.from)
let bad = 0
let lost = 0
let most = 0
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const one = await crowd(seed)
  const faults = faultsOf(one)
  if (faults.length > 0) {
    bad++
    console.log(`seed ${seed}: ${faults.join('; ')}`)
  }
  lost += one.unconfirmed
  most = Math.max(most, one.spent / one.limit)
}
console.log(
  `${values.seeds} runs of 1000 calls at once, with crashes: ${bad} over budget or wrong; at most ${(most * 100).toFixed(2)} % of a limit spent, ${lost} calls unconfirmed`,
)
process.exitCode = bad > 0 ? 1 : 0
