import { decode, type Entry, type EntryKind, isStart } from '../../journal/index.ts'
import { withoutCovered } from './covered.ts'
import { contentOf } from './erased.ts'
import { withoutUnfinished } from './fork.ts'
import { type Dry, type Forked, readForkMark } from './fork-mark.ts'
import type { Recorded } from './model.ts'

/** Entries whose hand-over lets the code go on. */
const deliveries: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'step.result',
  'step.error',
  'timer.fired',
  'signal.received',
  'approval.decided',
  'child.started',
  'child.settled',
  'item.pulled',
  'model.result',
  'model.error',
  'run.cancelling',
])

/** Entries that show which operation the code asked for. */
const operations: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'step.intent',
  'step.attempt',
  'step.result',
  'step.error',
  'timer.fired',
  'approval.requested',
  'approval.decided',
  'child.started',
  'child.settled',
  'item.pulled',
  'model.call',
  'model.attempt',
  'model.result',
  'model.error',
])

export function isDelivery(kind: EntryKind): boolean {
  return deliveries.has(kind)
}

/** Between the key of a step and that of a model call inside it. */
export const inStep = '~'

/** The step that a model call was made in; undefined for one that the body made. */
function stepOf({ kind, key }: Entry): string | undefined {
  const at = kind.startsWith('model.') ? key.indexOf(inStep) : -1
  return at < 0 ? undefined : key.slice(0, at)
}

/** What a `run.resumed` entry says. */
export interface Resumption {
  /** the failure's delivery; undefined when nothing is superseded */
  readonly from: number | undefined
  /** operation whose failure it was: its outcome and attempts are dropped, so that it is open again */
  readonly reopen: string | undefined
  readonly edit?: { readonly key: string; readonly input: unknown } | undefined
  /** of a fork: further effects that may happen, and further results that are taken in place of effects */
  readonly allow?: readonly string[] | undefined
  readonly results?: Readonly<Record<string, unknown>> | undefined
}

interface Building {
  intent: Entry | undefined
  announcement: Entry | undefined
  attempts: Entry[]
  edited: { value: unknown; count: number } | undefined
  outcome: Entry | undefined
}

export function readRecorded(entries: readonly Entry[]): Recorded {
  const start = entries.findLast(isStart)
  if (start === undefined) throw new Error('a history begins with its start')
  const since = entries.filter((entry) => entry.index >= start.index)
  const edits = new Map<string, { value: unknown; count: number; index: number }>()
  const edit = ({ key, input }: { readonly key: string; readonly input: unknown }, index: number): void => {
    edits.set(key, { value: input, count: (edits.get(key)?.count ?? 0) + 1, index })
  }
  const childGenerations = new Map<string, number>()
  const reopened = new Set<string>()
  const forked: Forked[] = []
  const shared = new Set<string>()
  let dry: Dry | undefined
  let parked: Entry | undefined
  let live: Entry[] = []
  for (const entry of since) {
    if (entry.kind === 'run.forked') {
      parked = undefined
      const mark = readForkMark(entry)
      forked.push(mark)
      live = withoutUnfinished(
        live.filter((earlier) => !isSuperseded(earlier, { from: mark.index, reopen: mark.reopen })),
      )
      for (const { kind, meta } of live) if (kind === 'child.started') shared.add(String(meta['child']))
      if (mark.edit !== undefined) edit(mark.edit, entry.index)
      // what an earlier fork was allowed to do, this one is not
      dry = { allow: mark.allow, results: mark.results }
    } else if (entry.kind === 'run.resumed') {
      parked = undefined
      const resumption = decode(contentOf(entry)) as Resumption
      if (resumption.allow !== undefined || resumption.results !== undefined) {
        dry = {
          allow: [...(dry?.allow ?? []), ...(resumption.allow ?? [])],
          results: { ...dry?.results, ...resumption.results },
        }
      }
      for (const earlier of live)
        if (earlier.kind === 'child.started' && isSuperseded(earlier, resumption))
          childGenerations.set(earlier.key, (childGenerations.get(earlier.key) ?? 0) + 1)
      live = live.filter((earlier) => !isSuperseded(earlier, resumption))
      if (resumption.reopen !== undefined) reopened.add(resumption.reopen)
      if (resumption.edit !== undefined) edit(resumption.edit, entry.index)
    } else if (entry.kind === 'run.parked') parked = entry
    else live.push(entry)
  }
  const { snapshots, taken, rest } = withoutCovered(live)
  live = rest
  const rewritten = new Map<string, unknown>()
  for (const [key, chain] of snapshots) {
    const edited = edits.get(key)
    if (edited !== undefined && edited.index > (chain.at(-1) as Entry).index) rewritten.set(key, edited.value)
    edits.delete(key)
  }

  const stepCalls = new Map<string, Entry[]>()
  live = live.filter((entry) => {
    const step = stepOf(entry)
    if (step === undefined) return true
    const calls = stepCalls.get(step)
    if (calls === undefined) stepCalls.set(step, [entry])
    else calls.push(entry)
    return false
  })
  const byKey = new Map<string, Building>()
  const issuedAfter = new Map<number, Entry[]>()
  let lastIssuedAfter = -1
  for (const entry of live) {
    if (!operations.has(entry.kind)) continue
    let operation = byKey.get(entry.key)
    if (operation === undefined) {
      operation = {
        intent: undefined,
        announcement: undefined,
        attempts: [],
        edited: edits.get(entry.key),
        outcome: undefined,
      }
      byKey.set(entry.key, operation)
      const issued = issuedAfter.get(entry.after)
      if (issued === undefined) issuedAfter.set(entry.after, [entry])
      else issued.push(entry)
      if (entry.after > lastIssuedAfter) lastIssuedAfter = entry.after
    }
    if (entry.kind === 'step.intent' || entry.kind === 'model.call') operation.intent = entry
    else if (entry.kind === 'step.attempt' || entry.kind === 'model.attempt') operation.attempts.push(entry)
    else if (entry.kind === 'approval.requested' || entry.kind === 'child.started') operation.announcement = entry
    else operation.outcome = entry
  }
  for (const [key, edited] of edits)
    if (!byKey.has(key))
      byKey.set(key, { intent: undefined, announcement: undefined, attempts: [], edited, outcome: undefined })
  return {
    start,
    deliveries: live.filter((entry) => deliveries.has(entry.kind)),
    issuedAfter,
    lastIssuedAfter,
    operations: byKey,
    childGenerations,
    reopened,
    resumed: since.some(({ kind }) => kind === 'run.resumed'),
    forked,
    shared,
    dry,
    snapshots,
    rewritten,
    taken,
    stepCalls,
    notes: new Set(live.filter((entry) => entry.kind === 'note').map((entry) => entry.key)),
    withdrawn: new Set(live.filter((entry) => entry.kind === 'approval.withdrawn').map((entry) => entry.key)),
    parked,
  }
}

/** What is dropped when a failure delivered at `from` is resumed: the failure itself and all that was issued because of it. */
export function isSuperseded(
  entry: Pick<Entry, 'kind' | 'key' | 'after'>,
  resumption: Pick<Resumption, 'from' | 'reopen'>,
): boolean {
  if (resumption.from === undefined) return false
  if (isStart(entry) || entry.kind === 'signal.received') return false
  if (entry.key === resumption.reopen) return true
  return entry.after >= resumption.from
}
