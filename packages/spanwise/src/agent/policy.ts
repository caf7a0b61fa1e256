import type { Duration } from '../workflow/index.ts'

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

/** Has to say the same for the same call: it is asked again when a run is replayed. */
export type Policy = (request: ToolRequest) => Verdict

/** Somebody who approved, and what. */
export interface ApproverClaim {
  readonly by: string
  readonly role: string | undefined
  readonly tenant: string
  readonly request: ToolRequest
}

export interface ApprovalRules {
  readonly when: Policy
  /** who decides where the policy names nobody */
  readonly role?: string
  /** silence until then is a refusal */
  readonly timeout?: Duration
  /** whether who approved may still do so: asked again right before each attempt of the call */
  readonly mayApprove?: (claim: ApproverClaim) => boolean | Promise<boolean>
}

export interface Rules {
  readonly judge: (request: ToolRequest) => Judged
  readonly role: string | undefined
  readonly timeout: Duration | undefined
  readonly mayApprove: ApprovalRules['mayApprove']
}

export type Judged =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'refuse'; readonly why: string }
  | {
      readonly verdict: 'ask'
      readonly question: string | undefined
      readonly role: string | undefined
      readonly timeout: Duration | undefined
    }

export function readRules(given: Policy | ApprovalRules | undefined): Rules | undefined {
  if (given === undefined) return undefined
  const rules: ApprovalRules = typeof given === 'function' ? { when: given } : given
  const { role, timeout, mayApprove } = rules
  return { judge: (request) => judged(rules.when(request), rules), role, timeout, mayApprove }
}

function judged(verdict: Verdict, { role, timeout }: ApprovalRules): Judged {
  if (verdict === false || verdict === 'allow') return { verdict: 'allow' }
  if (verdict === 'refuse') return { verdict, why: 'the policy forbids it' }
  if (verdict === true || verdict === 'ask') return { verdict: 'ask', question: undefined, role, timeout }
  if ('refuse' in verdict) return { verdict: 'refuse', why: verdict.refuse }
  const { ask } = verdict
  return { verdict: 'ask', question: ask.question, role: ask.role ?? role, timeout: ask.timeout ?? timeout }
}
