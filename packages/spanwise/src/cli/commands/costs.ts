import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { type CostDimension, type CostRow, type Costs, costDimensions, type Spent } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import type { Duration } from '../../workflow/index.ts'
import { csvLine, exactDollars } from '../costs/csv.ts'
import { readInvoice } from '../costs/invoice.ts'
import { plainModel, type Reconciled, reconcile } from '../costs/reconcile.ts'
import { examples, whole } from '../define.ts'
import { type Common, client } from '../open.ts'
import { table } from '../output/table.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'
import {
  type ConfirmOptions,
  confirmCalls,
  listConfirmed,
  listUnconfirmed,
  type Missing,
  saying,
  settleUnconfirmed,
} from './unconfirmed.ts'

interface Options extends Common {
  readonly by?: string
  readonly since?: string
  readonly until?: string
  readonly tenant?: string
  readonly workflow?: string
  readonly csv?: boolean
  readonly limit?: string
  readonly tolerance?: string
  readonly settle?: boolean
  readonly as?: string
}

type Action = (handler: (...args: never) => Promise<number>) => (...given: readonly unknown[]) => Promise<void>

export function registerCosts(program: Command, terminal: Terminal, action: Action): void {
  const costs = program
    .command('costs')
    .summary('what model calls cost, by model, workflow, day, …')
    .description(
      'Adds up what model calls cost. Every entry counts once; what is not known is counted beside it, not guessed.',
    )
    .option('--by <dimensions>', `any of ${costDimensions.join(', ')}; separated by commas`, 'model')
    .option('--since <when>', 'only the last 7d, 12h, …, or from a date on')
    .option('--until <date>', 'only before this date')
    .option('--tenant <tenant>', 'only of this tenant')
    .option('-w, --workflow <name>', 'only of this workflow')
    .option('-n, --limit <count>', 'shows at most so many lines; the total is over all', '30')
    .option('--csv', 'as CSV, with exact dollars')
    .addHelpText(
      'after',
      '\nExamples:\n  $ spanwise costs --by model,workflow --since 7d\n  $ spanwise costs --by day --csv > costs.csv\n  $ spanwise costs reconcile usage-export.csv',
    )
    .action(action((options: Options) => showCosts(terminal, options)))
    .exitOverride()
  costs
    .command('reconcile')
    .summary('compare with what a provider says')
    .description(
      'Compares, day by day and model by model, with a usage or cost file exported from the console of OpenAI or Anthropic.',
    )
    .argument('<invoice.csv>', 'the exported file')
    .option('--tolerance <percent>', 'differences up to this are no differences', '1')
    .option('--settle', 'says of calls that were lost in a crash what they did cost, where the file tells')
    .option(...who)
    .addHelpText(
      'after',
      '\nEnds with 1 where something is off.\n\nExamples:\n  $ spanwise costs reconcile completions_usage_2026-11.csv',
    )
    .action(action((file: string, options: Options) => showReconciled(terminal, file, options)))
    .exitOverride()
  costs
    .command('unconfirmed')
    .summary('calls that were lost in a crash')
    .description(
      'Lists calls that were under way when their process died: nobody knows whether they were charged. Budgets count them as the most that they can have cost.',
    )
    .addHelpText('after', examples('costs unconfirmed', 'costs unconfirmed --json'))
    .action(action((options: Options) => listUnconfirmed(terminal, options)))
    .exitOverride()
  costs
    .command('confirm')
    .summary('say what a lost call did cost')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--entry <index>', 'which one, where the run has several', whole)
    .option('--cost <dollars>', 'what the provider charged for it')
    .option(...who)
    .option(...why)
    .addHelpText('after', examples('costs confirm 3f2a --cost 0.0123', 'costs confirm 3f2a --entry 12 --cost 0.0123'))
    .action(action((run: string, options: ConfirmOptions) => confirmCalls(terminal, false, run, options)))
    .exitOverride()
  costs
    .command('void')
    .summary('say that lost calls were not charged')
    .argument('<run>', 'id, beginning of an id, or workflow:your-id')
    .option('--entry <index>', 'only this one', whole)
    .option(...who)
    .option(...why)
    .addHelpText('after', examples('costs void 3f2a'))
    .action(action((run: string, options: ConfirmOptions) => confirmCalls(terminal, true, run, options)))
    .exitOverride()
  costs
    .command('confirmed')
    .summary('who said what lost calls did cost')
    .description('Lists what was said of calls that were lost in a crash: by whom, when and why. Newest first.')
    .option('--after <cursor>', 'goes on from there')
    .addHelpText('after', examples('costs confirmed', 'costs confirmed --json'))
    .action(action((options: Options & { readonly after?: string }) => listConfirmed(terminal, paged(options))))
    .exitOverride()
}

const who = ['--as <who>', 'who says so: your user name'] as const
const why = ['--reason <text>', 'how they know'] as const

/** the parent's option is text */
function paged({ limit, ...options }: Options & { readonly after?: string }) {
  return { ...options, limit: Number(limit) }
}

async function showCosts(terminal: Terminal, options: Options): Promise<number> {
  const by = (options.by ?? 'model').split(',').map((each) => each.trim()) as CostDimension[]
  const limit = Number(options.limit)
  if (!(limit >= 1)) throw usage(`--limit is ${options.limit}.`, 'It is a whole number, 1 or more.')
  return client(options, async (app) => {
    const all = await app.costs({
      by,
      ...period(options),
      ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
      ...(options.workflow === undefined ? {} : { workflow: options.workflow }),
    })
    if (terminal.json) terminal.data(jsonable(all))
    else if (options.csv) for (const line of csv(by, all)) terminal.out(line)
    else show(terminal, by, all, limit)
    return exitCode.ok
  })
}

function period({ since, until }: Options): { since?: Date | Duration; until?: Date } {
  const date = (text: string, name: string): Date => {
    const at = new Date(text)
    if (Number.isNaN(at.getTime()))
      throw usage(`${name} ${text} is no date.`, 'Dates are written 2026-11-01; --since takes a duration like 7d too.')
    return at
  }
  return {
    ...(since === undefined ? {} : { since: /^\d{4}-/.test(since) ? date(since, '--since') : (since as Duration) }),
    ...(until === undefined ? {} : { until: date(until, '--until') }),
  }
}

function show(terminal: Terminal, by: readonly CostDimension[], { rows, total }: Costs, limit: number): void {
  if (rows.length === 0) return terminal.note('no model calls')
  const most = rows.reduce((high, row) => (paid(row) > high ? paid(row) : high), 0n)
  const shown = by.includes('day') || by.includes('hour') ? byTime(rows) : rows
  const longest = (dimension: CostDimension): number => Math.max(...rows.map(({ key }) => key[dimension]?.length ?? 1))
  const gives = by.toSorted((a, b) => longest(b) - longest(a))[0]
  const lines = table(terminal, shown.slice(0, limit), [
    ...by.map((dimension) => ({
      title: dimension.toUpperCase(),
      cell: (row: CostRow) => row.key[dimension] ?? '-',
      flexible: dimension === gives,
    })),
    { title: 'CALLS', cell: (row) => String(row.calls) },
    { title: 'FAILED', cell: (row) => (row.failed ? String(row.failed) : '') },
    { title: 'IN', cell: (row) => String(row.inputTokens) },
    { title: 'OUT', cell: (row) => String(row.outputTokens) },
    { title: 'COST', cell: costCell },
    { title: '', cell: (row) => bar(paid(row), most), paint: (cell) => terminal.paint('cyan', cell) },
  ])
  for (const line of lines) terminal.out(line)
  if (shown.length > limit) terminal.out(`… ${shown.length - limit} more (--limit)`)
  terminal.out('')
  terminal.out(`${terminal.paint('bold', dollars(paid(total)))} for ${calls(total.calls)}, ${total.requests} requests`)
  if (total.wasted > 0n) terminal.out(`  of it at most ${dollars(total.wasted)} for answers that were not used`)
  if (total.unpriced) terminal.out(`  without ${calls(total.unpriced)} of unknown cost`)
  if (total.unconfirmed)
    terminal.out(
      `  ${calls(total.unconfirmed)} unconfirmed after a crash: up to ${dollars(total.unconfirmedAtMost)} more`,
    )
}

function calls(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`
}

function paid(row: Spent): bigint {
  return row.cost + row.wasted
}

function costCell(row: CostRow): string {
  if (row.unpriced > 0 && row.unpriced === row.calls - row.failed && paid(row) === 0n) return '?'
  return `${dollars(paid(row))}${row.unpriced || row.unconfirmed ? '+?' : ''}`
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const width = 12

function bar(part: bigint, most: bigint): string {
  if (most === 0n) return ''
  const filled = Number((part * BigInt(width * 8) + most / 2n) / most)
  return '█'.repeat(filled >> 3) + eighths[filled & 7]
}

function byTime(rows: readonly CostRow[]): readonly CostRow[] {
  const time = ({ key }: CostRow): string => key.hour ?? key.day ?? ''
  return [...rows].sort((a, b) => time(a).localeCompare(time(b)))
}

function csv(by: readonly CostDimension[], { rows }: Costs): string[] {
  const names = [
    'calls',
    'failed',
    'requests',
    'inputTokens',
    'cachedTokens',
    'outputTokens',
    'reasoningTokens',
    'unpriced',
    'unconfirmed',
  ] as const
  const head = csvLine([...by, ...names, 'cost', 'wasted', 'unconfirmedAtMost'])
  const line = (row: CostRow): string =>
    csvLine([
      ...by.map((dimension) => row.key[dimension] ?? ''),
      ...names.map((name) => row[name]),
      ...[row.cost, row.wasted, row.unconfirmedAtMost].map(exactDollars),
    ])
  return [head, ...rows.map(line)]
}

async function showReconciled(terminal: Terminal, file: string, options: Options): Promise<number> {
  const tolerance = Number(options.tolerance) / 100
  if (!(tolerance >= 0)) throw usage(`--tolerance is ${options.tolerance}.`, 'It is per cent, 0 or more.')
  const invoice = readInvoice(readText(file), file)
  const days = invoice.lines.map(({ day }) => day).sort()
  return client(options, async (app) => {
    const journal =
      days.length === 0
        ? []
        : (
            await app.costs({
              by: ['day', 'provider', 'model', 'answered'],
              since: new Date(days[0] as string),
              until: new Date(Date.parse(days.at(-1) as string) + 86_400_000),
            })
          ).rows
    const rows = reconcile(invoice.lines, journal)
    const off = rows.filter((row) => Math.abs(row.off) > tolerance)
    if (terminal.json)
      terminal.data(jsonable({ format: invoice.format, leftOut: invoice.leftOut, rows, off: off.length }))
    else showRows(terminal, rows, tolerance)
    if (options.settle === true) {
      const provider = invoice.lines[0]?.provider
      const done = await settleUnconfirmed(
        app,
        rows.map(missingIn),
        (call, { day, model }) => {
          const [maker] = call.provider.split('.')
          return maker === provider && call.at.toISOString().slice(0, 10) === day && plainModel(call.model) === model
        },
        saying({ reason: basename(file), ...options }),
      )
      terminal.note(
        `calls lost in crashes: ${done.voided} not charged, ${done.confirmed} charged what is missing, ${done.left} left as they are`,
      )
    }
    const left = invoice.leftOut ? `; ${invoice.leftOut} lines are about something else and left out` : ''
    terminal.note(
      `${invoice.format}: ${rows.length} days and models, ${off.length} off by more than ${options.tolerance} %${left}`,
    )
    return off.length ? exitCode.failed : exitCode.ok
  })
}

/** What the provider counts more than the journal; less is nothing more. */
function missingIn({ day, model, invoice, journal }: Reconciled): Missing {
  const tokens = (invoice.input ?? 0) + (invoice.output ?? 0) - (journal.input ?? 0) - (journal.output ?? 0)
  const money = (invoice.cost ?? 0n) - (journal.cost ?? 0n)
  return {
    day,
    model,
    money: invoice.cost === undefined ? undefined : money > 0n ? money : 0n,
    tokens: invoice.input === undefined ? undefined : Math.max(0, tokens),
  }
}

function showRows(terminal: Terminal, rows: readonly Reconciled[], tolerance: number): void {
  const tokens = ({ input, output }: Reconciled['invoice']): string =>
    input === undefined ? '' : `${input} / ${output ?? 0}`
  const money = (cost: bigint | undefined): string => (cost === undefined ? '' : dollars(cost))
  const byTokens = rows.some(({ invoice }) => invoice.input !== undefined)
  const side = (row: Reconciled, which: 'invoice' | 'journal'): string =>
    byTokens ? tokens(row[which]) : money(row[which].cost)
  const lines = table(terminal, rows, [
    { title: 'DAY', cell: (row) => row.day },
    { title: 'MODEL', cell: (row) => row.model, flexible: true },
    { title: byTokens ? 'INVOICE IN / OUT' : 'INVOICE', cell: (row) => side(row, 'invoice') },
    { title: byTokens ? 'JOURNAL IN / OUT' : 'JOURNAL', cell: (row) => side(row, 'journal') },
    {
      title: 'OFF',
      cell: ({ off }) =>
        off === 0 ? '' : Number.isFinite(off) ? `${off > 0 ? '+' : ''}${(off * 100).toFixed(1)} %` : 'not invoiced',
      paint: (cell, row) => (Math.abs(row.off) > tolerance ? terminal.paint('yellow', cell) : cell),
    },
  ])
  for (const line of lines) terminal.out(line)
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw usage(`${file} cannot be read: ${(error as Error).message}`, 'Name a CSV file.')
  }
}
