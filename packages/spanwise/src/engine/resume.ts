import {
  type ApprovalChange,
  decode,
  type Entry,
  encode,
  encodeCanonical,
  isStart,
  type Mail,
  type NewEntry,
  type RunRow,
  SpanwiseError,
  type Store,
} from '../journal/index.ts'
import {
  type ApprovalRequest,
  isSuperseded,
  type Resumption,
  readForkMark,
  readStarted,
  stepPayload,
  withoutUnfinished,
} from '../workflow/index.ts'
import { approvalId } from './approval-id.ts'
import { byKey } from './fork.ts'

/** What an operator may ask for when resuming. */
export interface ResumeOptions {
  /** another input, or a result, for the step that failed */
  readonly edit?: { readonly input: unknown } | { readonly result: unknown }
  /** of a fork: effects that may happen from now on, by the names or keys of their steps; `*` for all */
  readonly allow?: readonly string[]
  /** of a fork: results of steps that it comes to, by their keys, in place of executing them */
  readonly results?: Readonly<Record<string, unknown>>
  /** agrees that effects which happened after the failure are history and will happen again */
  readonly discard?: boolean
  readonly by?: string
}

/** Payload of the mail `resume`. */
export interface ResumeOrder extends Resumption {
  /** index of the `run.parked` that was looked at */
  readonly parked: number
  readonly by: string | undefined
  readonly discard: boolean
  readonly result?:
    | { readonly value: unknown; readonly attempt: number; readonly after: number; readonly input: string }
    | undefined
}

/**
 * What resuming this run would do, from its history.
 * @throws NOT_PARKED, NOTHING_TO_EDIT, RESUME_DISCARDS (names the effects that would be repeated)
 */
export function planResume(run: string, entries: readonly Entry[], options: ResumeOptions): ResumeOrder {
  const parked = lastParked(entries)
  if (parked === undefined)
    throw new SpanwiseError({
      code: 'NOT_PARKED',
      message: `Run ${run} does not need attention.`,
      hint: 'Only a parked run can be resumed: spanwise runs show says where a run stands.',
      run,
    })
  const failed = entries.find(
    ({ index, kind, key }) => index === parked.meta['from'] && kind === 'step.error' && !isPull(key),
  )
  const reopen =
    typeof parked.meta['operation'] === 'string' && parked.meta['from'] !== undefined
      ? parked.meta['operation']
      : undefined
  const from =
    typeof parked.meta['from'] === 'number'
      ? (handedOver(entries, reopen) ?? parked.meta['from'])
      : isReplayCode(parked.meta['code'])
        ? undefined
        : (parked.meta['last'] as number | undefined)
  const effects = repeatedBy(entries, { from, reopen })
  if (effects.length > 0 && options.discard !== true) {
    throw new SpanwiseError({
      code: 'RESUME_DISCARDS',
      message: `Resuming run ${run} goes back to before ${effects.join(', ')}: what these did would be done again.`,
      hint: 'Resume with { discard: true } (CLI: --discard) if repeating them is right; otherwise give the run up.',
      run,
    })
  }
  const { edit } = options
  if (edit !== undefined && failed === undefined && parked.meta['code'] !== 'FORK_DRY') {
    throw new SpanwiseError({
      code: 'NOTHING_TO_EDIT',
      message: `Run ${run} did not park at a failed step, so there is no input or result to replace.`,
      hint: 'Mend the code or the data and resume without an edit.',
      run,
    })
  }
  const order = {
    from,
    reopen,
    parked: parked.index,
    by: options.by,
    discard: options.discard === true,
    ...dryOrder(run, entries, parked, options),
  }
  if (edit === undefined || failed === undefined) return order
  if ('input' in edit) return { ...order, edit: { key: failed.key, input: edit.input } }
  const input = failed.payload?.slice(0, failed.payload.indexOf('\n')) ?? 'null'
  return { ...order, result: { value: edit.result, attempt: failed.attempt, after: failed.after, input } }
}

/** Writes a resume into the run's history; answers the history from then on, or undefined when the order is stale. */
export async function applyResume(
  store: Store,
  row: RunRow,
  entries: readonly Entry[],
  mail: Mail,
  now: number,
): Promise<readonly Entry[] | undefined> {
  const order = decode(mail.payload ?? 'null') as ResumeOrder
  const parked = lastParked(entries)
  const last = entries.at(-1) as Entry
  // a step that was in flight when the order was given may have taken effect since
  const surprise = !order.discard && repeatedBy(entries, order).length > 0
  if (parked === undefined || parked.index !== order.parked || surprise) {
    await store.append({ ref: row, epoch: row.epoch, entries: [], taken: [mail.id] })
    return undefined
  }
  const at = Math.max(now, last.at)
  const { from, reopen, edit, result, by, allow, results } = order
  const resumption: Resumption = {
    from,
    reopen,
    ...(edit === undefined ? {} : { edit }),
    ...(allow === undefined ? {} : { allow }),
    ...(results === undefined ? {} : { results }),
  }
  const fresh: NewEntry[] = [
    {
      index: last.index + 1,
      after: parked.after,
      at,
      kind: 'run.resumed',
      key: '',
      attempt: 0,
      meta: { parked: parked.index, ...(by === undefined ? {} : { by: store.info.token('actor', by) }) },
      payload: encode({ ...resumption, by }),
      subject: row.subject,
    },
  ]
  if (result !== undefined && reopen !== undefined) {
    const failed = entries.find((entry) => entry.index === from)
    fresh.push({
      index: last.index + 2,
      after: result.after,
      at,
      kind: 'step.result',
      key: reopen,
      attempt: result.attempt,
      meta: { edited: true },
      payload: stepPayload(result.input, encode(result.value, 'edited result')),
      // of an input that was redacted nobody can say what it was
      input: failed?.meta['redacted'] === undefined ? canonicalOf(result.input) : undefined,
      subject: failed?.subject,
    })
  }
  const answer = await store.append({
    ref: row,
    epoch: row.epoch,
    entries: fresh,
    row: { status: 'running' },
    taken: [mail.id],
    approvals: reopenedApprovals(entries, order),
    send: supersededChildren(entries, order).map((child) => ({
      run: child,
      kind: 'cancel',
      name: '',
      payload: encode({ reason: 'its parent was resumed from before it', by: `run ${row.run}` }),
      at,
    })),
  })
  return answer.state === 'fenced' ? undefined : store.entries(row.run, row.base)
}

/** What a fork may do, or need not do, from now on. */
function dryOrder(
  run: string,
  entries: readonly Entry[],
  parked: Entry,
  { edit, allow, results }: ResumeOptions,
): Pick<ResumeOrder, 'allow' | 'results' | 'edit'> {
  const key = parked.meta['code'] === 'FORK_DRY' ? String(parked.meta['dry']) : undefined
  const only = edit === undefined || key === undefined ? undefined : key
  if (only !== undefined && Number(parked.meta['dries']) > 1) {
    throw new SpanwiseError({
      code: 'NOTHING_TO_EDIT',
      message: `Run ${run} has parked in front of ${String(parked.meta['dries'])} steps at once: which one is edited is not clear.`,
      hint: 'Give their results by key: { results: { key: value } } (CLI: --edit-result key=json), or allow them.',
      run,
    })
  }
  if ((allow ?? results) !== undefined && !isDry(entries)) {
    throw new SpanwiseError({
      code: 'NOT_A_FORK',
      message: `Run ${run} is no fork: there is nothing that it waits to be allowed.`,
      hint: 'Resume it without allow and results.',
      run,
    })
  }
  const given = {
    ...byKey(results),
    ...(only !== undefined && edit !== undefined && 'result' in edit ? { [only]: edit.result } : {}),
  }
  return {
    ...(allow === undefined ? {} : { allow }),
    ...(Object.keys(given).length === 0 ? {} : { results: given }),
    ...(only !== undefined && edit !== undefined && 'input' in edit ? { edit: { key: only, input: edit.input } } : {}),
  }
}

function isDry(entries: readonly Entry[]): boolean {
  const start = entries.find(isStart)
  return (
    entries.some(({ kind }) => kind === 'run.forked') || (start !== undefined && readStarted(start).dry !== undefined)
  )
}

/** Reading an item of a source fails like a step, but has no input or result that could be replaced. */
function isPull(key: string): boolean {
  return /:item#\d+$/.test(key)
}

/** Code that had a handle of a child knew its id: with another child in its place, all of that is done again. */
function handedOver(entries: readonly Entry[], reopen: string | undefined): number | undefined {
  return liveEntries(entries).find(
    ({ kind, key, meta }) => kind === 'child.started' && key === reopen && meta['handle'] === true,
  )?.index
}

/** Keys of what was done and would be done again. The operation that failed is meant to be. */
export function repeatedBy(
  entries: readonly Entry[],
  resumption: Pick<Resumption, 'from' | 'reopen'>,
): readonly string[] {
  const done = liveEntries(entries).filter(
    (entry) => effects.has(entry.kind) && entry.key !== resumption.reopen && isSuperseded(entry, resumption),
  )
  return [...new Set(done.map((entry) => entry.key))]
}

/** an intent counts: its effect may have happened */
const effects: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>([
  'step.result',
  'step.intent',
  'child.started',
  // it would be paid for again
  'model.result',
])

/** Questions that were withdrawn because of the failure, and are open again. */
function reopenedApprovals(
  entries: readonly Entry[],
  resumption: Pick<Resumption, 'from' | 'reopen'>,
): readonly ApprovalChange[] {
  const { from } = resumption
  if (from === undefined) return []
  const live = liveEntries(entries).filter((entry) => !isSuperseded(entry, resumption))
  const settled = new Set(
    live.filter(({ kind }) => kind === 'approval.decided' || kind === 'timer.fired').map(({ key }) => key),
  )
  return live.flatMap(({ kind, key, index, run }) => {
    if (kind !== 'approval.withdrawn' || index < from || settled.has(key)) return []
    const asked = live.findLast((entry) => entry.kind === 'approval.requested' && entry.key === key)
    if (asked?.payload === undefined) return []
    const { role, expiresAt } = decode(asked.payload) as ApprovalRequest
    return [{ open: { id: approvalId(run, key), key, role, at: asked.at, expiresAt, entry: asked.index } }]
  })
}

/** Children that go on although nobody waits for them any more. */
function supersededChildren(
  entries: readonly Entry[],
  resumption: Pick<Resumption, 'from' | 'reopen'>,
): readonly string[] {
  const live = liveEntries(entries)
  // those before are the source's of the fork
  const own = entries.findLast(({ kind }) => kind === 'run.forked')?.index ?? 0
  const settled = new Set(live.filter(({ kind }) => kind === 'child.settled').map(({ key }) => key))
  return live
    .filter(
      (entry) =>
        entry.kind === 'child.started' &&
        entry.index > own &&
        entry.meta['abandoned'] !== true &&
        !settled.has(entry.key) &&
        isSuperseded(entry, resumption),
    )
    .map((entry) => String(entry.meta['child']))
}

/** Without what earlier resumes have superseded. */
function liveEntries(entries: readonly Entry[]): readonly Entry[] {
  let live: Entry[] = []
  for (const entry of entries) {
    if (entry.kind === 'run.forked') {
      const { index, reopen } = readForkMark(entry)
      live = withoutUnfinished(live.filter((earlier) => !isSuperseded(earlier, { from: index, reopen })))
    } else if (entry.kind !== 'run.resumed') live.push(entry)
    else {
      const resumption = decode(entry.payload ?? '{}') as Resumption
      live = live.filter((earlier) => !isSuperseded(earlier, resumption))
    }
  }
  return live
}

function canonicalOf(input: string): string {
  return encodeCanonical(decode(input), 'input')
}

function lastParked(entries: readonly Entry[]): Entry | undefined {
  const last = entries.findLast(({ kind }) => kind === 'run.parked' || kind === 'run.resumed' || kind === 'run.forked')
  return last?.kind === 'run.parked' ? last : undefined
}

/** Nothing that the code did is to blame: nothing is superseded. */
function isReplayCode(code: unknown): boolean {
  return (
    code === 'SHAPE_CHANGED' ||
    code === 'INPUT_CHANGED' ||
    code === 'NOT_ADVANCING' ||
    code === 'UNJOURNALED_WAIT' ||
    code === 'FORK_DRY'
  )
}
