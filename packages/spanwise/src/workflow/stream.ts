import { hash } from 'node:crypto'
import {
  checkStreamName,
  fromOffset,
  jsonText,
  SpanwiseError,
  type StreamAppend,
  type StreamData,
  type StreamRead,
  streamHub,
  streamMissing,
  streamRefused,
  toOffset,
  toStreamData,
} from '../journal/index.ts'
import { redactStreamData } from '../redaction/index.ts'
import { type Duration, milliseconds } from './duration.ts'
import { stepHome } from './model.ts'
import { frames } from './runtime/scope.ts'
import { callStep, type StepDefinition } from './step.ts'
import type { StepContext } from './types.ts'

export interface StreamOptions {
  /** `application/json`: each append is a message. Of other types it is bytes */
  readonly type?: string
  /** of a stream that the first append makes: it is gone when nobody has read or written it for so long */
  readonly ttl?: Duration
}

/** What was read of a stream. */
export interface StreamPart<T> {
  /** of JSON */
  readonly messages: readonly T[]
  /** as text; of JSON an array */
  readonly text: string
  /** where to read on */
  readonly offset: string
  /** it is closed, and this is its end */
  readonly isEnd: boolean
}

/** A named stream, as runs write and read it. */
export interface Stream<T> {
  readonly name: string
  /**
   * Once, however often the run is replayed or the step tried: in a step, its n-th append to a stream is the same one in every attempt,
   * and what an earlier attempt appended stays. The first append makes the stream.
   * @throws STREAM_CLOSED, STREAM_TYPE
   */
  append(value: T): Promise<void>
  /** About a megabyte from an offset on, or from the beginning. In a workflow it is on record what was read. */
  read(offset?: string): Promise<StreamPart<T>>
  /** What is there and what comes, until it is closed. In a workflow each part is a step: the run stays in memory while it waits. */
  tail(offset?: string): AsyncGenerator<StreamPart<T>>
  /** For ever. Its digest is sealed in the store's own history. Closing it again changes nothing. */
  close(): Promise<void>
}

/** bytes of one read, and ms of one wait */
const readLimit = 1024 * 1024
const patience = 30_000

/**
 * A named stream of the run's tenant, for workflows and steps. Others read and tail it with `app.streams`, or over HTTP.
 * @example
 * const progress = stream<{ done: number }>('imports/42')
 * await progress.append({ done: 10 })
 */
export function stream<T = unknown>(name: string, options: StreamOptions = {}): Stream<T> {
  checkStreamName(name)
  const { type = 'application/json' } = options
  const ttl = options.ttl === undefined ? undefined : milliseconds(options.ttl, 'ttl')
  const append = (add: StreamAppend['add'], isBody: boolean, context: StepContext, subject: string | undefined) =>
    change(
      name,
      { add, type, producer: producerOf(name, context, isBody), make: { type, ttl, subject, run: context.run.id } },
      context,
    )
  const read = async (offset: string | undefined, wait: number, context: StepContext): Promise<StreamPart<T>> => {
    const { hub, now } = home()
    const from = fromOffset(offset ?? '-1')
    const query = { tenant: context.run.tenant, name, from, limit: readLimit, now: now() }
    return toPart(name, await hub.await(query, wait, context.abortSignal))
  }
  /** more than there was, or its end */
  const next = async (offset: string | undefined, context: StepContext): Promise<StreamPart<T>> => {
    const from = offset === undefined ? 0 : fromOffset(offset)
    for (;;) {
      const part = await read(offset, patience, context)
      if (part.isEnd || fromOffset(part.offset) > from) return part
      context.abortSignal.throwIfAborted()
      context.heartbeat()
    }
  }
  const self: Stream<T> = {
    name,
    append: (value) => {
      const data = cleanData(toStreamData(type, value), type, name)
      // its content is in the stream and need not be in the history too
      const input = { name, digest: hash('sha256', data.data, 'base64url') }
      return place('append', input, (context, isBody, subject) =>
        append(data, isBody, context, subject),
      ) as Promise<void>
    },
    read: (offset) => place('read', { name, offset }, (context) => read(offset, 0, context)) as Promise<StreamPart<T>>,
    async *tail(offset) {
      for (let at = offset; ; ) {
        const from = at
        const part = (await place('tail', { name, offset: from }, (context) => next(from, context))) as StreamPart<T>
        yield part
        if (part.isEnd) return
        at = part.offset
      }
    },
    close: () => place('close', { name }, (context) => change(name, { close: true }, context)) as Promise<void>,
  }
  return self
}

/** By the rules of the run, or of the step around it. @throws VALUE_REFUSED */
function cleanData(data: StreamData, type: string, name: string): StreamData {
  const frame = frames.getStore()
  const redactor = frame?.kind === 'step' ? frame.models?.redactor : frame?.execution.redactor
  return redactor === undefined ? data : redactStreamData(data, type, name, redactor)
}

/** In a workflow it is a step; in a step it is part of it. */
function place(
  what: string,
  input: object,
  fn: (context: StepContext, isBody: boolean, subject: string | undefined) => Promise<unknown>,
): Promise<unknown> {
  const frame = frames.getStore()
  if (frame?.kind === 'step') return fn(frame.context, false, undefined)
  if (frame === undefined) return Promise.reject(outside())
  // for what it makes: what a step makes goes with its run
  const { subject } = frame.execution.started
  const definition: StepDefinition = {
    // its name is not part of the key: people may be in it
    name: `stream.${what}`,
    kind: 'function',
    options: what === 'append' || what === 'close' ? {} : { effect: 'idempotent' },
    input: undefined,
    output: undefined,
    reconcile: undefined,
    fn: ((_: unknown, context: StepContext) => fn(context, true, subject)) as StepDefinition['fn'],
  }
  return callStep(definition, input)
}

/** appends of one attempt, by stream */
const counts = new WeakMap<StepContext, Map<string, number>>()

function producerOf(name: string, context: StepContext, isBody: boolean): NonNullable<StreamAppend['producer']> {
  const id = context.idempotencyKey
  if (isBody) return { id, epoch: 0, seq: 0 }
  context.abortSignal.throwIfAborted()
  const known = counts.get(context) ?? new Map<string, number>()
  counts.set(context, known)
  const seq = known.get(name) ?? 0
  known.set(name, seq + 1)
  return { id, epoch: 0, seq }
}

async function change(name: string, order: Partial<StreamAppend>, { run }: StepContext): Promise<void> {
  const { hub, now } = home()
  const done = await hub.append({ tenant: run.tenant, name, by: `run ${run.id}`, at: now(), ...order })
  if (done.state !== 'ok' && done.state !== 'duplicate') throw streamRefused(name, done, order.type)
}

function home() {
  const found = stepHome()
  const store = found?.store
  if (found === undefined || store === undefined) throw outside()
  const now = (): number => found.clock.now()
  return { hub: streamHub(store, now), now }
}

function toPart<T>(name: string, read: StreamRead): StreamPart<T> {
  if (read.state !== 'ok') throw streamMissing(name, read.state)
  const { row, data, next } = read
  const text = row.json ? jsonText(data) : Buffer.from(data).toString('utf8')
  return {
    messages: row.json ? (JSON.parse(text) as T[]) : [],
    text,
    offset: toOffset(next),
    isEnd: next >= row.tail && row.closedAt !== undefined,
  }
}

function outside(): SpanwiseError {
  return new SpanwiseError({
    code: 'STREAM_OUTSIDE_RUN',
    message: 'A stream was used where there is no store: outside of a run, or on a thread of the pool.',
    hint: 'Use it in a workflow or in a step without a pool; programs use app.streams.',
  })
}
