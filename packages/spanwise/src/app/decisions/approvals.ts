import type { RunEvent } from '../event.ts'

/** A question to a person, what they saw, and what they said. */
export interface DecisionApproval {
  readonly key: string
  /** indexes of the entries that ask and that decide */
  readonly entries: readonly number[]
  readonly question: string | undefined
  /** what was shown */
  readonly of: unknown
  readonly role: string | undefined
  readonly askedAt: Date
  readonly state: 'open' | 'approved' | 'rejected' | 'expired' | 'withdrawn'
  readonly by: string | undefined
  readonly decidedAt: Date | undefined
  readonly reason: string | undefined
  readonly form: unknown
}

/** All approvals of a run, in the order in which they were asked for. */
export function approvalsOf(events: readonly RunEvent[]): readonly DecisionApproval[] {
  return events
    .filter(({ kind }) => kind === 'approval.requested')
    .map((asked) => {
      const end = events.find(
        ({ kind, key, index }) =>
          index > asked.index &&
          key === asked.key &&
          (kind === 'approval.decided' || kind === 'approval.withdrawn' || kind === 'timer.fired'),
      )
      const { question, of } = (asked.payload ?? {}) as { readonly question?: string; readonly of?: unknown }
      const said = (end?.kind === 'approval.decided' ? (end.payload ?? {}) : {}) as {
        readonly by?: string
        readonly reason?: string
        readonly form?: unknown
      }
      const role = asked.meta['role']
      return {
        key: asked.key,
        entries: [asked.index, ...(end === undefined ? [] : [end.index])],
        question,
        of,
        role: typeof role === 'string' ? role : undefined,
        askedAt: asked.at,
        state: stateOf(end),
        by: said.by,
        decidedAt: end?.kind === 'approval.decided' ? end.at : undefined,
        reason: said.reason,
        form: said.form,
      }
    })
}

function stateOf(end: RunEvent | undefined): DecisionApproval['state'] {
  switch (end?.kind) {
    case undefined:
      return 'open'
    case 'approval.decided':
      return end.meta['approve'] === true ? 'approved' : 'rejected'
    case 'timer.fired':
      return 'expired'
    default:
      return 'withdrawn'
  }
}
