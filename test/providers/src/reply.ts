import type { Answer } from './answer.ts'
import type { Fault } from './fault.ts'
import { nothing, type Usage } from './ledger.ts'
import type { ModelRequest } from './request.ts'
import { countTokens, inputTokens } from './tokens.ts'

/** An answer with all that the wire formats need. */
export interface Reply {
  readonly id: string
  readonly model: string
  /** seconds */
  readonly created: number
  readonly text: string
  readonly calls: readonly { readonly id: string; readonly name: string; readonly json: string }[]
  readonly finish: 'stop' | 'length' | 'tool' | 'filter'
  readonly usage: Usage
  /** what the response says was used */
  readonly reported: Usage | undefined
  readonly streamUsage: boolean
}

/** An event of a stream; `chunk` where it carries a piece of the answer. */
export interface StreamEvent {
  readonly event?: string
  readonly data: unknown
  readonly chunk?: boolean
}

/** How an API writes replies. */
export interface Wire {
  whole(reply: Reply): unknown
  stream(reply: Reply): Iterable<StreamEvent>
  /** after the last event */
  readonly end?: string
  streamError(): StreamEvent
}

export function replyTo(request: ModelRequest, answer: Answer, fault: Fault | undefined, id: string): Reply {
  const all = answer.text ?? ''
  const cut = fault?.kind === 'filter' ? all.slice(0, Math.ceil(all.length / 2)) : all
  const allowed = request.maxTokens === undefined ? cut : cut.slice(0, request.maxTokens * 4)
  const calls = (answer.calls ?? []).map(({ name, input }, n) => ({
    id: `call_${id}_${n}`,
    name,
    json: JSON.stringify(input),
  }))
  const reasoning = answer.reasoningTokens ?? 0
  const usage: Usage = {
    input: inputTokens(request),
    cached: answer.cachedTokens ?? 0,
    cacheWrite: answer.cacheWriteTokens ?? 0,
    output: reasoning + countTokens(allowed) + calls.reduce((sum, call) => sum + 4 + countTokens(call.json), 0),
    reasoning,
  }
  return {
    id,
    model: fault?.kind === 'model' ? fault.model : request.model,
    created: Math.floor(Date.now() / 1000),
    text: allowed,
    calls,
    finish:
      fault?.kind === 'filter' ? 'filter' : allowed.length < cut.length ? 'length' : calls.length ? 'tool' : 'stop',
    usage,
    reported: reported(usage, fault),
    streamUsage: request.streamUsage,
  }
}

function reported(usage: Usage, fault: Fault | undefined): Usage | undefined {
  if (fault?.kind !== 'usage') return usage
  if (fault.report === 'missing') return undefined
  return fault.report === 'zero' ? nothing : { ...usage, input: usage.input * 2, output: usage.output * 2 }
}

/** Words, as models stream them. */
export function pieces(text: string): readonly string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? (text ? [text] : [])
}
