import { compile } from '../graph/cel/index.ts'
import type { ApprovalOptions, Duration } from '../workflow/index.ts'

/** A tool call as policies judge it. */
export interface ToolRequest {
  readonly agent: string
  readonly tool: string
  readonly args: unknown
  /** USD, as `toolOptions` says; 0 where it says nothing */
  readonly cost: number
  readonly tenant: string
  /** where the agent has read untrusted content so far: names of tools */
  readonly untrusted: readonly string[]
}

/** `true` asks a person, `false` lets it through. A text says why it is refused, or what is asked. */
export type Verdict =
  | boolean
  | 'allow'
  | 'ask'
  | 'refuse'
  | { readonly refuse: string }
  | { readonly ask: { readonly question?: string; readonly role?: string; readonly timeout?: Duration } }

/**
 * A function, or CEL text over `agent`, `tool`, `args`, `cost`, `tenant` and `untrusted` that is true where a person is asked. It has to
 * say the same for the same call: it is asked again when a run is replayed.
 */
export type Policy = ((request: ToolRequest) => Verdict) | string

/** Somebody who approved, or who passed the question on to whoever did, and what. */
export interface ApproverClaim {
  readonly by: string
  /** that was asked of them */
  readonly role: string | undefined
  readonly tenant: string
  readonly request: ToolRequest
}

/** `role` and `timeout` hold where the policy names none; `needs`, `escalate` and `remind` are those of `approval`. */
export interface ApprovalRules extends Omit<ApprovalOptions, 'of'> {
  readonly when: Policy
  /** whether who approved may still do so: asked again right before each attempt of the call */
  readonly mayApprove?: (claim: ApproverClaim) => boolean | Promise<boolean>
}

export interface Rules {
  readonly judge: (request: ToolRequest) => Judged
  readonly people: Omit<ApprovalOptions, 'of'>
  readonly mayApprove: ApprovalRules['mayApprove']
}

export type Judged =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'refuse'; readonly why: string }
  | { readonly verdict: 'ask'; readonly question: string | undefined; readonly people: Omit<ApprovalOptions, 'of'> }

export function readRules(agent: string, given: Policy | ApprovalRules | undefined): Rules | undefined {
  if (given === undefined) return undefined
  const rules: ApprovalRules = typeof given === 'object' ? given : { when: given }
  const { when, mayApprove, ...people } = rules
  const asks = typeof when === 'string' ? expressed(agent, when) : when
  return { judge: (request) => judged(asks(request), people), people, mayApprove }
}

/** Checked where the agent is written: a misspelt name is no rule that never holds. */
function expressed(agent: string, text: string): (request: ToolRequest) => boolean {
  const expression = compile(text, variables, `approve of agent "${agent}"`, { type: 'boolean' })
  return (request) => expression.evaluate({ ...request }) === true
}

const string = { type: 'string' }
const variables = {
  agent: string,
  tool: string,
  args: true,
  cost: { type: 'number' },
  tenant: string,
  untrusted: { type: 'array', items: string },
}

function judged(verdict: Verdict, people: Rules['people']): Judged {
  if (verdict === false || verdict === 'allow') return { verdict: 'allow' }
  if (verdict === 'refuse') return { verdict, why: 'the policy forbids it' }
  if (verdict === true || verdict === 'ask') return { verdict: 'ask', question: undefined, people }
  if ('refuse' in verdict) return { verdict: 'refuse', why: verdict.refuse }
  const { question, ...others } = verdict.ask
  return { verdict: 'ask', question, people: { ...people, ...others } }
}
