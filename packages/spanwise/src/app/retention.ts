import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  archiveFolder,
  type NewArchive,
  type Rule,
  type RunStatus,
  SpanwiseError,
  type Store,
  writeArchive,
} from '../journal/index.ts'
import { type Duration, milliseconds } from '../workflow/index.ts'

/** What is let go, and when. Of the rules of one kind (archive, delete), the first one that names a run decides about it. */
export interface RetentionRule {
  readonly workflow?: string
  /** `completed`, `failed`, `cancelled`; all of them when absent. A run that has not ended is never let go. */
  readonly status?: RunStatus | readonly RunStatus[]
  readonly tag?: string
  /** after its end */
  readonly keep: Duration | 'forever'
  /**
   * `archive`: its content moves into a file in the folder beside the store and can still be read. `delete`: content and secret are
   * destroyed and the run is forgotten. Leaves and commitments stay in the log.
   */
  readonly action: 'archive' | 'delete'
}

/** What the config says about letting runs go, for who wants to know. */
export interface RetentionState {
  readonly rules: readonly RetentionRule[]
  /** how long runs with decisions stay, whatever the rules say; `false`: as the rules say */
  readonly keepDecisions: Duration | false
}

/** as long as the EU AI Act asks for at least, articles 19 and 26 */
export const usualKeepDecisions = '184d'

export interface RetentionStep {
  readonly action: 'archive' | 'delete'
  readonly rules: readonly Rule[]
  readonly now: number
  /** runs with decisions that ended since then stay, ms */
  readonly decisionsSince?: number | undefined
  readonly after: number
  /** only says which */
  readonly dryRun: boolean
}

export interface RetentionDone {
  /** that the rules let go */
  readonly matched: number
  /** that were archived or deleted */
  readonly done: number
  /** the file that they are in */
  readonly file: string | undefined
  readonly runs: readonly string[]
  /** where the next step begins; undefined when all runs were looked at */
  readonly after: number | undefined
}

export function youngDecisions(now: number, keep: Duration | false = usualKeepDecisions): number | undefined {
  return keep === false ? undefined : now - milliseconds(keep, 'oversight.keepDecisions')
}

/** runs in one file, and bytes after which it is full */
const mostRuns = 500
const fullFile = 8 * 1024 * 1024
/** runs that one commit lets go: whoever works waits for no more than these */
const batch = 20

export function readRules(rules: readonly RetentionRule[], action: RetentionRule['action']): readonly Rule[] {
  return rules
    .filter((rule) => {
      if (rule.action === 'archive' || rule.action === 'delete') return rule.action === action
      throw invalid(`action is ${JSON.stringify(rule.action)}.`)
    })
    .map((rule) => {
      const { workflow, status, tag, keep } = rule
      const list = status === undefined ? undefined : typeof status === 'string' ? [status] : status
      const open = list?.find((one) => !ended.includes(one))
      if (open !== undefined) throw invalid(`status ${JSON.stringify(open)} is none that a run ends with.`)
      return { workflow, status: list, tag, keep: keep === 'forever' ? undefined : milliseconds(keep, 'keep') }
    })
}

const ended: readonly RunStatus[] = ['completed', 'failed', 'cancelled']

function invalid(what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_RETENTION',
    message: `A rule of retention is not valid: ${what}`,
    hint: "Write { workflow?, status?, tag?, keep: '90d', action: 'archive' }; status is completed, failed or cancelled.",
  })
}

/** One step: some of the runs are looked at, and those that are let go are. What was done before a crash is done, and no more. */
export async function retain(store: Store, step: RetentionStep): Promise<RetentionDone> {
  const { action, rules, now, decisionsSince } = step
  if (action === 'delete' && decisionsSince !== undefined) while (!(await store.indexDecisions()));
  const { runs, after } = await store.expired({
    action,
    rules,
    now,
    decisionsSince,
    after: step.after,
    limit: mostRuns,
  })
  if (step.dryRun || runs.length === 0) return { matched: runs.length, done: 0, file: undefined, runs, after }
  return action === 'archive' ? archive(store, step, runs, after) : forget(store, runs, after)
}

async function archive(
  store: Store,
  { now }: RetentionStep,
  runs: readonly string[],
  after: number | undefined,
): Promise<RetentionDone> {
  if (store.info.path === undefined) throw needsFile()
  const writer = await writeArchive(archiveFolder(store.info.path), store.info.id, now)
  const written: NewArchive['runs'][number][] = []
  let stopped = after
  let seen = 0
  try {
    for (const run of runs) {
      seen++
      const exported = await store.exportRun(run)
      if (exported === undefined) continue
      const { frame, key, entries } = exported
      written.push({ run, key, entries, ...(await writer.add(frame)) })
      if (writer.size < fullFile) continue
      // the rest is for the next file
      stopped = (await store.run(run))?.seq ?? after
      break
    }
    if (written.length === 0) {
      await writer.abandon()
      return { matched: seen, done: 0, file: undefined, runs: [], after: stopped }
    }
    await writer.finish()
  } catch (error) {
    await writer.abandon().catch(() => {})
    throw error
  }
  // on disk, so the store may let go; a crash from here on leaves some in both, and those are archived again
  let done = 0
  for (let i = 0; i < written.length; i += batch) {
    done += await store.archiveRuns({ file: writer.file, at: now, runs: written.slice(i, i + batch) })
  }
  return { matched: seen, done, file: writer.file, runs: written.map(({ run }) => run), after: stopped }
}

async function forget(store: Store, runs: readonly string[], after: number | undefined): Promise<RetentionDone> {
  let done = 0
  for (let i = 0; i < runs.length; i += batch) {
    const { deleted, unused } = await store.deleteRuns(runs.slice(i, i + batch))
    done += deleted
    await removeArchives(store, unused)
  }
  return { matched: runs.length, done, file: undefined, runs, after }
}

/** Files in which no run is left. */
async function removeArchives(store: Store, files: readonly string[]): Promise<void> {
  if (store.info.path === undefined) return
  for (const file of files) await rm(join(archiveFolder(store.info.path), file), { force: true })
}

export function needsFile(): SpanwiseError {
  return new SpanwiseError({
    code: 'ARCHIVE_NEEDS_FILE',
    message: 'A store in memory has no folder for archives.',
    hint: 'Open a store in a file: sqlite:./spanwise.db',
  })
}

export interface RetainOptions {
  /** only says which */
  readonly dryRun?: boolean
  /** how long runs with decisions stay, whatever the rules say; as `oversight.keepDecisions` says, else 184 days */
  readonly keepDecisions?: Duration | false | undefined
  readonly onProgress?: (archived: number, deleted: number) => void
}

export interface RetainResult {
  /** runs that were let go, or would be */
  readonly archived: number
  readonly deleted: number
  /** files that were written */
  readonly files: readonly string[]
  /** ids of the first thousand */
  readonly runs: readonly string[]
}

const mostListed = 1_000

/** All steps, by whoever holds the store. */
export async function retainAll(
  retainStep: (step: RetentionStep) => Promise<RetentionDone>,
  given: readonly RetentionRule[],
  now: number,
  { dryRun = false, keepDecisions, onProgress }: RetainOptions,
): Promise<RetainResult> {
  const count = { archive: 0, delete: 0 }
  const decisionsSince = youngDecisions(now, keepDecisions)
  const files: string[] = []
  const found: string[] = []
  for (const action of ['archive', 'delete'] as const) {
    const rules = readRules(given, action)
    if (rules.length === 0) continue
    for (let after: number | undefined = 0; after !== undefined; ) {
      const step: RetentionDone = await retainStep({ action, rules, now, decisionsSince, after, dryRun })
      count[action] += dryRun ? step.matched : step.done
      if (step.file !== undefined) files.push(step.file)
      found.push(...step.runs.slice(0, mostListed - found.length))
      onProgress?.(count.archive, count.delete)
      after = step.after
    }
  }
  return { archived: count.archive, deleted: count.delete, files, runs: found }
}
