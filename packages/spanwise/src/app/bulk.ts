import { planResume, type ResumeOptions } from '../engine/index.ts'
import { encode, isTerminal, type RunRow, type RunStatus } from '../journal/index.ts'
import type { Backend } from './backend.ts'

/** Which runs. A fingerprint names the same failure in many; without a status, resume means those that need attention. */
export interface BulkTarget {
  readonly fingerprint?: string
  readonly workflow?: string
  readonly status?: RunStatus
  readonly tags?: readonly string[]
}

export interface BulkOptions {
  /** only says what it would touch */
  readonly dryRun?: boolean
}

export interface BulkResult {
  readonly matched: number
  /** told so durably; 0 in a dry run */
  readonly done: number
  /** runs that were left alone, and why */
  readonly skipped: readonly { readonly run: string; readonly why: string }[]
}

export type BulkAction =
  | { readonly kind: 'resume'; readonly options: ResumeOptions }
  | { readonly kind: 'cancel' | 'give-up'; readonly reason: string }

export async function bulk(
  backend: Backend,
  now: () => number,
  action: BulkAction,
  target: BulkTarget,
  options: BulkOptions,
): Promise<BulkResult> {
  const parkedOnly = action.kind !== 'cancel'
  const status: RunStatus | undefined = target.status ?? (parkedOnly ? 'needs attention' : undefined)
  let matched = 0
  let done = 0
  const skipped: { run: string; why: string }[] = []
  let after: string | undefined
  do {
    const page = await backend.list({
      workflow: target.workflow,
      fingerprint: target.fingerprint,
      tags: target.tags,
      status: status === undefined ? undefined : [status],
      after,
      limit: 500,
    })
    after = page.after
    const rows = page.items.filter((row) => !isTerminal(row.status))
    matched += rows.length
    if (options.dryRun === true) continue
    await Promise.all(
      rows.map(async (row) => {
        const why = await apply(backend, now, action, row)
        if (why === undefined) done++
        else skipped.push({ run: row.run, why })
      }),
    )
  } while (after !== undefined)
  return { matched, done, skipped }
}

/** Why it was left alone, or undefined when it was told. */
async function apply(
  backend: Backend,
  now: () => number,
  action: BulkAction,
  row: RunRow,
): Promise<string | undefined> {
  try {
    const payload =
      action.kind === 'resume'
        ? encode(planResume(row.run, await backend.entries(row.run, row.base), action.options))
        : encode({ reason: action.reason })
    const sent = await backend.send({ run: row.run, kind: action.kind, name: '', payload, at: now() })
    return sent.state === 'ok' || sent.state === 'duplicate' ? undefined : sent.state
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
