import type { ForkPreview, Run, RunEvent } from '../../app/index.ts'
import { confirm } from '../confirm.ts'
import { readForkEdits } from '../edits.ts'
import { findRun } from '../find.ts'
import { type Common, client, ownerOf } from '../open.ts'
import { describe, operation } from '../output/describe.ts'
import { plainName, tally } from '../output/names.ts'
import { brief, jsonable } from '../output/value.ts'
import { cut, type Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import { whoami } from '../whoami.ts'

export interface ForkRunOptions extends Common {
  readonly from?: number
  readonly editInput?: string
  readonly editResult?: readonly string[]
  readonly editState?: string
  readonly allow?: readonly string[]
  readonly by?: string
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** Shows what a fork would take over and do, then makes it. */
export async function forkRun(terminal: Terminal, text: string, options: ForkRunOptions): Promise<number> {
  const edits = readForkEdits(options.editInput, options.editResult, options.editState)
  return client(options, async (app, store) => {
    const run = await findRun(app, text)
    const from = options.from ?? (await failedAt(run))
    const how = { from, ...edits, allow: options.allow ?? [], by: options.by ?? whoami() }
    const preview = await run.planFork(how)
    if (!terminal.json) {
      const { workflow, status } = await run.status()
      show(terminal, `fork of ${workflow} ${run.id} (${status}) from entry ${from}`, preview, how)
    }
    if (options.dryRun === true) {
      if (terminal.json) terminal.data({ ...previewJson(preview), dryRun: true })
      return exitCode.ok
    }
    if (!terminal.json && options.yes !== true && !(await confirm('fork it?'))) {
      terminal.note('nothing was done')
      return exitCode.interrupted
    }
    const fork = await run.fork(how)
    if (terminal.json) {
      terminal.data({ run: fork.id, ...previewJson(preview), worker: ownerOf(store) ?? null })
      return exitCode.ok
    }
    terminal.out(fork.id)
    terminal.note(`follow it: spanwise runs follow ${fork.id}`)
    terminal.note(`compare it: spanwise runs diff ${run.id} ${fork.id}`)
    if (ownerOf(store) === undefined) terminal.note('no worker runs now; it begins when one is started: spanwise start')
    return exitCode.ok
  })
}

/** The entry that a run failed at is what one mostly wants to do again. */
async function failedAt(run: Run<unknown>): Promise<number> {
  let parked: RunEvent | undefined
  for await (const event of run.events()) {
    if (event.kind === 'run.parked') parked = event
    else if (event.kind === 'run.resumed') parked = undefined
  }
  const from = parked?.meta['from']
  if (typeof from === 'number') return from
  throw usage(
    `Run ${run.id} is not parked at a failed step, so it is not clear from where to fork it.`,
    `Say it with --from; spanwise runs show ${run.id} --entries lists the entries.`,
  )
}

function show(
  terminal: Terminal,
  title: string,
  preview: ForkPreview,
  how: {
    readonly edit?: object
    readonly results?: Readonly<Record<string, unknown>>
    readonly allow: readonly string[]
  },
): void {
  const room = terminal.columns - 14
  const fact = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '')
      terminal.note(`  ${terminal.paint('dim', name.padEnd(11), 'note')} ${cut(value, room)}`)
  }
  const { entry, keeps, decided, underWay, shares, later, redoes } = preview
  const names = (keys: readonly string[]): string =>
    tally(keys.map(plainName))
      .map(([name, times]) => (times === 1 ? name : `${name} ×${times}`))
      .join(', ')
  const edited = 'edit' in how && how.edit !== undefined ? Object.entries(how.edit)[0] : undefined
  terminal.note(terminal.paint('bold', title, 'note'))
  fact(
    'there',
    entry === undefined ? 'behind its last entry' : (describe(entry)?.text ?? `${entry.kind} ${operation(entry.key)}`),
  )
  fact(
    'keeps',
    `${keeps === 1 ? '1 entry' : `${keeps} entries`}${decided === 0 ? '' : `; ${decided} approved or rejected: history, no permission`}`,
  )
  fact('under way', underWay.length === 0 ? undefined : `${names(underWay)}: results are kept`)
  fact('shares', shares.length === 0 ? undefined : `child ${shares.join(', ')}`)
  fact('does again', redoes === undefined ? undefined : operation(redoes))
  fact('came later', names(later.filter((key) => key !== redoes)))
  fact(edited === undefined ? '' : `new ${edited[0]}`, edited === undefined ? undefined : brief(edited[1]))
  for (const [key, value] of Object.entries(how.results ?? {})) fact('given', `${key} = ${brief(value)}`)
  fact('allowed', how.allow.length === 0 ? 'no effect; it parks in front of the first one' : how.allow.join(', '))
}

function previewJson(preview: ForkPreview): Record<string, unknown> {
  const { run, entry, ...rest } = preview
  return {
    source: run,
    ...rest,
    entry: entry === undefined ? null : { kind: entry.kind, key: entry.key, at: jsonable(entry.at) },
  }
}
