import { defined } from './runs-search.ts'

export const outcomes = ['done', 'failed', 'approved', 'rejected'] as const

/** What the list of decisions shows. */
export interface AuditSearch {
  readonly workflow?: string
  readonly model?: string
  readonly prompt?: string
  readonly subject?: string
  readonly approver?: string
  readonly outcome?: (typeof outcomes)[number]
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const text = (name: string): string | undefined => {
    const value = search[name]
    return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
  }
  return defined({
    workflow: text('workflow'),
    model: text('model'),
    prompt: text('prompt'),
    subject: text('subject'),
    approver: text('approver'),
    outcome: outcomes.find((one) => one === search['outcome']),
  })
}
