import { isTerminal, type RunStatus } from '../../journal/index.ts'
import type { Backend } from '../backend.ts'
import { costs } from '../costs.ts'
import { approvalsOf } from '../decisions/approvals.ts'
import { operationKey } from '../decisions/list.ts'
import { readStory, type Story } from '../decisions/record.ts'
import type { RunEvent } from '../event.ts'
import type { Sentence, Telling } from './tell.ts'
import { tellers, tellMany } from './tellers.ts'
import { dollars, howLong, moment, value } from './words.ts'

/** What happened in a run and why, as far as the record says: one sentence for each thing, with its entries. */
export interface Explanation {
  readonly run: string
  readonly workflow: string
  readonly status: RunStatus
  readonly sentences: readonly Sentence[]
}

/** so many of the same name are told in one sentence */
const fewest = 4
/** runs that the usual is the median of */
const compared = 100

export async function explainRun(backend: Backend, id: string): Promise<Explanation> {
  const story = await readStory(backend, id)
  const { status } = (await backend.run(id)) as { readonly status: RunStatus }
  const usual = isTerminal(status) ? await compare(backend, story) : undefined
  return {
    run: id,
    workflow: story.workflow,
    status,
    sentences: [...tellAll(story), ...open(story, status), ...(usual === undefined ? [] : [usual])].map(tidy),
  }
}

/** What is quoted may end with a full stop of its own. */
function tidy({ text, entries }: Sentence): Sentence {
  return { text: text.replace(/([.!?…]”)\./g, '$1'), entries }
}

function tellAll(story: Story): readonly Sentence[] {
  const { events } = story
  const telling: Telling = {
    ...story,
    of(event) {
      // of one that was done again, what came since
      const before = events.findLast(
        (other) => isOutcome(other) && other.key === event.key && other.index < event.index,
      )
      const from = before?.index ?? -1
      return events.filter(({ key, index }) => index > from && index <= event.index && operationKey(key) === event.key)
    },
  }
  const many = new Map<string, RunEvent[]>()
  for (const event of events) {
    if (!isOutcome(event)) continue
    const same = many.get(shape(event.key))
    if (same === undefined) many.set(shape(event.key), [event])
    else same.push(event)
  }
  return events.flatMap((event) => {
    const same = isOutcome(event) ? (many.get(shape(event.key)) ?? []) : []
    if (same.length >= fewest && !isNamed(event))
      return same.find((other) => !isNamed(other)) === event
        ? [
            tellMany(
              shape(event.key),
              same.filter((other) => !isNamed(other)),
            ),
          ]
        : []
    // what is inside a step is told with the step
    if (event.key !== operationKey(event.key)) return []
    const sentence = tellers[event.kind]?.(event, telling)
    return sentence === undefined ? [] : [sentence]
  })
}

const outcomes: ReadonlySet<RunEvent['kind']> = new Set(['step.result', 'step.error', 'model.result', 'model.error'])

function isOutcome({ kind, key }: RunEvent): boolean {
  return outcomes.has(kind) && key === operationKey(key)
}

/** A decision by name is told by itself, however many there are. */
function isNamed({ meta }: RunEvent): boolean {
  return meta['decision'] !== undefined && meta['decision'] !== false
}

/** The same operation of other items, rounds and occurrences. */
function shape(key: string): string {
  return key
    .replace(/\[[^\]]*\]/g, '[…]')
    .replace(/#\d+/g, '#0')
    .replace(/^@\d+\//, '')
}

/** What it waits for now. */
function open({ events }: Story, status: RunStatus): readonly Sentence[] {
  if (isTerminal(status) || status === 'needs attention') return []
  return approvalsOf(events)
    .filter(({ state }) => state === 'open')
    .map(({ question, role, askedAt, entries }) => ({
      text: `It waits for ${role === undefined ? 'a person' : `somebody with role ${role}`}, who was asked ${value(question)} on ${moment(askedAt)}.`,
      entries,
    }))
}

/** Time and money against the runs before it, so that what is said today is said tomorrow. */
async function compare(backend: Backend, story: Story): Promise<Sentence | undefined> {
  const { events, workflow, tenant } = story
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const own = events.filter(({ kind, meta }) => kind.startsWith('model.') && typeof meta['cost'] === 'number')
  const cost = own.reduce((sum, { meta }) => sum + BigInt(Math.round(Number(meta['cost']))), 0n)
  const before = await runsBefore(backend, story, first.at)
  const took = howLong(last.at.getTime() - first.at.getTime())
  const entries = own.length === 0 ? [first.index, last.index] : own.map(({ index }) => index)
  const paid = own.length === 0 ? '' : ` and cost ${dollars(cost)}`
  if (before.length === 0)
    return { text: `In all it took ${took}${paid}. There is no completed run before it to compare with.`, entries }
  const times = median(before.map(({ createdAt, updatedAt }) => BigInt(Math.round(updatedAt - createdAt))))
  let usually = howLong(Number(times))
  if (own.length > 0) {
    const since = new Date(Math.min(...before.map(({ createdAt }) => createdAt)))
    const { rows } = await costs(backend, { by: ['run'], workflow, tenant, since }, last.at.getTime())
    const byRun = new Map(rows.map(({ key, cost: sum }) => [key.run, sum]))
    usually += ` and ${dollars(median(before.map((one) => byRun.get(one.run) ?? 0n)))}`
  }
  const of = before.length === 1 ? 'one completed run' : `the median of ${before.length} completed runs`
  return {
    text: `In all it took ${took}${paid}; usual is ${usually} (${of} before it).`,
    entries,
  }
}

function median(all: readonly bigint[]): bigint {
  const sorted = [...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const middle = sorted.length >> 1
  const [low, high] = [sorted[middle - 1], sorted[middle]] as [bigint | undefined, bigint]
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2n
}

interface Before {
  readonly run: string
  readonly createdAt: number
  readonly updatedAt: number
}

async function runsBefore(backend: Backend, { run, workflow, tenant }: Story, at: Date): Promise<readonly Before[]> {
  const found: Before[] = []
  let after: string | undefined
  do {
    const page = await backend.list({ workflow, tenant, status: ['completed'], after, limit: compared })
    found.push(...page.items.filter((row) => row.run !== run && row.updatedAt <= at.getTime()))
    after = page.after
  } while (after !== undefined && found.length < compared)
  return found.slice(0, compared)
}
