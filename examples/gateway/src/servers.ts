import { startProvider } from 'loopback-provider'

/** Two servers on this machine that speak the providers' protocols. The first one is a bad day: overload, limits, streams that break. */
export async function badDay() {
  const openai = await startProvider({
    pace: { firstToken: 30, perChunk: 1 },
    faults: ({ n }) => {
      if (n % 7 === 3) return { kind: 'status', status: 429, retryAfter: 1 }
      if (n % 5 === 2) return { kind: 'status', status: 503 }
      if (n % 11 === 4) return { kind: 'truncated', after: 5 }
      return undefined
    },
  })
  const anthropic = await startProvider({ pace: { firstToken: 50, perChunk: 1 } })
  return {
    openai: openai.baseURL,
    anthropic: anthropic.baseURL,
    requests: () => openai.ledger.served.length + anthropic.ledger.served.length,
    close: async () => {
      await Promise.all([openai.close(), anthropic.close()])
    },
  }
}
