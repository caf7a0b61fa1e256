import { hash } from 'node:crypto'
import { planResume, type ResumeOptions, repeatedBy } from '../engine/index.ts'
import { encode, isTerminal, type RunRow, type RunStatus } from '../journal/index.ts'
import type { Backend } from './backend.ts'

/** Which runs. A fingerprint names the same failure in many; without a status, resume means those that need attention. */
export interface BulkTarget {
  readonly fingerprint?: string
  readonly workflow?: string
  readonly tenant?: string
  readonly status?: RunStatus
  readonly tags?: readonly string[]
}

export interface BulkOptions {
  /** only says what it would touch */
  readonly dryRun?: boolean
  /** stops it: what is under way is finished, the rest is left, and the result says where to go on */
  readonly signal?: AbortSignal
  /** goes on behind what was done: `after` of a result that was stopped */
  readonly after?: string
  /** told now and then */
  readonly onProgress?: (progress: BulkProgress) => void
}

export interface BulkProgress {
  readonly matched: number
  readonly done: number
  readonly skipped: number
}

export interface BulkResult {
  readonly matched: number
  /** told so durably; 0 in a dry run */
  readonly done: number
  /** runs that were left alone, and why; in a dry run those that would be */
  readonly skipped: readonly { readonly run: string; readonly why: string }[]
  /** in a dry run: what would be touched, and how */
  readonly plans: readonly BulkPlan[]
  /** it was stopped before it had seen all */
  readonly stopped: boolean
  /** of one that was stopped */
  readonly after: string | undefined
}

/** What would become of one run. */
export interface BulkPlan {
  readonly run: string
  readonly workflow: string
  readonly status: RunStatus
  /** resume: the operation that it goes on from; undefined where it goes on from where it stands */
  readonly from: string | undefined
  /** resume: effects that happened after the failure and would happen again */
  readonly repeats: readonly string[]
}

export type BulkAction =
  | { readonly kind: 'resume'; readonly options: ResumeOptions }
  | { readonly kind: 'cancel' | 'give-up'; readonly reason: string }

/** runs that are told at once: enough to share commits, few enough to hold their histories in memory */
const atOnce = 32
const page = 500

/**
 * Tells runs one by one; each is told durably and once, however often it is asked: what was interrupted may be begun again from
 * its start. Newest first, so that what fails meanwhile is not touched.
 */
export async function bulk(
  backend: Backend,
  now: () => number,
  action: BulkAction,
  target: BulkTarget,
  options: BulkOptions,
): Promise<BulkResult> {
  const { signal, onProgress } = options
  const status: RunStatus | undefined = target.status ?? (action.kind === 'cancel' ? undefined : 'needs attention')
  const skipped: { run: string; why: string }[] = []
  const plans: BulkPlan[] = []
  let matched = 0
  let done = 0
  let after = options.after
  const tell = async (row: RunRow): Promise<void> => {
    const answer = await apply(backend, now, action, row, options.dryRun === true)
    if (typeof answer === 'string') skipped.push({ run: row.run, why: answer })
    else if (answer === undefined) done++
    else plans.push(answer)
    onProgress?.({ matched, done, skipped: skipped.length })
  }
  do {
    const found = await backend.list({
      workflow: target.workflow,
      tenant: target.tenant,
      fingerprint: target.fingerprint,
      tags: target.tags,
      status: status === undefined ? undefined : [status],
      after,
      limit: page,
    })
    const rows = found.items.filter((row) => !isTerminal(row.status))
    matched += rows.length
    const waiting = rows.values()
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const row of waiting) {
          await tell(row)
          if (signal?.aborted === true) return
        }
      }),
    )
    if (signal?.aborted === true && (done + skipped.length + plans.length < matched || found.after !== undefined)) {
      // this page is looked at again: those of it that were told are told once
      return { matched, done, skipped, plans, stopped: true, after }
    }
    after = found.after
  } while (after !== undefined)
  return { matched, done, skipped, plans, stopped: false, after: undefined }
}

/** Why it was left alone, or what would become of it; undefined when it was told. */
async function apply(
  backend: Backend,
  now: () => number,
  action: BulkAction,
  row: RunRow,
  dryRun: boolean,
): Promise<string | BulkPlan | undefined> {
  try {
    const { run, workflow, status } = row
    let payload: string
    let plan: BulkPlan = { run, workflow, status, from: undefined, repeats: [] }
    let state = String(row.updatedAt)
    if (action.kind === 'resume') {
      const entries = await backend.entries(run, row.base)
      const order = planResume(run, entries, action.options)
      payload = encode(order)
      plan = { ...plan, from: order.reopen, repeats: repeatedBy(entries, order) }
      state = String(order.parked)
    } else payload = encode({ reason: action.reason })
    if (dryRun) return plan
    // the same order to a run that stands as it stood is one order
    const dedupe = `bulk ${action.kind} ${state} ${hash('sha256', payload, 'base64url')}`
    const sent = await backend.send({ run, kind: action.kind, name: '', payload, dedupe, at: now() })
    return sent.state === 'ok' || sent.state === 'duplicate' ? undefined : sent.state
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
