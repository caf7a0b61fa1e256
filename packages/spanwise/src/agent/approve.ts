import { hash } from 'node:crypto'
import { decode, encode, encodeCanonical, isSpanwiseError, SpanwiseError } from '../journal/index.ts'
import { type Approved, approval, frames, occurrence, openScope, type Scope } from '../workflow/index.ts'
import type { Judged, Rules, ToolRequest } from './policy.ts'
import type { ToolCallContext, ToolDefinition } from './tool.ts'
import { versionOf } from './tools.ts'

/** A call that somebody has said no to, or that may not be made at all: told to the model. */
export interface Refused {
  readonly refused: string
}

type Asked = Extract<Judged, { verdict: 'ask' }>
type Call = Pick<ToolCallContext, 'id' | 'messages'>

/**
 * Asks a person, and makes the call that was approved, and none but that: the approval is bound to a hash of tool, arguments, version
 * and price, which each attempt compares with what it is about to do. Where an operator has edited the arguments since, where the
 * approver may no longer approve, or where the approval was given in another run that this one is a fork of, somebody is asked anew.
 */
export async function callApproved(
  tool: ToolDefinition,
  request: ToolRequest,
  call: Call,
  scope: Scope,
  asked: Asked,
  rules: Pick<Rules, 'mayApprove'> | undefined,
): Promise<{ readonly value: unknown } | Refused> {
  const own = openScope(scope, occurrence(scope, tool.name))
  const asking = openScope(own, asksIn)
  const version = await versionOf(tool)
  let { args } = request
  for (;;) {
    const cost = costOf(tool, args)
    const bound = boundTo(tool, args, version, cost)
    const claim = { ...request, args, cost }
    const begun = scope.execution.current
    const question = asked.question ?? questionOf(claim)
    const answer = await frames.run(asking, () =>
      approval.ask(question, { ...asked.people, of: shown(claim, version, bound) }),
    )
    if (answer.status !== 'approved') return { refused: said(answer) }
    // of several, some may have decided before the fork
    if (isHistory(own, answer.votes === undefined ? scope.execution.current : begun)) continue
    const check = async (value: unknown): Promise<void> => {
      if (boundTo(tool, value, version, costOf(tool, value)) !== bound)
        throw notApproved(tool.name, { edited: encode(value, `arguments of "${tool.name}"`) })
      if (rules?.mayApprove === undefined) return
      for (const who of believed(answer, asked.people.role))
        if (!(await rules.mayApprove({ ...who, tenant: request.tenant, request: claim })))
          throw notApproved(tool.name, who)
    }
    try {
      return { value: await frames.run(own, () => tool.call(args, { ...call, check })) }
    } catch (error) {
      if (!isSpanwiseError(error) || error.code !== 'TOOL_NOT_APPROVED') throw error
      const { edited } = error as { edited?: unknown }
      if (typeof edited === 'string') args = decode(edited)
    }
  }
}

/**
 * Who vouches for the call, each for the role that was asked of them: who approved, and who passed the question on to them, because
 * their word is worth no more than the right to give it away.
 */
function believed(
  answer: Pick<Approved<unknown>, 'by' | 'votes' | 'delegations'>,
  role: string | undefined,
): { readonly by: string; readonly role: string | undefined }[] {
  return (answer.votes ?? [answer]).flatMap(({ by, delegations = [] }) => {
    const asked = [role, ...delegations.map(({ to }) => to)]
    return [...delegations.map((one) => one.by), by].map((who, n) => ({ by: who, role: asked[n] }))
  })
}

/** Where the questions of a call are, and the reminders: apart from what it does. */
const asksIn = 'approve'

/** What whoever decides is shown. */
function shown({ agent, tool, args, cost, untrusted }: ToolRequest, version: string, bound: string) {
  return { agent, tool, args, cost, version, bound, ...(untrusted.length > 0 ? { untrusted } : {}) }
}

/** What an approval stands for. */
function boundTo({ name }: ToolDefinition, args: unknown, version: string, cost: number): string {
  return hash('sha256', encodeCanonical({ tool: name, args, version, cost }, `arguments of "${name}"`), 'hex')
}

export function costOf({ options: { cost } }: ToolDefinition, args: unknown): number {
  return typeof cost === 'function' ? cost(args as never) : (cost ?? 0)
}

function questionOf({ agent, tool, args, cost }: ToolRequest): string {
  const given = JSON.stringify(args) ?? ''
  const price = cost === 0 ? '' : ` for $${cost}`
  return `Agent ${agent} wants to call ${tool}${price} with ${given.length > 200 ? `${given.slice(0, 200)}…` : given}`
}

function said(answer: Exclude<Awaited<ReturnType<typeof approval.ask>>, { status: 'approved' }>): string {
  if (answer.status === 'expired') return 'nobody approved it in time'
  return answer.reason === undefined ? 'somebody decided against it' : `somebody decided against it: ${answer.reason}`
}

function notApproved(tool: string, facts: { readonly edited: string } | { readonly by: string }): SpanwiseError {
  const why =
    'by' in facts ? `${facts.by} may not approve it any more` : 'its arguments are not those that were approved'
  const error = new SpanwiseError({
    code: 'TOOL_NOT_APPROVED',
    message: `The call of "${tool}" was not made: ${why}.`,
    hint: 'It is asked for anew: see spanwise approvals.',
  })
  return Object.assign(error, 'by' in facts ? { by: facts.by } : facts)
}

/**
 * Called in the window that the decision was delivered in: whether it was made in the run that this one is a fork of, for a call that
 * had not been made there. What is taken over of another run is history, not authority.
 */
function isHistory({ execution, prefix }: Scope, decided: number): boolean {
  const fork = execution.recorded.forked.findLast(({ index }) => index > decided)
  if (fork === undefined) return false
  for (const [key, { outcome }] of execution.recorded.operations) {
    const isMade =
      key.startsWith(prefix) && !key.startsWith(`${prefix}${asksIn}/`) && outcome?.kind !== 'approval.decided'
    if (isMade && outcome !== undefined && outcome.index < fork.index) return false
  }
  return true
}
