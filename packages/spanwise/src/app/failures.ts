import { decode, type Page } from '../journal/index.ts'
import type { Backend } from './backend.ts'

export interface FailureOptions {
  readonly workflow?: string
  readonly tenant?: string
  readonly fingerprint?: string
  /** only failures of runs that can still be mended */
  readonly open?: boolean
  /** cursor: `after` of the page before */
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

/** The same failure, in however many runs. Counted are runs that need attention and runs that ended as failed. */
export interface Failure {
  /** stable across lines, ids and numbers: names it in `resume`, `cancel`, `giveUp` and `list` */
  readonly fingerprint: string
  readonly workflow: string
  /** error code, where it has one */
  readonly code: string | undefined
  readonly needsAttention: number
  readonly failed: number
  readonly firstSeen: Date
  readonly lastSeen: Date
  /** a run that failed so, and its error */
  readonly example: { readonly run: string; readonly error: unknown }
}

/** What was seen last comes first. */
export async function failures(backend: Backend, options: FailureOptions): Promise<Page<Failure>> {
  const { workflow, tenant, fingerprint, open, after, limit = 50 } = options
  const page = await backend.failures({ workflow, tenant, fingerprint, open, after, limit })
  const items = await Promise.all(
    page.items.map(async (row): Promise<Failure> => {
      const payload = (await backend.outcome(row.example))?.payload
      return {
        fingerprint: row.fingerprint,
        workflow: row.workflow,
        code: row.code,
        needsAttention: row.attention,
        failed: row.failed,
        firstSeen: new Date(row.first),
        lastSeen: new Date(row.last),
        example: { run: row.example, error: payload === undefined ? undefined : decode(payload) },
      }
    }),
  )
  return { items, after: page.after }
}
