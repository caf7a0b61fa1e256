import { deepStrictEqual } from 'node:assert'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { Run, RunEvent } from '../app/index.ts'

/** A step that has an outcome, or none yet. */
export interface RecordedStep {
  /** as it was defined: `charge` */
  readonly step: string
  /** with scope and occurrence: `each#0[…]/charge#0` */
  readonly key: string
  /** recorded attempts */
  readonly attempts: number
  readonly input: unknown
  readonly result?: unknown
  readonly error?: unknown
}

/** What a step is expected to be: its name, or its name and whatever else matters. */
export type ExpectedStep = string | ({ readonly step: string } & Partial<RecordedStep>)

/** Every entry of a run's history, decoded. */
export async function journal(run: Run<unknown>): Promise<readonly RunEvent[]> {
  const entries: RunEvent[] = []
  for await (const entry of run.events()) entries.push(entry)
  return entries
}

/** The steps of a run's history, in the order in which they came to an end; what was superseded by a resume is in it too. */
export async function steps(run: Run<unknown>): Promise<readonly RecordedStep[]> {
  const found: RecordedStep[] = []
  const tried = new Map<string, number>()
  for (const { kind, key, attempt, payload } of await journal(run)) {
    if (kind === 'step.attempt') tried.set(key, attempt)
    if (kind !== 'step.result' && kind !== 'step.error') continue
    found.push({ step: nameOf(key), key, attempts: attempt, ...(payload as { input: unknown }) })
    tried.delete(key)
  }
  for (const [key, attempts] of tried) found.push({ step: nameOf(key), key, attempts, input: undefined })
  return found
}

/**
 * Asserts which steps a run has recorded, in order.
 * @throws AssertionError that shows both, and the run's history
 * @example await expectSteps(run, ['fetch-order', { step: 'charge', attempts: 2 }, 'send-receipt'])
 */
export async function expectSteps(
  run: Run<unknown>,
  expected: readonly ExpectedStep[],
  options: { /** where branches run at once */ readonly anyOrder?: boolean } = {},
): Promise<void> {
  const wanted = expected.map((one) => (typeof one === 'string' ? { step: one } : one))
  const recorded = await steps(run)
  const order = options.anyOrder === true ? matched(recorded, wanted) : recorded
  // only what is asked for is compared, so that the difference shows nothing else
  const shown = order.map((one, i) => pick(one, wanted[i] ?? { step: '' }))
  if (isDeepStrictEqual(shown, wanted)) return
  deepStrictEqual(
    shown,
    wanted,
    `The steps of run ${run.id} are others.\n${difference(shown, wanted)}\n\n${await printJournal(run)}`,
  )
}

/** Each expected step beside the recorded one that fits it; what fits none comes last. */
function matched(recorded: readonly RecordedStep[], wanted: readonly object[]): readonly RecordedStep[] {
  const left = [...recorded]
  const order = wanted.map((one) => {
    const at = left.findIndex((candidate) => isDeepStrictEqual(pick(candidate, one), one))
    return at < 0 ? undefined : left.splice(at, 1)[0]
  })
  return order
    .map((one) => one ?? left.shift())
    .filter((one) => one !== undefined)
    .concat(left)
}

function pick(one: RecordedStep, wanted: object): object {
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, one[key as keyof RecordedStep]]))
}

function difference(shown: readonly object[], wanted: readonly object[]): string {
  const lines: string[] = []
  for (let i = 0; i < Math.max(shown.length, wanted.length); i++) {
    if (isDeepStrictEqual(shown[i], wanted[i])) lines.push(`    ${print(shown[i])}`)
    else {
      if (wanted[i] !== undefined) lines.push(`  - ${print(wanted[i])}`)
      if (shown[i] !== undefined) lines.push(`  + ${print(shown[i])}`)
    }
  }
  return lines.join('\n')
}

/**
 * A run's history as text that is the same each time: no times, no ids, items numbered.
 * @example expect(await printJournal(run)).toMatchInlineSnapshot()
 */
export async function printJournal(run: Run<unknown>): Promise<string> {
  const items = new Map<string, number>()
  const readable = (key: string) =>
    key.replace(/\[([^\]]+)\]/g, (_, token: string) => {
      if (!items.has(token)) items.set(token, items.size + 1)
      return `[${items.get(token)}]`
    })
  const lines = (await journal(run)).map((entry) => {
    const what = [entry.kind, readable(entry.key), about(entry)].filter((part) => part !== '')
    return `${entry.index} ${what.join(' ')}`
  })
  return lines.join('\n')
}

function about({ kind, payload, meta, attempt }: RunEvent): string {
  const { input, result, error } = (payload ?? {}) as { input?: unknown; result?: unknown; error?: unknown }
  const again = attempt > 1 ? ` (attempt ${attempt})` : ''
  switch (kind) {
    case 'step.result':
      return `${print(input)} → ${print(result)}${again}`
    case 'step.error':
    case 'step.attempt':
      return `${print(input)} ✗ ${print(error)}${again}`
    case 'step.intent':
      return print(input)
    case 'run.started':
    case 'run.debounced':
    case 'run.continued':
      return print(input)
    case 'signal.received':
      return [meta['signal'], ...(payload === undefined ? [] : [print(payload)])].join(' ')
    case 'run.cancelling':
      return String(meta['how'])
    case 'approval.requested':
      return print((payload as { question?: unknown } | undefined)?.question)
    case 'approval.decided':
      return payload === undefined ? '' : print(defined(payload as object))
    case 'run.completed':
    case 'run.failed':
    case 'run.cancelled':
    case 'run.parked':
    case 'item.pulled':
      return payload === undefined ? '' : print(payload)
    default:
      return ''
  }
}

function print(value: unknown): string {
  if (value instanceof Error) {
    const code = (value as { code?: unknown }).code
    return `${value.name}${typeof code === 'string' ? ` ${code}` : ''}: ${value.message.split('\n')[0]}`
  }
  return inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 200, compact: true })
}

function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/#\d+$/, '')
}
