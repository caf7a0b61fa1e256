import { checkPayloadSize, decode, encode, encodeCanonical } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { type Duration, formatDuration, milliseconds } from './duration.ts'
import { ApprovalExpiredError, ApprovalRejectedError } from './errors.ts'
import type { Delivered, Settlement } from './runtime/model.ts'
import { issuedIn } from './runtime/scope.ts'
import { parse, type SchemaOutput, type StandardSchemaV1 } from './schema.ts'

export interface Approved<F = undefined> {
  readonly by: string
  readonly at: Date
  readonly form: F
}

export type Decision<F = undefined> =
  | ({ readonly status: 'approved' } & Approved<F>)
  | { readonly status: 'rejected'; readonly by: string; readonly reason?: string }
  | { readonly status: 'expired' }

interface ApprovalOptions {
  /** who may decide */
  readonly role?: string
  /** silence until then is a refusal */
  readonly timeout?: Duration
  /** what is decided on: shown to whoever decides */
  readonly of?: unknown
}

interface Ask<Kind extends 'approved' | 'decision'> {
  <S extends StandardSchemaV1>(
    question: string,
    options: ApprovalOptions & { readonly form: S },
  ): Promise<Kind extends 'approved' ? Approved<SchemaOutput<S>> : Decision<SchemaOutput<S>>>
  (
    question: string,
    options?: ApprovalOptions & { readonly form?: undefined },
  ): Promise<Kind extends 'approved' ? Approved : Decision>
}

/** Payload of `approval.requested`. */
export interface ApprovalRequest {
  readonly question: string
  readonly role: string | undefined
  readonly of: unknown
  readonly hasForm: boolean
  readonly expiresAt: number | undefined
}

/** Payload of `approval.decided`, as the operator's answer was taken in. */
export interface ApprovalAnswer {
  readonly approve: boolean
  readonly by: string
  readonly reason?: string | undefined
  /** parsed by the form's schema */
  readonly form?: unknown
}

async function decision(
  question: string,
  options: ApprovalOptions & { readonly form?: StandardSchemaV1 } = {},
): Promise<Decision<unknown>> {
  const scope = currentScope('approval()')
  const { role, timeout, of } = options
  const due = timeout === undefined ? undefined : issuedIn(scope).time + milliseconds(timeout, 'timeout')
  const request: ApprovalRequest = { question, role, of, hasForm: options.form !== undefined, expiresAt: due }
  const payload = encode(request, 'approval')
  checkPayloadSize(payload, `What approval "${question.slice(0, 60)}" shows`)
  return scope.execution.issue<Decision<unknown>>(scope, {
    kind: 'approval',
    name: 'approval',
    input: encodeCanonical({ question, role, timeout, of }, 'approval'),
    due,
    effect: { type: 'wait' },
    announce: (_, until) => ({
      kind: 'approval.requested',
      meta: { role: role ?? null },
      payload: until === due ? payload : encode({ ...request, expiresAt: until }, 'approval'),
    }),
    form: options.form,
    settle: settleApproval,
  })
}

function settleApproval(entry: Delivered): Settlement | undefined {
  if (entry.kind === 'timer.fired') return { ok: true, value: { status: 'expired' } satisfies Decision }
  if (entry.kind !== 'approval.decided') return undefined
  const answer = decode(entry.payload ?? 'null') as ApprovalAnswer
  if (!answer.approve)
    return {
      ok: true,
      value: {
        status: 'rejected',
        by: answer.by,
        ...(answer.reason === undefined ? {} : { reason: answer.reason }),
      } satisfies Decision,
    }
  return { ok: true, value: { status: 'approved', by: answer.by, at: new Date(entry.at), form: answer.form } }
}

async function approved(
  question: string,
  options: ApprovalOptions & { readonly form?: StandardSchemaV1 } = {},
): Promise<Approved<unknown>> {
  const answer = await decision(question, options)
  if (answer.status === 'approved') return { by: answer.by, at: answer.at, form: answer.form }
  if (answer.status === 'rejected') throw new ApprovalRejectedError(question, answer.by, answer.reason)
  throw new ApprovalExpiredError(question, formatDuration(milliseconds(options.timeout ?? 0)))
}

/**
 * Asks a person and waits for the answer, however long it takes.
 * @returns who approved, when, and the form that they filled in
 * @throws ApprovalRejectedError, ApprovalExpiredError: never approves by silence
 * @example await approval('refund over $500', { role: 'finance', timeout: '2d', of: order })
 */
export const approval: Ask<'approved'> & {
  /** for code that branches on the decision */ readonly ask: Ask<'decision'>
} = Object.assign(
  ((question: string, options?: ApprovalOptions & { form?: StandardSchemaV1 }) =>
    currentScope('approval()').execution.track(approved(question, options))) as Ask<'approved'>,
  {
    ask: ((question: string, options?: ApprovalOptions & { form?: StandardSchemaV1 }) =>
      currentScope('approval.ask()').execution.track(decision(question, options))) as Ask<'decision'>,
  },
)

/** Validates a filled-in form. @throws INVALID_FORM */
export function parseForm(form: StandardSchemaV1 | undefined, value: unknown): Promise<unknown> {
  return parse(form, value, 'INVALID_FORM', 'The form')
}
