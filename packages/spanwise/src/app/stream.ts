import { isTerminal, SpanwiseError } from '../journal/index.ts'
import type { Backend } from './backend.ts'
import { type RunEvent, toEvent } from './event.ts'
import type { Formed, Offset } from './forming.ts'
import { unknownRun } from './unknown-run.ts'

/**
 * What a follower of a run is told. Parts are provisional: shown before they are durable, and void when the call is asked
 * `again`. Only `final` is history. `cursor` is where to go on from after this event.
 */
export type StreamEvent =
  | {
      readonly type: 'part'
      readonly call: string
      readonly generation: number
      /** counts from 0 in each generation */
      readonly n: number
      /** a part of a stream, as the AI SDK has them: `{ type: 'text-delta', id, delta }` */
      readonly part: StreamPart
      readonly cursor: string
    }
  /** what was told of this call counts no more */
  | { readonly type: 'again'; readonly call: string; readonly cursor: string }
  /** the call's record: its answer, or why there is none */
  | { readonly type: 'final'; readonly call: string; readonly event: RunEvent; readonly cursor: string }
  /** where `events` are asked for: anything else that is on record, as states, nodes and tools of graphs and agents are */
  | { readonly type: 'event'; readonly event: RunEvent; readonly cursor: string }

export type StreamPart = { readonly type: string } & Readonly<Record<string, unknown>>

export interface StreamOptions {
  /** `cursor` of the last event that was taken in; the run's beginning when absent */
  readonly after?: string | undefined
  /** tells what else is on record too, in its order; false */
  readonly events?: boolean | undefined
  /** ends it */
  readonly signal?: AbortSignal | undefined
}

const page = 1_000

/** Follows a run to its end: parts of model calls as they form, what came of each call, and all else where it is asked for. */
export async function* streamRun(backend: Backend, id: string, options: StreamOptions): AsyncGenerator<StreamEvent> {
  const at = readCursor(options.after)
  const { signal, events = false } = options
  const cursor = (): string => writeCursor(at)
  for (;;) {
    const { promise: changed, resolve: wake } = Promise.withResolvers<void>()
    const unwatch = [backend.watch(id, () => wake()), backend.watch(id, () => wake(), 'forming')]
    signal?.addEventListener('abort', () => wake(), { once: true })
    try {
      if (signal?.aborted === true) return
      const row = await backend.run(id)
      if (row === undefined) throw unknownRun(id)
      // before the record is read: a part of a call is never told after what came of it
      const formed = await backend.forming(id, [...at.open.values()])
      for (const one of formed) if (one.entry === undefined || one.entry >= at.next) yield* parts(one, at, cursor)
      const entries = await backend.entries(id, at.next, page)
      for (const entry of entries) {
        const call = entry.key
        // whoever is cut off between the two goes on at the entry
        if (entry.kind === 'model.attempt' && at.open.delete(call)) yield { type: 'again', call, cursor: cursor() }
        at.next = entry.index + 1
        // in front of its record: what was said before it counts no more
        if (entry.kind === 'model.result' || entry.kind === 'model.error') {
          at.open.delete(call)
          yield { type: 'final', call, event: toEvent(entry), cursor: cursor() }
        } else if (events) yield { type: 'event', event: toEvent(entry), cursor: cursor() }
      }
      if (entries.length === page) continue
      if (isTerminal(row.status)) return
      await changed
    } finally {
      for (const stop of unwatch) stop()
    }
  }
}

function* parts({ call, generation, from, parts }: Formed, at: Cursor, cursor: () => string): Generator<StreamEvent> {
  const before = at.open.get(call)
  if (before !== undefined && before.generation !== generation) {
    at.open.delete(call)
    yield { type: 'again', call, cursor: cursor() }
  }
  let n = from
  for (const part of parts) {
    at.open.set(call, { call, generation, n })
    yield { type: 'part', call, generation, n, part: part as StreamPart, cursor: cursor() }
    n++
  }
}

interface Cursor {
  /** index of the entry that is read next */
  next: number
  /** of calls that form: what was told of them */
  readonly open: Map<string, Offset>
}

function writeCursor({ next, open }: Cursor): string {
  const calls = [...open.values()].map(({ call, generation, n }) => `${encodeURIComponent(call)}=${generation}.${n}`)
  return [next, ...calls].join('&')
}

/** @throws INVALID_CURSOR */
function readCursor(text = '0'): Cursor {
  const [next = '', ...calls] = text.split('&')
  const offsets = calls.map((one): Offset | undefined => {
    const found = /^([^=]+)=(\d{1,16})\.(\d{1,9})$/.exec(one)
    const call = found?.[1]
    return call === undefined ? undefined : { call: named(call), generation: Number(found?.[2]), n: Number(found?.[3]) }
  })
  if (!/^\d{1,15}$/.test(next) || offsets.includes(undefined)) throw invalidCursor(text)
  const open = (offsets as readonly Offset[]).map((one) => [one.call, one] as const)
  return { next: Number(next), open: new Map(open) }

  function named(call: string): string {
    try {
      return decodeURIComponent(call)
    } catch {
      throw invalidCursor(text)
    }
  }
}

function invalidCursor(text: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_CURSOR',
    message: `${JSON.stringify(text.slice(0, 100))} is no place in a stream.`,
    hint: 'Give the cursor of the last event, as it was.',
  })
}
