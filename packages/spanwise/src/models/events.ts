import type { CallFailure } from './failure.ts'

/** What happens in a gateway that somebody may want to know of. Not history: what came of a call is in its record. */
export type GatewayEvent =
  | {
      readonly type: 'failed'
      readonly alias: string
      readonly provider: string
      readonly model: string
      readonly failure: CallFailure
      readonly error: unknown
    }
  | {
      readonly type: 'breaker'
      readonly alias: string
      readonly provider: string
      readonly model: string
      readonly state: 'open' | 'closed'
    }
  /** another model answers under a name that had not changed */
  | {
      readonly type: 'model changed'
      readonly alias: string
      readonly provider: string
      readonly model: string
      readonly before: string
      readonly after: string
      /** whose call noticed it, and has it on record; undefined outside of runs */
      readonly run: string | undefined
    }
  | { readonly type: 'hedged'; readonly alias: string; readonly provider: string; readonly model: string }
  | {
      readonly type: 'budget'
      readonly budget: string
      readonly state: 'threshold' | 'exceeded' | 'overrun'
      /** of the limit */
      readonly share: number
    }
  | { readonly type: 'unavailable'; readonly alias: string; readonly until: number }
