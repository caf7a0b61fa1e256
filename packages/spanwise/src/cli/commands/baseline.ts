import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { compareLines, logicalCalls, type Recorded, readFolder, reportLines, summarize } from '../../baseline/index.ts'
import { type Duration, milliseconds } from '../../workflow/index.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

interface Options {
  readonly dir?: string
  readonly since?: string
  readonly run?: string
  readonly label?: string
}

type Action = (handler: (...args: never) => Promise<number>) => (...given: readonly unknown[]) => Promise<void>

export function registerBaseline(program: Command, terminal: Terminal, action: Action): void {
  const baseline = program
    .command('baseline')
    .summary('what a program’s model calls cost, how long they take and how often they fail')
    .description(
      'Shows what was recorded of programs that ran with: node --import spanwise/baseline app.js. They need no workflow and no change.',
    )
    .option('--dir <folder>', 'where the records are; .spanwise/baseline by default')
    .option('--since <duration>', 'only calls of the last 7d, 12h, …')
    .option('--run <id>', 'only of one run: its id, its beginning, first or last')
    .option('--label <label>', 'only of runs with SPANWISE_BASELINE_LABEL=label')
    .addHelpText(
      'after',
      '\nExamples:\n  $ node --import spanwise/baseline app.js\n  $ spanwise baseline --since 1d\n  $ spanwise baseline compare first last',
    )
    .action(action((options: Options) => showBaseline(terminal, options)))
    .exitOverride()
  baseline
    .command('compare')
    .summary('two runs, labels or folders beside each other')
    .description('Compares what was recorded before with what is recorded now.')
    .argument('<before>', 'a label, the id of a run or its beginning, first, last, or a folder of records')
    .argument('<after>', 'the same')
    .addHelpText(
      'after',
      '\nExamples:\n  $ spanwise baseline compare first last\n  $ SPANWISE_BASELINE_LABEL=cached node --import spanwise/baseline app.js\n  $ spanwise baseline compare plain cached',
    )
    .action(action((before: string, after: string, options: Options) => compare(terminal, before, after, options)))
    .exitOverride()
}

async function showBaseline(terminal: Terminal, options: Options): Promise<number> {
  const folder = folderOf(options)
  const all = records(terminal, folder)
  const since = options.since === undefined ? 0 : Date.now() - milliseconds(options.since as Duration, '--since')
  const chosen = all
    .filter(({ begin }) => begin.at >= since)
    .filter(({ process }) => options.label === undefined || process.label === options.label)
  const summary = summarize(logicalCalls(options.run === undefined ? chosen : runOf(chosen, options.run)))
  if (terminal.json) {
    terminal.data(jsonable(summary))
    return exitCode.ok
  }
  if (summary.calls === 0) {
    terminal.note(`no calls recorded in ${folder}; they are by: node --import spanwise/baseline app.js`)
    return exitCode.ok
  }
  for (const line of reportLines(summary, (text) => terminal.paint('bold', text))) terminal.out(line)
  return exitCode.ok
}

async function compare(terminal: Terminal, before: string, after: string, options: Options): Promise<number> {
  const folder = folderOf(options)
  const [was, is] = [before, after].map((name) => summarize(logicalCalls(named(terminal, folder, name))))
  if (!was || !is) throw usage('Two things are compared.', 'spanwise baseline compare <before> <after>')
  if (terminal.json) terminal.data(jsonable({ before: was, after: is }))
  else for (const line of compareLines(was, is, (text) => terminal.paint('bold', text))) terminal.out(line)
  return exitCode.ok
}

function folderOf({ dir }: Options): string {
  return resolve(dir ?? process.env['SPANWISE_BASELINE_DIR'] ?? '.spanwise/baseline')
}

function records(terminal: Terminal, folder: string): readonly Recorded[] {
  const { requests, unreadable } = readFolder(folder)
  if (unreadable) terminal.note(`${unreadable} lines in ${folder} cannot be read and are left out`)
  return requests
}

/** A label, a run, or a folder. */
function named(terminal: Terminal, folder: string, name: string): readonly Recorded[] {
  const all = records(terminal, folder)
  const labelled = all.filter(({ process }) => process.label === name)
  if (labelled.length) return labelled
  if (existsSync(name) && statSync(name).isDirectory()) return records(terminal, resolve(name))
  return runOf(all, name)
}

function runOf(all: readonly Recorded[], name: string): readonly Recorded[] {
  const runs = [...new Set(all.map(({ process }) => process.run))]
  const found =
    name === 'first' ? runs.slice(0, 1) : name === 'last' ? runs.slice(-1) : runs.filter((run) => run.startsWith(name))
  const [run] = found
  if (run === undefined || found.length > 1) {
    const known = [
      ...new Set(all.flatMap(({ process }) => (process.label === undefined ? [] : [process.label]))),
      ...runs.slice(-5),
    ]
    throw usage(
      run === undefined ? `There is no run ${name}.` : `${name} is the beginning of ${found.length} runs.`,
      known.length
        ? `There are, the latest last: ${known.join(', ')}.`
        : 'Nothing is recorded yet: node --import spanwise/baseline app.js',
    )
  }
  return all.filter(({ process }) => process.run === run)
}
