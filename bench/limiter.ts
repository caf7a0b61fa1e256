// What it costs to wait: the same step with and without a limit, with more and more runs waiting for its places.
// npm run limiter -w bench [-- 1000 10000 100000 | --quick]
import { spanwise, step, workflow } from 'spanwise'

const given = process.argv.slice(2)
const sizes = given.includes('--quick') ? [1_000] : given.map(Number)

// what is compiled first is slow
await perRun(300, true)
for (const size of sizes.length > 0 ? sizes : [1_000, 10_000]) {
  const free = await perRun(size, false)
  const limited = await perRun(size, true)
  const by = (limited / free).toFixed(2)
  console.log(
    `${size} runs: ${free.toFixed(1)} µs a run without a limit, ${limited.toFixed(1)} µs with all waiting for 16 places (x ${by})`,
  )
}

/** µs from when the first may begin until the last has ended, for each run. */
async function perRun(size: number, limited: boolean): Promise<number> {
  const gate = Promise.withResolvers<void>()
  const work = step('work', limited ? { concurrency: 16 } : {}, async (n: number) => {
    await gate.promise
    return n
  })
  const flow = workflow('flow', async (n: number) => work(n))
  const options = { store: 'memory:', workflows: [flow], capacity: size * 2, linger: '1h' } as const
  await using app = await spanwise(options)
  const runs = await Promise.all(Array.from({ length: size }, (_, n) => app.start(flow, n, { tenant: `t${n % 100}` })))
  const started = performance.now()
  gate.resolve()
  await Promise.all(runs.map((run) => run.result()))
  return ((performance.now() - started) * 1_000) / size
}
