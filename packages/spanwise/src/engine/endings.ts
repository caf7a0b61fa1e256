import type { Meta, NewEntry, RowChange, RunChange, RunRow } from '../journal/index.ts'
import { classify, dryKeys, type Ending, type Execution, findOrigin, fingerprint } from '../workflow/index.ts'
import { codeOf, encodeError } from './error-text.ts'

/** Writes how a run ended, parked or went on into its history, and says what its row becomes. */
export function recordEnding(execution: Execution, workflow: string, ending: Ending, last: () => NewEntry): RowChange {
  switch (ending.status) {
    case 'continued':
      return { status: 'running', base: last().index }
    case 'completed': {
      const payload = ending.value as string
      const entry = execution.writeEnd('run.completed', {}, payload)
      return { status: 'completed', outcome: entry.payload }
    }
    case 'needs attention':
      return recordParking(execution, workflow, ending)
    default: {
      const payload = encodeError(ending.error)
      const code = codeOf(ending.error)
      const kind = ending.status === 'failed' ? 'run.failed' : 'run.cancelled'
      const entry = execution.writeEnd(kind, { class: classify(ending.error), ...coded(code) }, payload)
      const print = fingerprint(workflow, findOrigin(ending.error)?.clearKey, ending.error)
      return { status: ending.status, outcome: entry.payload, fingerprint: print, code }
    }
  }
}

function recordParking(
  execution: Execution,
  workflow: string,
  { error, known }: Extract<Ending, { status: 'needs attention' }>,
): RowChange {
  const origin = findOrigin(error)
  const print = fingerprint(workflow, origin?.clearKey, error)
  if (!known) {
    const from = origin === undefined ? {} : { from: origin.index, operation: origin.key }
    execution.writeEnd(
      'run.parked',
      { ...parkedMeta(error, print), ...from, last: execution.current },
      encodeError(error),
    )
  }
  return { status: 'needs attention', fingerprint: print, code: codeOf(error) }
}

/** What parks a run whose own entries the store refuses: written as the store knows the run, past its execution. */
export function refusedChange(
  row: RunRow,
  durable: number,
  at: number,
  error: unknown,
): RunChange & { row: RowChange } {
  const print = fingerprint(row.workflow, undefined, error)
  const parked: NewEntry = {
    index: durable + 1,
    after: durable,
    at,
    kind: 'run.parked',
    key: '',
    attempt: 0,
    meta: parkedMeta(error, print),
    payload: encodeError(error),
    subject: row.subject,
  }
  const change: RowChange = { status: 'needs attention', fingerprint: print, code: codeOf(error) }
  return { ref: row, epoch: row.epoch, entries: [parked], row: change, park: { wakeAt: undefined } }
}

function parkedMeta(error: unknown, print: string): Meta {
  const dry = dryKeys(error)
  return {
    class: classify(error),
    fingerprint: print,
    ...coded(codeOf(error)),
    ...(dry === undefined ? {} : { dry: dry[0] as string, dries: dry.length }),
  }
}

function coded(code: string | undefined): Meta {
  return code === undefined ? {} : { code }
}
