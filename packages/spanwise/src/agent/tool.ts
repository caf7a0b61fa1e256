import type { ModelMessage, ToolSet } from 'ai'
import type { Remote } from './mcp/remote.ts'
import type { ToolOptions } from './options.ts'

/** What one call of a tool is given beside its arguments. */
export interface ToolCallContext {
  readonly id: string
  readonly messages: readonly ModelMessage[]
  /** asked by each attempt before its effect begins: throws where what the attempt would do was not approved */
  /** version of a remote tool that the run knows */
  readonly pinned?: string | undefined
  readonly check: ((args: unknown) => void | Promise<void>) | undefined
}

/** A tool of whatever sort, as the loop sees it. */
export interface ToolDefinition {
  readonly name: string
  readonly kind: 'function' | 'step' | 'agent' | 'workflow' | 'provider'
  /** as the model is told of it: never with an `execute`, because the loop calls it */
  readonly shown: ToolSet[string]
  readonly options: ToolOptions
  /** its definition is somebody else's */
  readonly remote: Remote | undefined
  /** calls it as an operation of the scope that this is called in */
  call(args: unknown, context: ToolCallContext): Promise<unknown>
  readonly toModelOutput: ToolSet[string]['toModelOutput']
}
