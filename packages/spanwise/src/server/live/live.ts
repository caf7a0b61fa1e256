import type { Run, RunState, StreamOptions } from '../../app/index.ts'
import { isTerminal } from '../../journal/index.ts'
import { eventView } from '../views/run.ts'
import { eventMessage, message, type Payloads } from './message.ts'
import { eventStream } from './stream.ts'
import { Tail } from './tail.ts'

export interface Live {
  /** Resolves when the run has ended or needs attention, or at the abort. */
  settled(run: Run<unknown>, signal: AbortSignal): Promise<void>
  /** Server-sent events of a run, from an entry on. */
  stream(
    run: Run<unknown>,
    options: { readonly from: number; readonly payloads: Payloads; readonly signal: AbortSignal },
  ): Response
  /** Server-sent events of what its model calls say: provisional parts, then what is on record. */
  parts(run: Run<unknown>, options: StreamOptions & { readonly signal: AbortSignal }): Response
  /** Every stream ends; clients come back when there is somebody again. */
  close(): void
}

/** so that proxies see that somebody is there, ms */
const beat = 15_000

/** What happens in runs, told to however many look at it: each run is read once for all of them. */
export function createLive(): Live {
  const tails = new Map<string, Tail>()
  const closing = new AbortController()

  const join = (run: Run<unknown>, from: number): Tail => {
    let tail = tails.get(run.id)
    if (tail === undefined) {
      tail = new Tail(run, from)
      tails.set(run.id, tail)
    }
    tail.viewers++
    return tail
  }
  const leave = (run: Run<unknown>, tail: Tail): void => {
    tail.viewers--
    if (tail.viewers > 0) return
    tail.close()
    tails.delete(run.id)
  }

  async function* messages(run: Run<unknown>, from: number, payloads: Payloads, signal: AbortSignal) {
    let next = from
    let version = -1
    let told = ''
    // reconnecting after a second is soon enough, and gentle where many do so at once
    yield 'retry: 1000\n\n'
    const behind = async function* (): AsyncGenerator<string> {
      for await (const event of run.events({ from: next })) {
        if (signal.aborted) return
        next = event.index + 1
        yield eventMessage(event, payloads)
      }
    }
    yield* behind()
    const tail = join(run, next)
    try {
      while (!signal.aborted) {
        const { state, told: now } = tail
        const isNew = version !== tail.version
        version = tail.version
        const more = tail.since(next, payloads)
        if (more === undefined) {
          yield* behind()
          continue
        }
        let text = more.text
        next = more.next
        if (isNew && state !== undefined) {
          // only what is not known yet: most changes are entries
          if (now !== told) text += now
          told = now
          if (isTerminal(state.status)) {
            yield `${text}${message('end', { status: state.status })}`
            return
          }
        }
        if (text !== '') yield text
        if ((await tail.wait(version, signal, beat)) === 'late') yield ': \n\n'
      }
    } finally {
      leave(run, tail)
    }
  }

  return {
    async settled(run, signal) {
      const isSettled = ({ status }: RunState): boolean => isTerminal(status) || status === 'needs attention'
      const either = AbortSignal.any([signal, closing.signal])
      for (;;) {
        // watched before it is read, so that no change is missed
        const { promise, resolve } = Promise.withResolvers<void>()
        const unwatch = run.watch(resolve)
        const wake = (): void => resolve()
        either.addEventListener('abort', wake)
        try {
          if (isSettled(await run.status()) || either.aborted) return
          await promise
        } finally {
          unwatch()
          either.removeEventListener('abort', wake)
        }
      }
    },
    stream: (run, { from, payloads, signal }) =>
      eventStream((either) => messages(run, from, payloads, either), signal, closing.signal),
    parts: (run, { signal, ...from }) =>
      eventStream((either) => parts(run, { ...from, signal: either }), signal, closing.signal),
    close: () => closing.abort(),
  }
}

/** Their id is a cursor: whoever comes back with it goes on behind that part. */
async function* parts(
  run: Run<unknown>,
  options: StreamOptions & { readonly signal: AbortSignal },
): AsyncGenerator<string> {
  yield 'retry: 1000\n\n'
  for await (const { cursor, ...event } of run.stream(options)) {
    const data = 'event' in event ? { ...event, event: eventView(event.event, 'full') } : event
    yield message(event.type, data, cursor)
  }
  if (!options.signal.aborted) yield message('end', {})
}
