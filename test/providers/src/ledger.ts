import type { Fault } from './fault.ts'
import type { ModelRequest } from './request.ts'

/** One request as the provider saw it. */
export interface Served {
  readonly n: number
  /** ms since the server started, in its own (scaled) time */
  readonly at: number
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly request?: ModelRequest
  readonly fault?: Fault
  status: number
  /** what the provider bills: also where it did not come to a response, as providers do */
  billed: Usage
  outcome: 'open' | 'complete' | 'refused' | 'broken' | 'left by the client'
  /** in (scaled) ms */
  took: number
}

export interface Usage {
  readonly input: number
  readonly cached: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

export const nothing: Usage = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 }

/** All requests, in the order of their coming. */
export interface Ledger {
  readonly served: readonly Served[]
  /** model calls, without listings of models */
  readonly calls: number
  readonly open: number
  readonly inputTokens: number
  readonly outputTokens: number
}
