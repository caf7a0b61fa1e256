import {
  decode,
  type Entry,
  encode,
  encodeCanonical,
  isStart,
  type NewEntry,
  type NewFork,
  type RunRow,
  SpanwiseError,
  type Store,
} from '../journal/index.ts'
import {
  type ForkMark,
  isSuperseded,
  type Resumption,
  readForkMark,
  readStarted,
  type Started,
  startPayload,
  withoutUnfinished,
} from '../workflow/index.ts'
import { newSeed } from './identity.ts'

/** What a fork is asked for with. */
export interface ForkOptions {
  /** index of an entry: the history before it is kept; what it is about, and all that came after, happens anew */
  readonly from: number
  /**
   * Another input (of the run, where `from` is its start; else of the step), or the result of the step; or, where `from` is what a
   * graph or an agent stood at when a round was over, another state to go on from
   */
  readonly edit?: { readonly input: unknown } | { readonly result: unknown } | { readonly state: unknown }
  /** results of steps that the fork comes to, by their keys, in place of executing them */
  readonly results?: Readonly<Record<string, unknown>>
  /** effects that may happen, by the names or keys of their steps; `*` for all. Other effects park the fork in front of them */
  readonly allow?: readonly string[]
  readonly by?: string
}

/** The same, with all that is not the operator's to say. */
export interface ForkRequest extends ForkOptions {
  readonly source: string
  /** id of the fork, made by who asks, so that asking twice makes one fork */
  readonly run: string
  readonly release: string
  readonly at: number
}

/** What a fork from this point would take over, and what would happen anew. */
export interface ForkPlan {
  /** the entry that it is asked from; undefined behind the last one */
  readonly entry: Entry | undefined
  /** where the generation of the run begins that the point is in */
  readonly start: Entry
  /** entries of the source below this index are kept */
  readonly to: number
  /** operation that the entry is about, where it is done again */
  readonly reopen: string | undefined
  /** entries that are kept */
  readonly kept: number
  /** decisions of people among them: history, not authority */
  readonly decided: number
  /** results of what was under way at the point: kept too */
  readonly underWay: readonly Entry[]
  /** children that were under way: the fork waits for the same runs */
  readonly children: readonly { readonly run: string; readonly key: string }[]
  /** operations that came later in the source */
  readonly later: readonly string[]
  /** ms since 1970: the source's time at the point */
  readonly time: number
}

const results: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>(['step.result', 'model.result', 'note'])
const outcomes: ReadonlySet<Entry['kind']> = new Set<Entry['kind']>(['step.result', 'step.error', 'model.result'])

/**
 * @param entries of the source, from the generation on that the point is in; its first one too
 * @throws FORK_POINT, FORK_EDIT, ERASED
 */
export function planFork(run: string, entries: readonly Entry[], options: ForkOptions): ForkPlan {
  const { from } = options
  const last = entries.at(-1) as Entry
  const entry = entries.find(({ index }) => index === from)
  if (entry === undefined && from !== last.index + 1) {
    throw new SpanwiseError({
      code: 'FORK_POINT',
      message: `Run ${run} has no entry ${from}: its last one is ${last.index}.`,
      hint: `Choose one that spanwise runs show ${run} --entries lists, or ${last.index + 1} to go on from where it stands.`,
      run,
    })
  }
  const fromStart = entry !== undefined && isStart(entry)
  const isState = isRewritten(entry, options.edit)
  const to = fromStart || isState ? from + 1 : from
  const kept = entries.filter(({ index }) => index < to)
  const start = kept.findLast(isStart) as Entry
  const inGeneration = kept.filter(({ index }) => index >= start.index)
  const erased = inGeneration.find((one) => one.erased)
  if (erased !== undefined && !(fromStart && hasInput(options.edit))) throw erasedError(run, erased.index)
  const reopen =
    entry !== undefined && (entry.kind.startsWith('step.') || entry.kind.startsWith('model.')) ? entry.key : undefined
  const live = withoutUnfinished(liveAt(inGeneration).filter(({ key }) => reopen === undefined || key !== reopen))
  const done = new Set(live.filter(({ kind }) => outcomes.has(kind)).map(({ key }) => key))
  checkEdit(run, options, entry, (fromStart && hasInput(options.edit)) || isState, reopen, done)
  const begun = fromStart ? [] : stillUnderWay(entries, from, reopen, done)
  // what a round did with the state that is replaced is not what it does with another
  const anew = isState ? begun.filter(({ key }) => !key.startsWith(`${entry?.key}[`)) : begun
  // a fork undoes what it did itself, unless its source was undoing already
  const undoes = live.some(({ key, kind }) => isUndoing(key) && outcomes.has(kind))
  const underWay = undoes ? anew : anew.filter(({ key }) => !isUndoing(key))
  const ended = new Set(live.filter(({ kind }) => kind === 'child.settled').map(({ key }) => key))
  const known = new Set([...live, ...underWay].map(({ key }) => key))
  const later = entries.filter(
    ({ index, kind, key }) =>
      index >= to && key !== '' && kind !== 'note' && kind !== 'scope.snapshot' && !known.has(key),
  )
  return {
    entry,
    start,
    to,
    reopen,
    kept: inGeneration.length,
    decided: live.filter(({ kind }) => kind === 'approval.decided').length,
    underWay,
    children: live
      .filter(({ kind, key }) => kind === 'child.started' && !ended.has(key))
      .map(({ meta, key }) => ({ run: String(meta['child']), key })),
    later: [...new Set(later.map(({ key }) => key))],
    time: (kept.at(-1) as Entry).at,
  }
}

/** In later generations keys begin with the generation's number. */
function isUndoing(key: string): boolean {
  return /^(@\d+\/)?compensate#0\//.test(key)
}

function hasState(edit: ForkOptions['edit']): boolean {
  return edit !== undefined && 'state' in edit
}

/** A state that a loop goes on from, and another one is given: the fork begins behind it. */
function isRewritten(entry: Entry | undefined, edit: ForkOptions['edit']): boolean {
  if (entry?.kind !== 'scope.snapshot' || !hasState(edit)) return false
  return typeof entry.meta['round'] === 'number' && entry.meta['done'] !== true
}

function hasInput(edit: ForkOptions['edit']): boolean {
  return edit !== undefined && 'input' in edit
}

/** Without what resumes and earlier forks had superseded by then. */
function liveAt(entries: readonly Entry[]): readonly Entry[] {
  let live: Entry[] = []
  for (const entry of entries) {
    const dropped = supersedes(entry)
    if (dropped === undefined) live.push(entry)
    else live = live.filter((earlier) => !isSuperseded(earlier, dropped))
    if (entry.kind === 'run.forked') live = withoutUnfinished(live)
  }
  return live
}

function supersedes(entry: Entry): Pick<Resumption, 'from' | 'reopen'> | undefined {
  if (entry.kind === 'run.resumed') return decode(entry.payload ?? '{}') as Resumption
  if (entry.kind !== 'run.forked') return undefined
  const { index, reopen } = readForkMark(entry)
  return { from: index, reopen }
}

/**
 * Asked for before the point, and done after it: repeating these would be doing them twice. Only results: a failure, a timer, a
 * signal, a decision that came after the point is not the fork's.
 */
function stillUnderWay(
  entries: readonly Entry[],
  from: number,
  reopen: string | undefined,
  done: ReadonlySet<string>,
): readonly Entry[] {
  let found: Entry[] = []
  // done with an input that the code does not pass: an operator's, given after the point
  const edited = new Set<string | undefined>()
  for (const entry of entries) {
    if (entry.index < from) continue
    const dropped = supersedes(entry)
    if (entry.kind === 'run.resumed') edited.add((decode(entry.payload ?? '{}') as Resumption).edit?.key)
    if (dropped !== undefined) found = found.filter((earlier) => !isSuperseded(earlier, dropped))
    else if (edited.has(entry.key)) continue
    else if (results.has(entry.kind) && entry.after < from && entry.index !== from && !entry.erased)
      if (entry.key !== reopen && !done.has(entry.key) && entry.meta['late'] === undefined) found.push(entry)
  }
  return found
}

function checkEdit(
  run: string,
  { edit, results: given }: ForkOptions,
  entry: Entry | undefined,
  isEditable: boolean,
  reopen: string | undefined,
  done: ReadonlySet<string>,
): void {
  const fits = reopen === undefined ? isEditable : !hasState(edit)
  if (edit !== undefined && !fits) {
    const about = entry === undefined ? 'behind the last entry' : `entry ${entry.index}, ${entry.kind}`
    throw new SpanwiseError({
      code: 'FORK_EDIT',
      message: `There is nothing to edit at the fork point (${about}): that can be the input of a run, the input or the result of a step, or the state of a graph or an agent.`,
      hint: 'Fork from the first entry of the run for another input, from an entry of the step, or from an entry of the kind scope.snapshot that run.states() names.',
      run,
    })
  }
  for (const key of Object.keys(byKey(given)))
    if (done.has(key)) {
      throw new SpanwiseError({
        code: 'FORK_EDIT',
        message: `${key} was done before the fork point: its result is part of the history that is kept.`,
        hint: 'Fork from its entry, or from one before it.',
        run,
      })
    }
}

/** `charge` is `charge#0`, the first of its name. */
export function byKey(given: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given ?? {}).map(([key, value]) => [/#\d+$/.test(key) ? key : `${key}#0`, value]),
  )
}

/** Reads what planning a fork needs: the run's first entry, and everything of the generation that the point is in. */
export async function historyFor(
  store: Pick<Store, 'entries'>,
  row: Pick<RunRow, 'run' | 'base'>,
  from: number,
): Promise<readonly Entry[]> {
  if (from < row.base || row.base === 0) return store.entries(row.run, 0)
  return [...(await store.entries(row.run, 0, 1)), ...(await store.entries(row.run, row.base))]
}

/** Makes the fork, durably and at once. `parse` is there where the workflow's code is at hand. */
export async function forkRun(
  store: Store,
  request: ForkRequest,
  parse?: (workflow: string, input: unknown) => Promise<unknown>,
): Promise<RunRow> {
  const row = await store.run(request.source)
  if (row === undefined) throw unknownSource(request.source)
  const entries = await historyFor(store, row, request.from)
  const plan = planFork(row.run, entries, request)
  const forked = await store.fork(await newFork(store, row, entries[0] as Entry, plan, request, parse))
  if (forked.state === 'unknown source') throw unknownSource(request.source)
  return forked.row
}

async function newFork(
  store: Store,
  row: RunRow,
  first: Entry,
  plan: ForkPlan,
  request: ForkRequest,
  parse: ((workflow: string, input: unknown) => Promise<unknown>) | undefined,
): Promise<NewFork> {
  const { start, to } = plan
  const { run, source, from, edit, at } = request
  // from its first entry: another run of its own; anything later knows what the source had drawn
  const isNew = from === 0
  const atStart = plan.entry !== undefined && isStart(plan.entry)
  const input = atStart && edit !== undefined && 'input' in edit ? await parsed(row.workflow, edit.input, parse) : {}
  const begun = begunWith(first, isNew ? input : {})
  const markAt = Math.max(at, plan.time)
  const mark: ForkMark = {
    source,
    at: from,
    reopen: plan.reopen,
    allow: request.allow ?? [],
    salt: run,
    shift: isNew ? 0 : markAt - plan.time,
    results: {
      ...byKey(request.results),
      ...(plan.reopen !== undefined && edit !== undefined && 'result' in edit ? { [plan.reopen]: edit.result } : {}),
    },
    ...markedEdit(plan, edit),
  }
  const by = request.by === undefined ? {} : { by: store.info.token('actor', request.by) }
  const entries: NewEntry[] = [
    {
      index: to,
      after: to - 1,
      at: markAt,
      kind: 'run.forked',
      key: '',
      attempt: 0,
      meta: { source, at: from, ...by },
      payload: encode({ ...mark, by: request.by }, 'edit'),
    },
    ...plan.underWay.map((entry, i) => movedTo(entry, to + 1 + i, markAt)),
  ]
  const replaced = !isNew && atStart && 'input' in input
  if (replaced) entries.unshift(continuedWith(start, input))
  const { begins } = first.meta
  const left = row.deadline === undefined ? undefined : row.deadline - plan.time
  return {
    run,
    source,
    point: from,
    workflow: row.workflow,
    tenant: row.tenant,
    id: run,
    inputToken: store.info.token('input', run),
    wakeAt: at,
    priority: row.priority,
    // what was left of it; none that is over already
    deadline: left === undefined || left <= 0 ? undefined : markAt + left,
    release: request.release,
    subject: begun.subject,
    // it is an experiment: what is done to runs with a tag is not done to it
    tags: [],
    at,
    started: {
      index: 0,
      after: 0,
      at: isNew ? at : first.at,
      kind: 'run.started',
      key: '',
      attempt: 0,
      meta: {
        workflow: row.workflow,
        release: request.release,
        forkOf: source,
        forkAt: from,
        ...(isNew || begins === undefined ? {} : { begins }),
      },
      payload: startPayload({ ...begun, seed: isNew ? newSeed() : begun.seed, id: undefined, tags: [] }),
    },
    copy: { from: start.index === 0 ? 1 : start.index + (replaced ? 1 : 0), to, base: start.index },
    entries,
    children: plan.children,
  }
}

function markedEdit({ reopen, entry }: ForkPlan, edit: ForkOptions['edit']): Pick<ForkMark, 'edit'> {
  if (entry !== undefined && edit !== undefined && 'state' in edit)
    return { edit: { key: entry.key, input: edit.state } }
  return reopen !== undefined && edit !== undefined && 'input' in edit
    ? { edit: { key: reopen, input: edit.input } }
    : {}
}

type Given = { readonly input?: unknown; readonly unparsed?: boolean }

async function parsed(
  workflow: string,
  input: unknown,
  parse: ((workflow: string, input: unknown) => Promise<unknown>) | undefined,
): Promise<Given> {
  return parse === undefined ? { input, unparsed: true } : { input: await parse(workflow, input), unparsed: false }
}

function begunWith(first: Entry, input: Given): Started {
  const before = first.payload === undefined && 'input' in input ? noInput : readStarted(first)
  return { ...before, ...input }
}

/** of a run whose input was erased, and is given anew */
const noInput: Started = {
  input: undefined,
  seed: '',
  generation: 0,
  mailbox: [],
  compensations: [],
  id: undefined,
  tags: [],
  subject: undefined,
  team: undefined,
}

function continuedWith(start: Entry, input: Given): NewEntry {
  const { index, after, at, kind, key, attempt, meta, subject } = start
  const payload = encode({ ...readStarted(start), ...input }, 'input')
  return { index, after, at, kind, key, attempt, meta, payload, subject }
}

function movedTo(entry: Entry, index: number, at: number): NewEntry {
  const { after, kind, key, attempt, meta, payload, subject, commitments } = entry
  // of an input that was redacted nobody can say what it was
  const isWhole = kind === 'step.result' && commitments.input !== undefined && meta['redacted'] === undefined
  const line = isWhole ? payload?.indexOf('\n') : undefined
  const input =
    line === undefined || line < 0 ? undefined : encodeCanonical(decode(payload?.slice(0, line) ?? ''), 'input')
  return { index, after, at, kind, key, attempt, meta, payload, input, subject }
}

function erasedError(run: string, index: number): SpanwiseError {
  return new SpanwiseError({
    code: 'ERASED',
    message: `Entry ${index} of run ${run} was erased: a fork cannot go on from behind it.`,
    hint: 'Fork the run from that entry or from one before it.',
    run,
  })
}

function unknownSource(run: string): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `There is no run ${run} in this store.`,
    hint: 'Check the id and the store: spanwise runs lists what is there.',
    run,
  })
}
