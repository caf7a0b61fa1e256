import { checkPayloadSize, decode, encode, encodeCanonical } from '../journal/index.ts'
import { type Duration, milliseconds } from './duration.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { Delivered, Scope, Settlement } from './runtime/model.ts'
import { issuedIn } from './runtime/scope.ts'
import { parse, type StandardSchemaV1 } from './schema.ts'

export interface Approved<F = undefined> {
  readonly by: string
  readonly at: Date
  readonly form: F
  /** who, where several had to */
  readonly votes?: readonly Approved<F>[]
  /** who passed the question on before, oldest first */
  readonly delegations?: readonly Delegation[]
}

/** A question that was passed on: by whom, and which role is asked instead. */
export interface Delegation {
  readonly by: string
  readonly to: string
  readonly reason?: string
}

export type Decision<F = undefined> =
  | ({ readonly status: 'approved' } & Approved<F>)
  | { readonly status: 'rejected'; readonly by: string; readonly reason?: string }
  | { readonly status: 'expired' }

/** What came of one question: decided, or passed on. */
export type Answer = Decision<unknown> | ({ readonly status: 'delegated' } & Delegation)

export interface Question {
  readonly role?: string | undefined
  readonly timeout?: Duration | undefined
  readonly of?: unknown
  readonly form?: StandardSchemaV1 | undefined
  /** how often it was escalated */
  readonly stage?: number | undefined
}

/** Payload of `approval.requested`. */
export interface ApprovalRequest {
  readonly question: string
  readonly role: string | undefined
  readonly of: unknown
  readonly hasForm: boolean
  /** its JSON Schema, where it can be said as one */
  readonly form?: unknown
  readonly expiresAt: number | undefined
}

/** Payload of `approval.decided`, as the operator's answer was taken in. */
export interface ApprovalAnswer {
  readonly approve: boolean
  readonly by: string
  readonly reason?: string | undefined
  /** a role that is to decide in place of the one that was asked */
  readonly delegateTo?: string | undefined
  /** parsed by the form's schema */
  readonly form?: unknown
}

/** One question to one role: an operation, a row in the inbox, one answer. */
export function askOnce(scope: Scope, question: string, options: Question): Promise<Answer> {
  const { role, timeout, of, stage = 0 } = options
  const due = timeout === undefined ? undefined : issuedIn(scope).time + milliseconds(timeout, 'timeout')
  const form = jsonSchemaOf(options.form, 'input')
  const request: ApprovalRequest = {
    question,
    role,
    of,
    hasForm: options.form !== undefined,
    ...(form === undefined ? {} : { form }),
    expiresAt: due,
  }
  const payload = encode(request, 'approval')
  checkPayloadSize(payload, `What approval "${question.slice(0, 60)}" shows`)
  return scope.execution.issue<Answer>(scope, {
    kind: 'approval',
    name: 'approval',
    input: encodeCanonical({ question, role, timeout, of }, 'approval'),
    due,
    effect: { type: 'wait' },
    announce: (_, until) => ({
      kind: 'approval.requested',
      meta: { role: role ?? null, ...(stage === 0 ? {} : { stage }) },
      payload: until === due ? payload : encode({ ...request, expiresAt: until }, 'approval'),
    }),
    form: options.form,
    settle: settleApproval,
  })
}

function settleApproval(entry: Delivered): Settlement | undefined {
  if (entry.kind === 'timer.fired') return { ok: true, value: { status: 'expired' } satisfies Answer }
  if (entry.kind !== 'approval.decided') return undefined
  const answer = decode(entry.payload ?? 'null') as ApprovalAnswer
  const { by, reason, delegateTo } = answer
  const why = reason === undefined ? {} : { reason }
  if (delegateTo !== undefined)
    return { ok: true, value: { status: 'delegated', by, to: delegateTo, ...why } satisfies Answer }
  if (!answer.approve) return { ok: true, value: { status: 'rejected', by, ...why } satisfies Answer }
  return { ok: true, value: { status: 'approved', by, at: new Date(entry.at), form: answer.form } }
}

/** Validates a filled-in form. @throws INVALID_FORM */
export function parseForm(form: StandardSchemaV1 | undefined, value: unknown): Promise<unknown> {
  return parse(form, value, 'INVALID_FORM', 'The form')
}
