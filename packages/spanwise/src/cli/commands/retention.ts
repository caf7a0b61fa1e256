import type { RetentionRule } from '../../app/index.ts'
import type { RunStatus } from '../../journal/index.ts'
import type { Duration } from '../../workflow/index.ts'
import { findRun } from '../find.ts'
import { type Common, client, project } from '../open.ts'
import { table } from '../output/table.ts'
import { ago } from '../output/time.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

interface RetainOptions extends Common {
  readonly olderThan?: string
  readonly workflow?: string
  readonly status?: readonly string[]
  readonly tag?: string
  readonly dryRun?: boolean
}

export async function retainRuns(
  terminal: Terminal,
  action: RetentionRule['action'],
  options: RetainOptions,
): Promise<number> {
  const rules = await rulesOf(action, options)
  const dryRun = options.dryRun === true
  return client(options, async (app) => {
    const onProgress = (archived: number, deleted: number): void => terminal.status(`${archived + deleted} runs`)
    const result = await app.retain(rules, { dryRun, onProgress })
    terminal.status(undefined)
    if (terminal.json) {
      terminal.data({ ...result, dryRun })
      return exitCode.ok
    }
    const count = action === 'archive' ? result.archived : result.deleted
    if (dryRun) for (const run of result.runs.slice(0, 50)) terminal.out(run)
    if (dryRun && count > 50) terminal.out(`… and ${count - 50} more`)
    const past = action === 'archive' ? 'archived' : 'deleted'
    const line = `${count === 1 ? '1 run' : `${count} runs`} ${dryRun ? `would be ${past}` : past}`
    if (dryRun) terminal.note(line)
    else terminal.out(line)
    if (!dryRun && count > 0) terminal.note('the file keeps its size until it is compacted: spanwise store compact')
    return exitCode.ok
  })
}

async function rulesOf(action: RetentionRule['action'], options: RetainOptions): Promise<readonly RetentionRule[]> {
  const { olderThan, workflow, status, tag } = options
  if (olderThan !== undefined) {
    const keep = olderThan as Duration
    return [
      {
        keep,
        action,
        ...(workflow === undefined ? {} : { workflow }),
        ...(status === undefined ? {} : { status: status as readonly RunStatus[] }),
        ...(tag === undefined ? {} : { tag }),
      },
    ]
  }
  if (workflow !== undefined || status !== undefined || tag !== undefined) {
    throw usage('It is not said how old runs have to be.', 'Add --older-than 90d.')
  }
  const rules = ((await project(options)).retention ?? []).filter((rule) => rule.action === action)
  if (rules.length > 0) return rules
  throw usage(
    `The config has no rule that ${action === 'archive' ? 'archives' : 'deletes'}.`,
    `Add one, { keep: '90d', action: '${action}' } under retention, or say --older-than 90d.`,
  )
}

export async function listArchives(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const archives = await app.archives()
    if (terminal.json) {
      terminal.data({ archives: archives.map((one) => ({ ...one, at: one.at.toISOString() })) })
      return exitCode.ok
    }
    if (archives.length === 0) {
      terminal.note('nothing is archived')
      return exitCode.ok
    }
    const lines = table(terminal, archives, [
      { title: 'ARCHIVE', cell: (one) => one.file, flexible: true },
      { title: 'RUNS', cell: (one) => String(one.runs) },
      { title: 'MADE', cell: (one) => ago(one.at) },
    ])
    for (const line of lines) terminal.out(line)
    return exitCode.ok
  })
}

export async function restoreArchived(terminal: Terminal, text: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    const run = await findRun(app, text)
    const restored = await app.restoreArchived(run.id)
    if (terminal.json) terminal.data({ run: run.id, restored })
    else terminal.out(restored ? `${run.id} is in the store again` : `${run.id} is not archived`)
    return restored ? exitCode.ok : exitCode.failed
  })
}
