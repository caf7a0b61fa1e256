import { decideTogether, type Reminder } from './approval-rounds.ts'
import { currentScope } from './current.ts'
import { type Duration, formatDuration, milliseconds } from './duration.ts'
import { ApprovalExpiredError, ApprovalRejectedError } from './errors.ts'
import type { Approved, Decision } from './question.ts'
import type { SchemaOutput, StandardSchemaV1 } from './schema.ts'

export interface ApprovalOptions {
  /** who may decide */
  readonly role?: string
  /** silence until then is a refusal */
  readonly timeout?: Duration
  /** what is decided on: shown to whoever decides */
  readonly of?: unknown
  /** so many have to agree, each somebody else; the first no is a no. 1 */
  readonly needs?: number
  /** who is asked in place of those who have not answered after so long, one after the other */
  readonly escalate?: readonly { readonly after: Duration; readonly role: string }[]
  /**
   * A step that is called again and again while nobody answers: `webhook(…)`, or one of your own. That it fails changes nothing. Without
   * one, those are told who take `approval.reminded`: `webhook.out`
   */
  readonly remind?: { readonly every: Duration; readonly by?: (reminder: Reminder) => Promise<unknown> }
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

type Options = ApprovalOptions & { readonly form?: StandardSchemaV1 }

async function approved(question: string, options: Options = {}): Promise<Approved<unknown>> {
  const answer = await decideTogether(question, options)
  if (answer.status === 'approved') return withoutStatus(answer)
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
  ((question: string, options?: Options) =>
    currentScope('approval()').execution.track(approved(question, options))) as Ask<'approved'>,
  {
    ask: ((question: string, options?: Options) =>
      currentScope('approval.ask()').execution.track(decideTogether(question, options ?? {}))) as Ask<'decision'>,
  },
)

function withoutStatus({
  status: _,
  ...approved
}: Extract<Decision<unknown>, { status: 'approved' }>): Approved<unknown> {
  return approved
}
