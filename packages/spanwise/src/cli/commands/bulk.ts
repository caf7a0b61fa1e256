import type { BulkOptions, BulkPlan, BulkProgress, BulkResult } from '../../app/index.ts'
import { done } from '../done.ts'
import { interruption } from '../interrupt.ts'
import { plainName, tally } from '../output/names.ts'
import { plural } from '../output/text.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode } from '../usage.ts'

export interface Telling {
  /** `resumed`, `given up` */
  readonly past: string
  readonly dryRun: boolean
  /** the same command again */
  readonly again: string
  /** how many there are, where that is known */
  readonly total: number | undefined
}

/** Tells many runs: says how far it is, stops on Ctrl-C, and then says how to go on. */
export async function tellMany(
  terminal: Terminal,
  store: string,
  telling: Telling,
  tell: (how: BulkOptions) => Promise<BulkResult>,
): Promise<number> {
  const stop = interruption()
  let shown = 0
  const onProgress = ({ done: told, skipped }: BulkProgress): void => {
    if (terminal.json || Date.now() - shown < 100) return
    shown = Date.now()
    const of = telling.total === undefined ? '' : ` of ${telling.total}`
    terminal.status(`${told + skipped}${of} runs …`)
  }
  try {
    const result = await tell({ signal: stop.signal, onProgress })
    terminal.status(undefined)
    return report(terminal, store, telling, result)
  } finally {
    terminal.status(undefined)
    stop.done()
  }
}

function report(terminal: Terminal, store: string, { past, dryRun, again }: Telling, result: BulkResult): number {
  if (terminal.json && dryRun) terminal.data({ ...result, dryRun: true })
  else if (dryRun) {
    terminal.out(`${plural(result.plans.length, 'run')} would be ${past}`)
    for (const line of planLines(result.plans)) terminal.out(line)
  } else done(terminal, store, `${plural(result.done, 'run')} ${past}`, { ...result })
  if (!terminal.json) {
    for (const line of skippedLines(result.skipped)) terminal.note(line)
    if (result.stopped)
      terminal.note(`stopped; it goes on with: ${again}${result.after === undefined ? '' : ` --after ${result.after}`}`)
  }
  if (result.stopped) return exitCode.interrupted
  return result.skipped.length > 0 && !dryRun ? exitCode.failed : exitCode.ok
}

/** By workflow, status and the step that they go on from; and every effect that would happen again. */
function planLines(plans: readonly BulkPlan[]): readonly string[] {
  const groups = tally(
    plans.map(
      ({ workflow, status, from }) => `${workflow}, ${status}${from === undefined ? '' : `, from ${plainName(from)}`}`,
    ),
  )
  const repeats = tally(plans.flatMap((plan) => [...new Set(plan.repeats.map(plainName))]))
  const examples = plans.slice(0, 5).map(({ run }) => run)
  return [
    ...groups.map(([name, runs]) => `  ${String(runs).padStart(6)}  ${name}`),
    ...(repeats.length === 0
      ? []
      : [
          'effects that would happen again:',
          ...repeats.map(([name, runs]) => `  ${String(runs).padStart(6)}  ${name}`),
        ]),
    ...(examples.length === 0 ? [] : [`for example ${examples[0]}${plans.length > 1 ? '; --json lists all' : ''}`]),
  ]
}

/** the same reason in many runs is said once */
function skippedLines(skipped: BulkResult['skipped']): readonly string[] {
  const reasons = new Map<string, string[]>()
  for (const { run, why } of skipped) {
    const reason = why.replaceAll(run, '…')
    reasons.set(reason, [...(reasons.get(reason) ?? []), run])
  }
  const lines = [...reasons].map(([why, runs]) =>
    runs.length === 1 ? `left alone: ${runs[0]}: ${why}` : `left alone: ${runs.length} runs, like ${runs[0]}: ${why}`,
  )
  return lines.length <= 20 ? lines : [...lines.slice(0, 20), `… and ${lines.length - 20} more reasons`]
}
