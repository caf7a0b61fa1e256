import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decode, type Entry } from '../../../packages/spanwise/src/journal/index.ts'
import type { Done, Effect, Job } from '../workload/effects.ts'
import { expectedEnd } from '../workload/expected.ts'
import type { Note } from '../workload/plan.ts'
import { faults, type History, histories, open, stepLines } from './history.ts'

export interface Verdict {
  /** sentences; none when every promise was kept */
  readonly wrong: readonly string[]
  readonly runs: number
  readonly entries: number
  readonly effects: number
  /** executions beyond the first of the same attempt: what crashes repeated */
  readonly repeated: number
}

/** A line of a step's execution with its place among all of the campaign. */
type Placed = Effect & { readonly place: number }

/** inputs from here on were given by the outsider, each to one run only */
export const firstOutside = 10_000

const items = Array.from({ length: 700 }, (_, i) => `item-${i}`)
const people = Array.from({ length: 7 }, (_, i) => `person-${i}`)

/** Holds what the store says at the end against what the processes did on the way. */
export async function judge(folder: string, startedIds: ReadonlyMap<string, string>): Promise<Verdict> {
  const path = join(folder, 'store.db')
  const store = await open(path)
  const wrong: string[] = []
  let all: readonly History[]
  let secrets: ReadonlyMap<string, Uint8Array>
  try {
    all = await histories(store)
    secrets = new Map([...(await store.subjects(people)).values()].map(({ token, secret }) => [token, secret]))
  } finally {
    await store.close()
  }
  const byRun = new Map(all.map((one) => [one.row.run, one]))
  for (const [name, run] of startedIds)
    if (!byRun.has(run)) wrong.push(`${name} was acknowledged as ${run} and is lost`)

  const effects = lines<Effect>(join(folder, 'effects')).map((line, place): Placed => ({ ...line, place }))
  const byCall = Map.groupBy(effects, ({ run, label, step }) => `${run} ${step} ${label}`)
  for (const history of all) {
    wrong.push(...faults(history, secrets, items), ...judgeEnd(history), ...judgeSteps(history, byCall, folder))
  }
  wrong.push(...judgeCalls(byCall), ...judgeTables(path, all), ...judgeInputs(all))
  let repeated = 0
  for (const calls of byCall.values()) repeated += calls.length - new Set(calls.map(({ attempt }) => attempt)).size
  return {
    wrong,
    runs: all.length,
    entries: all.reduce((sum, { entries }) => sum + entries.length, 0),
    effects: effects.length,
    repeated,
  }
}

export function lines<T>(file: string): readonly T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T)
}

export function startedIn(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const note of lines<Note>(join(folder, 'notes'))) if ('started' in note) found.set(note.started, note.run)
  return found
}

function inputOf({ entries }: History): { readonly n: number } {
  const started = entries.find(({ kind }) => kind === 'run.started') as Entry
  return (decode(started.payload as string) as { input: { n: number } }).input
}

/** Asked for once, also when the process that was asked died and the next one was asked again. */
function judgeInputs(all: readonly History[]): readonly string[] {
  const outside = all.map((one) => inputOf(one).n).filter((n) => n >= firstOutside)
  return new Set(outside).size === outside.length ? [] : ['one start from outside began two runs']
}

/** Every run ended as its input demands. */
function judgeEnd(history: History): readonly string[] {
  const { row, entries, outcome } = history
  const input = inputOf(history)
  const end = expectedEnd(row.workflow, input)
  const what = `${row.workflow} ${row.run} (${JSON.stringify(input)})`
  if (row.status !== end.status) return [`${what} is ${row.status}: ${outcome}`]
  const ends = entries.filter(
    ({ kind }) => kind === 'run.completed' || kind === 'run.failed' || kind === 'run.cancelled',
  )
  if (ends.length !== 1) return [`${what} ended ${ends.length} times`]
  if (end.code !== undefined && row.code !== end.code) return [`${what} ended with ${row.code}`]
  if (end.results === undefined) return []
  const result = JSON.stringify(outcome === undefined ? undefined : decode(outcome))
  return end.results.some((one) => JSON.stringify(one) === result) ? [] : [`${what} has the result ${result}`]
}

/** What is recorded is recorded once, and is what was executed last; whatever a recorded result led to came after it. */
function judgeSteps(
  { row, live }: History,
  byCall: ReadonlyMap<string, readonly Placed[]>,
  folder: string,
): readonly string[] {
  const wrong: string[] = []
  const outcomes = new Map<string, Entry>()
  /** where the executions of each recorded step stand, in the order in which results were delivered */
  const delivered: { index: number; key: string; last: number }[] = []
  const began: { after: number; key: string; first: number }[] = []
  for (const entry of live) {
    if (entry.kind !== 'step.result' && entry.kind !== 'step.error') continue
    const say = (what: string): void => {
      wrong.push(`${row.workflow} ${row.run} ${entry.key} at ${entry.index}: ${what}`)
    }
    if (outcomes.has(entry.key)) say(`has an outcome at ${outcomes.get(entry.key)?.index} too`)
    outcomes.set(entry.key, entry)
    const name = stepName(entry.key)
    if (name.startsWith('child(')) continue
    const { input, outcome } = stepLines(entry)
    const { label } = input as Job
    const calls = byCall.get(`${row.run} ${name} ${label}`) ?? []
    if (entry.kind === 'step.result') {
      const recorded = (outcome as Done).nonce
      const last = name === 'ledgered' ? ledgerLines(folder, calls[0]?.idempotencyKey) : calls.map(({ nonce }) => nonce)
      if (last.at(-1) !== recorded) say(`records ${recorded}, but ${last.at(-1)} was executed last`)
      if (name === 'ledgered' && last.length !== 1) say(`took effect ${last.length} times`)
    } else if (name === 'once' && (outcome as { code?: unknown }).code !== 'OUTCOME_UNKNOWN') say('failed')
    if (calls.length === 0) continue
    delivered.push({ index: entry.index, key: entry.key, last: (calls.at(-1) as Placed).place })
    began.push({ after: entry.after, key: entry.key, first: (calls[0] as Placed).place })
  }
  // no effect begins before every entry that it depends on is durable
  began.sort((a, b) => a.after - b.after)
  let latest: (typeof delivered)[number] | undefined
  let next = 0
  for (const { after, key, first } of began) {
    for (let one = delivered[next]; one !== undefined && one.index <= after; one = delivered[++next])
      if (latest === undefined || one.last > latest.last) latest = one
    if (latest !== undefined && latest.last > first)
      wrong.push(
        `${row.workflow} ${row.run}: ${latest.key} was executed again after ${key}, which depends on it, had begun`,
      )
  }
  return wrong
}

function stepName(key: string): string {
  const last = key.slice(key.lastIndexOf('/') + 1).replace(/^@\d+\//, '')
  return last.slice(0, last.lastIndexOf('#'))
}

function ledgerLines(folder: string, key: string | undefined): readonly string[] {
  return key === undefined
    ? []
    : readFileSync(join(folder, 'ledger', key), 'utf8')
        .split('\n')
        .slice(0, -1)
}

/** The same call has the same idempotency key for ever; a process executes an attempt once; at-most-once means that. */
function judgeCalls(byCall: ReadonlyMap<string, readonly Placed[]>): readonly string[] {
  const wrong: string[] = []
  const keys = new Map<string, string>()
  for (const [call, executions] of byCall) {
    for (const key of new Set(executions.map(({ idempotencyKey }) => idempotencyKey))) {
      const other = keys.get(key)
      if (other !== undefined) wrong.push(`${call} and ${other} have the same idempotency key`)
      keys.set(key, call)
    }
    const used = new Set(executions.map(({ idempotencyKey }) => idempotencyKey))
    if (used.size > 1) wrong.push(`${call} had ${used.size} idempotency keys`)
    if (executions[0]?.step === 'once' && executions.length > 1)
      wrong.push(`${call} was executed ${executions.length} times`)
    const places = new Set(executions.map(({ pid, attempt }) => `${pid} ${attempt}`))
    if (places.size < executions.length) wrong.push(`${call} was executed twice in one attempt by one process`)
    if (executions.some(({ attempt }, i) => attempt < (executions[i - 1]?.attempt ?? 0)))
      wrong.push(`${call} went back to an earlier attempt`)
  }
  return wrong
}

/** What a transaction wrote is there as often as its result is recorded: once. */
function judgeTables(path: string, all: readonly History[]): readonly string[] {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const wrong: string[] = []
    const integrity = db.prepare('PRAGMA integrity_check').get()?.['integrity_check']
    if (integrity !== 'ok') wrong.push(`the file is damaged: ${integrity}`)
    const rows = db.prepare('SELECT run, label, nonce FROM transfers').all()
    const written = rows.map(({ run, label, nonce }) => `${run} ${label} ${nonce}`).sort()
    const recorded = all
      .flatMap(({ row, live }) =>
        live
          .filter(({ kind, key }) => kind === 'step.result' && stepName(key) === 'transfer')
          .map((entry) => {
            const { input, outcome } = stepLines(entry)
            return `${row.run} ${(input as Job).label} ${(outcome as Done).nonce}`
          }),
      )
      .sort()
    if (JSON.stringify(written) !== JSON.stringify(recorded)) {
      wrong.push(`${written.length} transfers are written and ${recorded.length} recorded`)
    }
    const total = db.prepare('SELECT total FROM balance').get()?.['total']
    if (total !== written.length) wrong.push(`the balance is ${total} after ${written.length} transfers`)
    return wrong
  } finally {
    db.close()
  }
}
