import type { LanguageModel, ModelMessage, ToolSet } from 'ai'
import type { Filled, Prompt } from '../models/index.ts'
import type { Duration, StandardSchemaV1, Startable, Step, Workflow } from '../workflow/index.ts'
import type { AgentMemory } from './memory/memory.ts'
import type { ApprovalRules, Policy } from './policy.ts'

/** An agent starts, runs and composes wherever a workflow does; called in one, it is a scope of that run. */
export interface Agent<in I, out O> extends Startable<I, O> {
  readonly kind: 'agent'
  (input: I): Promise<O>
}

/** What an agent may use: tools of the AI SDK, our steps with their effects and limits, other agents, workflows as children. */
export type AgentTool = ToolSet[string] | Step<never, unknown> | Agent<never, unknown> | Workflow<never, unknown>
export type AgentTools = Readonly<Record<string, AgentTool>>

/** What is to be known of a tool beside what it says itself. */
export interface ToolOptions {
  /** what an approval of a call is bound to beside its arguments: raise it when the tool comes to mean something else */
  readonly version?: string
  /** USD that a call costs or moves, for policies and for whoever approves */
  readonly cost?: number | ((args: never) => number)
  /**
   * Whether what it returns may tell the model what to do. What tools return is `'untrusted'` unless said otherwise: it is marked as
   * such for the model, and counts as read for what `afterUntrusted` and policies say.
   */
  readonly result?: 'trusted' | 'untrusted'
  /** arguments (`to`, `order.id`) whose values have to stand in what a person or a trusted tool said */
  readonly trusted?: readonly string[]
  /** what happens to a call of it once something untrusted was read; `'allow'` */
  readonly afterUntrusted?: 'allow' | 'ask' | 'refuse'
}

export type OnLimit = 'fail' | 'finish' | { readonly ask: { readonly role?: string; readonly timeout?: Duration } }

export interface CompactOptions {
  /** tokens of the conversation, estimated as a quarter of its letters, above which it is made shorter */
  readonly above: number
  /** how many of the latest messages stay as they are, and some more where a call would be parted from its result; 6 */
  readonly keep?: number
  /**
   * `'summary'` (default): the model sums up what was said before. `'cut'`: results of tools before that are left out. Or a function of
   * the messages before that, which has to answer the same for the same ones
   */
  readonly by?: 'summary' | 'cut' | ((messages: readonly ModelMessage[]) => readonly ModelMessage[])
}

interface AgentCommon<I, Tools extends AgentTools> {
  /** `models('smart')`: a model of the gateway, which records its calls */
  readonly model: LanguageModel
  /** Asks for its turns as streams, so that `run.stream()` tells what it says while it says it; false. What is recorded is the same. */
  readonly stream?: boolean
  /** who it is and what it is to do */
  readonly instructions?: string | Prompt<never> | ((input: I) => string | Filled)
  /** the first message, where the input is not simply one: a text, or a conversation so far */
  readonly prompt?: (input: I) => string | readonly ModelMessage[]
  /** what it is good for: shown to agents that have it as a tool or may hand over to it */
  readonly description?: string
  readonly tools?: Tools
  readonly toolOptions?: { readonly [K in keyof Tools]?: ToolOptions }
  /** agents that it may hand the conversation over to; they answer in its place. A function where two name each other */
  readonly handoffs?: readonly Agent<never, unknown>[] | (() => readonly Agent<never, unknown>[])
  /** which calls need a person, and which are refused: a function, or CEL text that is true where a person is asked */
  readonly approve?: Policy | ApprovalRules
  /**
   * What its model calls may use, with those of all that it calls: `'$0.50'`, `'200k tokens'`, a share of the budget around it
   * (`'25%'`), or several
   */
  readonly budget?: string | readonly string[]
  /** model calls; 20 */
  readonly maxTurns?: number
  /** tool calls, also those of one turn together */
  readonly maxToolCalls?: number
  /** from its beginning to its end, waiting included */
  readonly timeout?: Duration
  /** `'fail'` (default): AGENT_LIMIT. `'finish'`: one more turn without tools, to answer with what is there. `ask`: as much again, if a person agrees */
  readonly onLimit?: OnLimit
  /** how often the same calls with the same results, or the same two agents handing over to each other, are too often; 3 */
  readonly repeats?: number
  /** what is near to the input is recalled from it before the first turn; take its `tools` to let the model use it */
  readonly memory?: AgentMemory
  /** which conversation it is: what was said in it in earlier runs comes first, and what is said now is kept */
  readonly thread?: (input: I) => string | undefined
  /** what happens to a conversation that becomes too long; nothing by default */
  readonly compact?: CompactOptions
  /** tokens that an answer may have */
  readonly maxOutputTokens?: number
  readonly temperature?: number
  /** as a run of its own: ends as `failed` when it is not done by then */
  readonly deadline?: Duration
}

export type AgentOptions<
  I,
  Tools extends AgentTools,
  SI extends StandardSchemaV1 | undefined,
  SO extends StandardSchemaV1 | undefined,
> = AgentCommon<I, Tools> & { readonly input?: SI; readonly output?: SO }
