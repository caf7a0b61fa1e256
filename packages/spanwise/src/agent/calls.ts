import type { JSONValue, ToolResultPart } from 'ai'
import { isSpanwiseError } from '../journal/index.ts'
import { frames, type Scope } from '../workflow/index.ts'
import { callApproved, costOf, type Refused } from './approve.ts'
import type { AgentDefinition } from './definition.ts'
import { asPinned } from './pinned.ts'
import type { Judged, ToolRequest } from './policy.ts'
import type { State } from './state.ts'
import type { ToolDefinition } from './tool.ts'
import type { WantedCall } from './turn.ts'
import { isTrusted, marked, tainted } from './untrusted.ts'

type ToolResultOutput = ToolResultPart['output']

/** What came of a call, for the model and for what the agent goes on with. */
export interface Called {
  readonly part: ToolResultPart
  /** what it returned, as text; undefined where it was not made */
  readonly text: string | undefined
  readonly trusted: boolean
  /** of a remote tool that has changed: the one that somebody vouches for now */
  readonly version?: string | undefined
}

/** Makes one call, if it may be made. What a tool fails with is told to the model, but for what nobody can go on from. */
export async function makeCall(
  speaker: AgentDefinition,
  call: WantedCall,
  state: State,
  scope: Scope,
): Promise<Called> {
  const known = speaker.tools.get(call.tool)
  if (call.invalid !== undefined || known === undefined)
    return untold(call, call.invalid ?? `There is no tool "${call.tool}".`)
  let version: string | undefined
  const tool = asPinned(known, state.versions ?? {}, (now) => {
    version = now
  })
  const request: ToolRequest = {
    agent: speaker.name,
    tool: call.tool,
    args: call.args,
    cost: costOf(tool, call.args),
    tenant: scope.execution.run.tenant,
    untrusted: state.untrusted,
  }
  const judged = judge(speaker, tool, request, state)
  if (judged.verdict === 'refuse') return untold(call, `This call was refused: ${judged.why}.`)
  try {
    const given = { id: call.id, messages: state.messages }
    const done: { readonly value: unknown } | Refused =
      judged.verdict === 'ask'
        ? await callApproved(tool, request, given, scope, judged, speaker.rules)
        : { value: await frames.run(scope, () => tool.call(call.args, { ...given, check: undefined })) }
    if ('refused' in done) return untold(call, `This call was not made: ${done.refused}.`)
    return { ...(await told(tool, call, done.value)), version }
  } catch (error) {
    if (isFatal(error)) throw error
    const why = textOf(error)
    const trusted = isTrusted(tool)
    // what it failed with may have been written by whoever it read from
    return { ...untold(call, trusted ? why : marked(tool.name, why)), text: why, trusted, version }
  }
}

/** What is stricter wins: a refusal, then a question. */
function judge(speaker: AgentDefinition, tool: ToolDefinition, request: ToolRequest, state: State): Judged {
  const { trusted = [], afterUntrusted = 'allow' } = tool.options
  const path = tainted(trusted, request.args, state)
  const sources = state.untrusted.join(', ')
  if (path !== undefined)
    return {
      verdict: 'refuse',
      why: `"${path}" has to come from a person or a trusted tool, and ${sources} cannot vouch for it`,
    }
  const after = state.untrusted.length > 0 ? afterUntrusted : 'allow'
  if (after === 'refuse') return { verdict: 'refuse', why: `it may not be made after reading what ${sources} returned` }
  const judged = speaker.rules?.judge(request) ?? { verdict: 'allow' }
  if (judged.verdict !== 'allow' || after === 'allow') return judged
  return { verdict: 'ask', question: undefined, people: speaker.rules?.people ?? {} }
}

/** Errors that are about the run, or about what nobody knows: a model could only make it worse. */
function isFatal(error: unknown): boolean {
  return isSpanwiseError(error) && fatal.has(error.code)
}

const fatal = new Set([
  'AGENT_INVALID',
  'BUDGET_EXCEEDED',
  'CANCELLED',
  'ERASED',
  'FAILED_ON_PURPOSE',
  'FORK_DRY',
  'INPUT_CHANGED',
  'MODEL_FAILED',
  'NOT_ADVANCING',
  'OUTCOME_UNKNOWN',
  'SCOPE_CLOSED',
  'SHAPE_CHANGED',
  'STEP_REDEFINED',
  'UNJOURNALED_WAIT',
])

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function told(tool: ToolDefinition, call: WantedCall, value: unknown): Promise<Called> {
  const text = typeof value === 'string' ? value : (JSON.stringify(plain(value)) ?? 'done')
  const trusted = isTrusted(tool)
  const output = await outputOf(tool, call, value, text, trusted)
  return { part: { type: 'tool-result', toolCallId: call.id, toolName: call.tool, output }, text, trusted }
}

async function outputOf(
  tool: ToolDefinition,
  call: WantedCall,
  value: unknown,
  text: string,
  trusted: boolean,
): Promise<ToolResultOutput> {
  if (tool.toModelOutput !== undefined) {
    const output = await tool.toModelOutput({ toolCallId: call.id, input: call.args, output: value as never })
    return trusted || output.type !== 'text' ? output : { ...output, value: marked(tool.name, output.value) }
  }
  if (!trusted) return { type: 'text', value: marked(tool.name, text) }
  if (typeof value === 'string' || value === undefined) return { type: 'text', value: text }
  return { type: 'json', value: plain(value) as JSONValue }
}

/** As a model can read it: dates as text, amounts as text, nothing that JSON has no word for. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (typeof one === 'bigint') return String(one)
    if (one instanceof Map) return Object.fromEntries(one)
    if (one instanceof Set) return [...one]
    return one
  })
  return text === undefined ? undefined : JSON.parse(text)
}

/** Told to the model in place of a result. */
export function untold(call: WantedCall, why: string): Called {
  return {
    part: { type: 'tool-result', toolCallId: call.id, toolName: call.tool, output: { type: 'error-text', value: why } },
    text: undefined,
    trusted: true,
  }
}
