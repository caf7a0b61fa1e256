import { inspect } from 'node:util'
import { encode } from '../../journal/index.ts'
import { type Log, readDocument, type StepContext } from '../../workflow/index.ts'
import type { FromThread, ThreadJob } from './wire.ts'

/** The step's context in the thread: what it is told goes to the context outside. */
export interface ThreadContext {
  readonly context: StepContext
  abort(reason: unknown): void
}

/** `receive` takes in what has arrived, without waiting for the event loop. */
export function threadContext(
  id: number,
  { context, step }: ThreadJob,
  post: (message: FromThread) => void,
  receive: () => void,
): ThreadContext {
  const controller = new AbortController()
  return {
    abort: (reason) => controller.abort(reason),
    context: {
      ...context,
      abortSignal: readable(controller.signal, receive),
      heartbeat: () => post({ id, type: 'heartbeat' }),
      progress: (value) => post({ id, type: 'progress', value: encode(value, `progress of "${step}"`) }),
      cite: (...documents) =>
        post({
          id,
          type: 'cite',
          value: encode(
            documents.map((one) => readDocument(one, step)),
            `documents of "${step}"`,
          ),
        }),
      log: threadLog(id, post),
    },
  }
}

/** A loop that keeps the event loop busy sees the abort when it looks at the signal: no event would reach it. */
function readable(signal: AbortSignal, receive: () => void): AbortSignal {
  const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted') as { get: () => boolean }
  const aborted = (): boolean => {
    if (!get.call(signal)) receive()
    return get.call(signal)
  }
  return Object.defineProperties(signal, {
    aborted: { get: aborted },
    throwIfAborted: {
      value: () => {
        if (aborted()) throw signal.reason
      },
    },
  })
}

function threadLog(id: number, post: (message: FromThread) => void): Log {
  const at =
    (level: keyof Log) =>
    (message: string, facts?: object): void =>
      post({ id, type: 'log', level, message, facts: facts === undefined ? undefined : encodeFacts(facts) })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Logging never fails a step: a fact that cannot be written is shown as text. */
function encodeFacts(facts: object): string {
  try {
    return encode(facts, 'facts')
  } catch {
    return encode(Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, writable(fact)])))
  }
}

function writable(fact: unknown): unknown {
  try {
    encode(fact, 'fact')
    return fact
  } catch {
    return inspect(fact)
  }
}
