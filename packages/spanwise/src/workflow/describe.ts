import type { StandardSchemaV1 } from './schema.ts'

/** What is inside of a startable, as plain data for those who look at it. */
export interface Description {
  readonly graph?: GraphDrawing
  readonly agent?: AgentFacts
  /** of the result, where its driver does not check it but the startable itself does */
  readonly output?: StandardSchemaV1 | undefined
}

/** A graph laid out: who stands in which row, and what leads where. */
export interface GraphDrawing {
  readonly nodes: readonly {
    readonly name: string
    readonly kind: string /** done for each of some items */
    readonly many: boolean
  }[]
  readonly lines: readonly {
    readonly from: string
    readonly to: string
    readonly label: string
    readonly kind: 'edge' | 'error' | 'goto'
  }[]
  /** names, `start` and `end` among them, from the top down, each row from left to right */
  readonly rows: readonly (readonly string[])[]
  /** supersteps that it may take */
  readonly maxSteps: number
}

export interface AgentFacts {
  readonly model: string
  readonly description: string | undefined
  readonly tools: readonly { readonly name: string; readonly description: string | undefined }[]
  /** agents that it may hand the conversation over to */
  readonly handoffs: readonly string[]
  /** some of its calls wait for a person, or are refused */
  readonly hasRules: boolean
  readonly maxTurns: number
  readonly budgets: readonly string[]
}
