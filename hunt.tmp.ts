import { campaign } from './test/simulation/campaign.ts'

const [, , name, seeds] = process.argv
let found: unknown
let n = 0
await campaign({
  from: 1,
  seeds: Number(seeds),
  workers: 1,
  mutant: name === '-' ? undefined : name,
  each: (p) => {
    n++
    if (p.wrong.length > 0) found = p
    return found === undefined
  },
})
console.log(name, n, JSON.stringify(found)?.slice(0, 400))
