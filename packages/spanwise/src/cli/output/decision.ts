import type { DecisionApproval, DecisionCall, DecisionRecord } from '../../app/index.ts'
import { answerText, promptText } from '../../app/index.ts'
import { dollars } from '../../baseline/index.ts'
import { cut, type Terminal } from '../terminal.ts'
import { facts, heading, section } from './blocks.ts'
import { operation } from './describe.ts'
import { entriesText } from './entries.ts'
import { wrap } from './text.ts'
import { took } from './time.ts'
import { brief, pretty } from './value.ts'

/** One decision on the screen: facts first, then everything that led to it and came of it. */
export function showRecord(terminal: Terminal, record: DecisionRecord): void {
  const { entries, superseded } = record
  const outcome = terminal.paint(['bold', record.outcome === 'done' ? 'green' : 'red'], record.outcome)
  heading(terminal, record.label ?? operation(record.key), record.id, outcome)
  facts(terminal, [
    ['at', record.at.toISOString()],
    ['workflow', record.workflow],
    ['release', record.release],
    ['step', record.kind === 'model' ? '(in the body)' : operation(record.key)],
    ['tenant', record.tenant === 'default' ? undefined : record.tenant],
    ['subject', record.subject],
    ['cost', record.calls.length === 0 ? undefined : dollars(record.cost)],
    ['entries', entriesText(entries)],
    ['edited', record.edited ? 'an operator gave the result' : undefined],
    ['set aside', superseded === undefined ? undefined : `by a resume, entry ${superseded}`],
  ])
  const long = (value: unknown): readonly string[] => clip(wrap(pretty(value), terminal.columns - 4))
  if (record.kind === 'step') section(terminal, 'input', long(record.input))
  section(terminal, record.outcome === 'done' ? 'result' : 'error', long(said(record)))
  for (const [n, call] of record.calls.entries())
    section(terminal, `model call ${n + 1}  ${entriesText(call.entries)}`, callLines(terminal, call))
  list(
    terminal,
    'documents',
    record.documents.map(
      ({ id, version, hash, index, direct }) =>
        `${id}${version === undefined ? '' : `@${version}`}${hash === undefined ? '' : `  ${hash}`}  [${index}]${direct ? '' : '  (read before it)'}`,
    ),
  )
  list(
    terminal,
    'retries',
    record.retries.map(({ index, why, error }) => `[${index}] ${why}: ${reason(error)}`),
  )
  list(terminal, 'people had decided before', record.approvals.before.map(approvalLine))
  list(terminal, 'people were asked after', record.approvals.after.map(approvalLine))
  const effects = record.effects.map(
    ({ key, index, state, direct }) => `[${index}] ${operation(key)}  ${state}${direct ? '  (at once)' : ''}`,
  )
  list(terminal, 'what the run did after it', clip(effects))
}

function said({ error, result, calls, kind }: DecisionRecord): unknown {
  if (error !== undefined) return reason(error)
  return kind === 'model' ? answerText(calls[0]?.answer) || result : result
}

function list(terminal: Terminal, title: string, lines: readonly string[]): void {
  if (lines.length > 0)
    section(
      terminal,
      title,
      lines.flatMap((line) => wrap(line, terminal.columns - 2)),
    )
}

const mostLines = 24

function clip(lines: readonly string[]): readonly string[] {
  return lines.length <= mostLines
    ? lines
    : [...lines.slice(0, mostLines), `… ${lines.length - mostLines} more: --json`]
}

function callLines(terminal: Terminal, call: DecisionCall): readonly string[] {
  const lines: string[] = []
  const line = (name: string, value: string | undefined): void => {
    if (value === undefined || value === '') return
    for (const [at, part] of clip(wrap(value, terminal.columns - 16)).entries())
      lines.push(`${at === 0 ? terminal.paint('dim', name.padEnd(10)) : ' '.repeat(10)}  ${part}`)
  }
  const moved = call.movedTo === undefined ? '' : ` → ${call.movedTo} (moved by a budget)`
  line('model', `${call.alias}${moved} → ${call.provider} ${call.model}`)
  line('answered', [call.answered, call.answerId].filter((one) => one !== undefined).join('  '))
  line('prompt', call.prompt === undefined ? undefined : `${call.prompt.id}@${call.prompt.version}`)
  line('asked', promptText(call.asked))
  line('answer', call.state === 'answered' ? answerText(call.answer) : `${call.state}: ${reason(call.error)}`)
  for (const tool of call.tools) line('tool', `${tool.name}(${brief(tool.input)}) → ${cut(brief(tool.result), 200)}`)
  line('route', route(call))
  line('budgets', call.stoppedBy === undefined ? call.budgets.join(', ') : `stopped by ${call.stoppedBy}`)
  line('tokens', `${call.tokens.input ?? '?'} in, ${call.tokens.output ?? '?'} out`)
  line('cost', call.cost === undefined ? 'unknown' : `${dollars(call.cost)}${held(call)}`)
  return lines
}

function held({ held: most, wasted }: DecisionCall): string {
  const parts = [
    most === undefined ? '' : `of at most ${dollars(most)} that were held for it`,
    wasted === undefined || wasted === 0n ? '' : `and at most ${dollars(wasted)} for answers that were not used`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`
}

function route({ tries, failovers, passedOver, waits, ms }: DecisionCall): string {
  return [
    `${tries} request${tries === 1 ? '' : 's'} sent`,
    failovers === 0 ? '' : `${failovers} given up${passedOver === undefined ? '' : ` (${passedOver})`}`,
    waits.length === 0 ? '' : `waited ${waits.length} times for an answer`,
    ms === undefined ? '' : took(ms),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function approvalLine(one: DecisionApproval): string {
  const who =
    one.by === undefined
      ? ''
      : ` by ${one.by}${one.decidedAt === undefined ? '' : ` at ${one.decidedAt.toISOString()}`}`
  const why = one.reason === undefined ? '' : `: ${one.reason}`
  const shown = one.of === undefined ? '' : `, shown ${cut(brief(one.of), 160)}`
  return `${entriesText(one.entries)} “${one.question ?? '(erased)'}”${shown}: ${one.state}${who}${why}`
}

function reason(error: unknown): string {
  return Error.isError(error) ? (error as Error).message : brief(error)
}
