import type { ForkOptions } from './fork.ts'
import { startProvider } from './server.ts'
import { volatileHour } from './trace.ts'

// Run by `forkProvider`, or by hand: `node test/providers/src/main.ts '{"pace":{"perChunk":20}}'`.
const { trace, ...options } = JSON.parse(process.argv[2] ?? '{}') as ForkOptions
const hour = trace && volatileHour(trace.seed, trace.providers)
const server = await startProvider({
  ...options,
  ...(hour ? { faults: ({ n, at }) => hour.fault(trace.provider, at, n) } : {}),
})

if (process.send) {
  process.send(server.baseURL)
  process.on('message', () => {
    const { calls, open, inputTokens, outputTokens } = server.ledger
    process.send?.({ calls, open, inputTokens, outputTokens })
  })
  process.on('disconnect', () => process.exit())
} else console.log(server.baseURL)
