import type { StandardSchemaV1, WorkflowDefinition } from '../workflow/index.ts'
import type { AgentOptions, AgentTools } from './options.ts'
import type { Rules } from './policy.ts'
import type { ToolDefinition } from './tool.ts'

type Options = AgentOptions<unknown, AgentTools, StandardSchemaV1 | undefined, StandardSchemaV1 | undefined>

/** What the loop reads of an agent. It is a workflow's definition too, so that it starts and runs wherever one does. */
export interface AgentDefinition extends Omit<WorkflowDefinition, 'kind'> {
  readonly kind: 'agent'
  readonly options: Options
  readonly tools: ReadonlyMap<string, ToolDefinition>
  readonly rules: Rules | undefined
}

/** Identifies an agent across two copies of the package. */
export const agentMarker: unique symbol = Symbol.for('spanwise.agent') as never

export function agentDefinitionOf(made: unknown): AgentDefinition | undefined {
  return typeof made === 'function' ? (made as { [agentMarker]?: AgentDefinition })[agentMarker] : undefined
}
