import { encodeCanonical, isStart, type RunStatus } from '../journal/index.ts'
import { inputDifference } from '../workflow/index.ts'
import type { RunEvent, RunState } from './event.ts'
import { errorFacts, liveEvents, type OperationFact, type OperationOutcome, operationsOf } from './history.ts'

/** Two runs side by side, aligned by their operations. */
export interface RunDiff {
  readonly a: DiffSide
  readonly b: DiffSide
  /** in the order of a; what only b did stands where it came */
  readonly rows: readonly DiffRow[]
  /** the first row that is not the same */
  readonly divergence: DiffRow | undefined
}

export interface DiffSide {
  readonly run: string
  readonly workflow: string
  readonly status: RunStatus
  readonly startedAt: Date
  readonly changedAt: Date
}

export interface DiffRow {
  /** the operation as a names it (as b where only b has it); `input` and `end` are the run's own */
  readonly key: string
  readonly is: 'same' | 'other input' | 'other result' | 'only a' | 'only b'
  readonly a: DiffFact | undefined
  readonly b: DiffFact | undefined
  /** where in the input or the result, as far as it is a place in a structure */
  readonly differsAt: string | undefined
}

export type DiffFact = Omit<OperationFact, 'kind' | 'after'>

export interface DiffStory {
  readonly state: RunState
  readonly events: readonly RunEvent[]
}

export function diffRuns(a: DiffStory, b: DiffStory): RunDiff {
  const from = Math.max(firstKept(a.events), firstKept(b.events))
  const [left, right] = [factsOf(a, from), factsOf(b, from)]
  const names = alignItems(left, right)
  const ofB = new Map(right.map((fact) => [renamed(fact.key, names), fact]))
  const rows: DiffRow[] = left.map((fact) => {
    const other = ofB.get(fact.key)
    ofB.delete(fact.key)
    const is = other === undefined ? 'only a' : compare(fact, other)
    return { key: fact.key, is, a: fact, b: other, differsAt: placeOf(is, fact, other) }
  })
  const end = rows.pop() as DiffRow
  for (const fact of ofB.values()) {
    const place = rows.findLastIndex((row) => row.b !== undefined && row.b.index < fact.index)
    rows.splice(place + 1, 0, { key: fact.key, is: 'only b', a: undefined, b: fact, differsAt: undefined })
  }
  rows.push(end)
  return { a: sideOf(a), b: sideOf(b), rows, divergence: rows.find(({ is }) => is !== 'same') }
}

function sideOf({ state }: DiffStory): DiffSide {
  const { id, workflow, status, createdAt, updatedAt } = state
  return { run: id, workflow, status, startedAt: createdAt, changedAt: updatedAt }
}

/** A fork of a later generation holds nothing of the ones before: they are not compared. */
function firstKept(events: readonly RunEvent[]): number {
  const second = events[1]?.index ?? 0
  return second > 1 ? second : 0
}

function factsOf({ state, events }: DiffStory, from: number): readonly DiffFact[] {
  const live = liveEvents(events)
  const start = live.findLast((event) => isStart(event) && event.index <= from)
  const input = (start?.payload as { readonly input?: unknown } | undefined)?.input
  const first = events[0] as RunEvent
  const last = events.at(-1) as RunEvent
  const own = { took: undefined, attempts: 0, edited: false }
  return [
    { ...own, key: 'input', index: start?.index ?? 0, at: first.at, input, outcome: { state: 'open' } },
    ...operationsOf(live.filter(({ index }) => index >= from)),
    { ...own, key: 'end', index: last.index, at: last.at, input: undefined, outcome: endOf(state, last) },
  ]
}

function endOf({ status, error }: RunState, { kind, payload }: RunEvent): OperationOutcome {
  if (status === 'completed') return { state: 'done', value: kind === 'run.completed' ? payload : undefined }
  return error === undefined ? { state: 'open' } : { state: 'failed', error }
}

function compare(a: DiffFact, b: DiffFact): DiffRow['is'] {
  if (text(a.input) !== text(b.input)) return 'other input'
  return text(comparable(a.outcome)) === text(comparable(b.outcome)) ? 'same' : 'other result'
}

function placeOf(is: DiffRow['is'], a: DiffFact, b: DiffFact | undefined): string | undefined {
  if (b === undefined || (is !== 'other input' && is !== 'other result')) return undefined
  const side = (fact: DiffFact): unknown =>
    is === 'other input' ? fact.input : fact.outcome.state === 'done' ? fact.outcome.value : undefined
  return inputDifference(text(side(a)), text(side(b)))
}

function comparable(outcome: OperationOutcome): unknown {
  return outcome.state === 'failed' ? { failed: errorFacts(outcome.error) } : outcome
}

function text(value: unknown): string {
  try {
    return encodeCanonical(value, 'value')
  } catch {
    return String(value)
  }
}

// ---- items

const item = /^(.*?)\[([^\]]*)\]/

/**
 * The keys of items are tokens, and two runs have different ones for the same item, unless one is the other's fork. Items of
 * the same `each` are taken for the same where what was first done with them is; else by their order.
 */
function alignItems(a: readonly DiffFact[], b: readonly DiffFact[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const ofA = itemsOf(a)
  for (const [each, theirs] of itemsOf(b)) {
    const ours = ofA.get(each)
    if (ours === undefined) continue
    const free = new Map([...ours].filter(([token]) => !theirs.has(token)))
    const left = [...theirs].filter(([token]) => !ours.has(token))
    const unmatched = left.filter(([token, sign]) => {
      const same = [...free].find(([, other]) => other === sign)?.[0]
      if (same === undefined) return true
      free.delete(same)
      names.set(`${each}[${token}]`, `${each}[${same}]`)
      return false
    })
    const rest = [...free.keys()]
    for (const [at, [token]] of unmatched.entries())
      if (rest[at] !== undefined) names.set(`${each}[${token}]`, `${each}[${rest[at]}]`)
  }
  return names
}

/** token and first input of every item, by the `each` that it is in */
function itemsOf(facts: readonly DiffFact[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>()
  for (const { key, input } of facts) {
    const [, each, token] = item.exec(key) ?? []
    if (each === undefined || token === undefined) continue
    const items = found.get(each) ?? new Map<string, string>()
    found.set(each, items)
    if (!items.has(token)) items.set(token, `${key.slice(key.indexOf(']'))} ${text(input)}`)
  }
  return found
}

function renamed(key: string, names: ReadonlyMap<string, string>): string {
  const found = item.exec(key)?.[0]
  const name = found === undefined ? undefined : names.get(found)
  return name === undefined || found === undefined ? key : name + key.slice(found.length)
}
