import { randomUUID } from 'node:crypto'
import {
  type ForkOptions,
  type ForkPlan,
  historyFor,
  planFork,
  planResume,
  type ResumeOptions,
} from '../engine/index.ts'
import { decode, encode, isTerminal, type RunRow, type RunStatus, SpanwiseError } from '../journal/index.ts'
import { type Arg, NeedsAttentionError, parse, RunFailedError, readStarted, type Signal } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { type RunEvent, type RunState, toEvent } from './event.ts'
import { momentOf, type RunMoment } from './moment.ts'
import { sameId } from './same-id.ts'
import { type StateView, statesOf } from './states.ts'
import { type StreamEvent, type StreamOptions, streamRun } from './stream.ts'
import { unknownRun } from './unknown-run.ts'

/** The same `sendId` is the same request: repeating it is harmless. */
export interface Resend {
  readonly sendId?: string
}

export interface Run<O> {
  /** opaque, unique everywhere */
  readonly id: string
  /** how it stood when `start` had made it; undefined where it was there already, or the handle is from elsewhere */
  readonly atStart?: RunState
  status(): Promise<RunState>
  /**
   * The output, once there is one.
   * @throws RunFailedError when it failed or was cancelled, NeedsAttentionError when it parks (`onAttention: 'wait'` waits on)
   */
  result(options?: { readonly onAttention?: 'wait' | 'throw' }): Promise<O>
  /** the input as the run began with it */
  input(): Promise<unknown>
  /** the latest that the workflow or one of its steps said; kept while the run is under way */
  progress(): Promise<unknown>
  /** Told durably before this resolves. `sendId` makes repeating it harmless. */
  signal<I>(signal: Signal<I, unknown>, ...value: [...Arg<I>, options?: { readonly sendId?: string }]): Promise<void>
  /** History from an index on. With `follow`, new entries as they are committed, until the run ends. */
  events(options?: {
    readonly from?: number
    readonly follow?: boolean
    readonly limit?: number
  }): AsyncIterable<RunEvent>
  /**
   * What its model calls say while they say it, provisionally, and what is on record of each. A follower who was cut off goes on after the
   * last event that it took in, in this process or another one. Ends with the run.
   * @example
   * for await (const one of run.stream({ after: last })) {
   *   if (one.type === 'part' && one.part.type === 'text-delta') process.stdout.write(String(one.part.delta))
   *   last = one.cursor
   * }
   */
  stream(options?: StreamOptions): AsyncIterable<StreamEvent>
  /** Calls back after anything about the run has changed, progress included. Returns what ends it. */
  watch(changed: () => void): () => void
  cancel(reason: string, options?: Resend): Promise<void>
  /** Ends a run that needs attention as `failed`; compensations run. */
  giveUp(reason: string, options?: Resend): Promise<void>
  /** Goes on from the failed step, perhaps with another input or result for it. A dry run only says whether it could. */
  resume(options?: ResumeOptions & Resend & { readonly dryRun?: boolean }): Promise<void>
  /**
   * A new run whose history up to an entry is this one's. Effects that are not marked as idempotent happen in it only where `allow`
   * names them: it parks in front of the others.
   * @throws FORK_POINT, FORK_EDIT, INVALID_INPUT, ERASED
   */
  fork(options: ForkOptions & Resend): Promise<Run<O>>
  /** Forks that were made of this run itself, oldest first. */
  forks(): Promise<readonly { readonly id: string; readonly from: number }[]>
  /** The run as it stood when an entry had just been written. @throws ENTRY_UNKNOWN */
  at(index: number): Promise<RunMoment>
  /**
   * What a graph or an agent of this run stood at when its latest round was over, or the latest one up to an entry; `of` names which
   * (`graph(support)`). Undefined where there is none.
   */
  state(options?: { readonly at?: number; readonly of?: string }): Promise<StateView | undefined>
  /** The same for every round, oldest first. */
  states(options?: { readonly of?: string }): Promise<readonly StateView[]>
  /** What a fork would take over, and what would happen anew. Makes nothing. */
  planFork(options: ForkOptions): Promise<ForkPreview>
}

/** What a fork from this point would take over, and what would happen anew. */
export interface ForkPreview {
  readonly run: string
  readonly from: number
  /** the entry at the fork point; undefined behind the last one */
  readonly entry: RunEvent | undefined
  /** operation at the fork point that is done again */
  readonly redoes: string | undefined
  /** entries that are copied */
  readonly keeps: number
  /** operations that were under way at the point, and whose results are kept */
  readonly underWay: readonly string[]
  /** children that were under way: the fork waits for the same runs */
  readonly shares: readonly string[]
  /** decisions of people that are kept: history, not authority */
  readonly decided: number
  /** operations that this run did after the point */
  readonly later: readonly string[]
}

export function runHandle<O>(
  backend: Backend,
  id: string,
  now: () => number,
  release: string,
  /** as the start made it that the handle comes from */
  made?: RunRow,
): Run<O> {
  const read = async (): Promise<RunRow> => {
    const row = await backend.run(id)
    if (row === undefined) throw unknownRun(id)
    return row
  }
  const mail = async (
    kind: 'signal' | 'cancel' | 'give-up' | 'resume',
    name: string,
    payload: string | undefined,
    dedupe?: string,
  ): Promise<void> => {
    const sent = await backend.send({ run: id, kind, name, payload, dedupe, at: now() })
    if (sent.state === 'unknown run') throw unknownRun(id)
    if (sent.state === 'closed')
      throw new SpanwiseError({
        code: 'RUN_ENDED',
        message: `Run ${id} is ${sent.status}: it takes no ${kind} any more.`,
        hint: 'Start another run, or look at this one: spanwise runs show.',
        run: id,
      })
  }
  return {
    id,
    ...(made === undefined ? {} : { atStart: state(made, undefined) }),
    status: async () => state(await read(), (await backend.outcome(id))?.payload),
    result: (options) => waitForResult<O>(backend, id, options?.onAttention ?? 'throw'),
    async input() {
      const [started] = await backend.entries(id, (await read()).base, 1)
      return started === undefined ? undefined : readStarted(started).input
    },
    progress: () => backend.progress(id),
    async signal(signal, ...rest) {
      const [value, options] = rest as unknown as [unknown, { readonly sendId?: string } | undefined]
      await parse(signal.schema, value, 'INVALID_INPUT', `Signal "${signal.signalName}"`)
      await mail(
        'signal',
        signal.signalName,
        value === undefined ? undefined : encode(value, `signal "${signal.signalName}"`),
        options?.sendId,
      )
    },
    stream: (options = {}) => streamRun(backend, id, options),
    events: ({ from = 0, follow = false, limit } = {}) => readEvents(backend, id, from, follow, limit),
    watch: (changed) => backend.watch(id, () => changed()),
    cancel: (reason, again) => mail('cancel', '', encode({ reason }), again?.sendId),
    giveUp: (reason, again) => mail('give-up', '', encode({ reason }), again?.sendId),
    async resume(options = {}) {
      const row = await read()
      const order = planResume(id, await backend.entries(id, row.base), options)
      if (options.dryRun !== true) await mail('resume', '', encode(order), options.sendId)
    },
    async fork(options) {
      await read()
      const { sendId, ...how } = options
      const fork = sendId === undefined ? randomUUID() : sameId('fork', id, sendId)
      const { run } = await backend.fork({ ...how, source: id, run: fork, release, at: now() })
      return runHandle<O>(backend, run, now, release)
    },
    async forks() {
      await read()
      return (await backend.forks(id)).map(({ run, at }) => ({ id: run, from: at }))
    },
    async at(index) {
      await read()
      return momentOf(id, await allEvents(backend, id), index)
    },
    async state({ at = Number.POSITIVE_INFINITY, of } = {}) {
      await read()
      const events = await allEvents(backend, id)
      return statesOf(
        events.filter(({ index }) => index <= at),
        of,
      ).at(-1)
    },
    async states({ of } = {}) {
      await read()
      return statesOf(await allEvents(backend, id), of)
    },
    async planFork(options) {
      const plan = planFork(id, await historyFor(backend, await read(), options.from), options)
      return forkPreview(id, options.from, plan)
    },
  }
}

function forkPreview(run: string, from: number, plan: ForkPlan): ForkPreview {
  return {
    run,
    from,
    entry: plan.entry === undefined ? undefined : toEvent(plan.entry),
    redoes: plan.reopen,
    keeps: plan.kept,
    underWay: plan.underWay.filter(({ kind }) => kind !== 'note').map(({ key }) => key),
    shares: plan.children.map(({ run: child }) => child),
    decided: plan.decided,
    later: plan.later,
  }
}

function state(row: RunRow, outcome: string | undefined): RunState {
  const failed = row.status === 'failed' || row.status === 'cancelled' || row.status === 'needs attention'
  return {
    id: row.run,
    workflow: row.workflow,
    tenant: row.tenant,
    status: row.status,
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
    wakeAt: row.wakeAt === undefined ? undefined : new Date(row.wakeAt),
    error: failed && outcome !== undefined ? decode(outcome) : undefined,
    code: row.code,
    fingerprint: row.fingerprint,
    release: row.release,
    parent: row.parent?.run,
  }
}

export { state as runState }

async function waitForResult<O>(backend: Backend, id: string, onAttention: 'wait' | 'throw'): Promise<O> {
  for (;;) {
    let wake!: (() => void) | undefined
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    // watched before it is read, so that no end is missed
    let ended: { status: RunStatus; payload: string | undefined } | undefined
    const unwatch = backend.watch(id, (change) => {
      if (change === undefined) return
      if (isTerminal(change.status)) ended = { status: change.status, payload: change.outcome }
      if (isTerminal(change.status) || change.status === 'needs attention') wake?.()
    })
    try {
      const outcome = await backend.outcome(id)
      if (outcome === undefined) throw unknownRun(id)
      if (isTerminal(outcome.status)) return conclude<O>(id, outcome)
      if (outcome.status === 'needs attention' && onAttention === 'throw') {
        throw new NeedsAttentionError(id, outcome.payload === undefined ? undefined : decode(outcome.payload))
      }
      await changed
      if (ended !== undefined) return conclude<O>(id, ended)
    } finally {
      unwatch()
    }
  }
}

function conclude<O>(id: string, outcome: { readonly status: RunStatus; readonly payload: string | undefined }): O {
  const value = outcome.payload === undefined ? undefined : decode(outcome.payload)
  if (outcome.status === 'completed') return value as O
  throw new RunFailedError(id, outcome.status as 'failed' | 'cancelled', value)
}

async function* readEvents(
  backend: Backend,
  id: string,
  from: number,
  follow: boolean,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<RunEvent> {
  let next = from
  let left = limit
  for (;;) {
    let wake: (() => void) | undefined
    const changed = new Promise<void>((resolve) => {
      wake = resolve
    })
    const unwatch = follow ? backend.watch(id, () => wake?.()) : undefined
    try {
      const row = await backend.run(id)
      if (row === undefined) throw unknownRun(id)
      const page = Math.min(left, 1_000)
      const entries = await backend.entries(id, next, page)
      for (const entry of entries) {
        next = entry.index + 1
        left--
        yield toEvent(entry)
      }
      if (left <= 0) return
      if (entries.length === page) continue
      if (!follow || (isTerminal(row.status) && entries.length === 0)) return
      if (!isTerminal(row.status)) await changed
    } finally {
      unwatch?.()
    }
  }
}

export async function allEvents(backend: Backend, id: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of readEvents(backend, id, 0, false)) events.push(event)
  return events
}
