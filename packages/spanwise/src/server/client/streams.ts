import { errorOf } from './error.ts'
import { readMessages } from './sse.ts'
import type { CallOptions } from './types.ts'

/** Sends a request about one stream, with the caller's key and tenant. */
export type SendStream = (
  name: string,
  init: { readonly method: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  query: Readonly<Record<string, string>>,
  call: CallOptions,
) => Promise<Response>

export interface StreamFollowOptions extends CallOptions {
  /** `-1` for the beginning, `now` for the end, else an offset that was answered */
  readonly offset?: string
  /** told when the line is lost and found again */
  readonly onConnection?: (isConnected: boolean) => void
}

/** What was read of a stream. */
export interface StreamData<T> {
  /** of JSON */
  readonly messages: readonly T[]
  /** as text; what is neither text nor JSON as base64 */
  readonly text: string
  /** where to read on */
  readonly offset: string
}

/** Named streams over the Durable Streams protocol. */
export interface StreamsClient {
  create(name: string, options?: CallOptions & { readonly type?: string; readonly ttl?: number }): Promise<void>
  /** One message of a stream of JSON. Answers where the next one goes. */
  append(name: string, message: unknown, options?: CallOptions): Promise<string>
  close(name: string, options?: CallOptions): Promise<void>
  delete(name: string, options?: CallOptions): Promise<void>
  /** What is there and what comes, until it is closed; over lost connections and restarts of the server. */
  tail<T = unknown>(name: string, options?: StreamFollowOptions): AsyncGenerator<StreamData<T>>
}

/** how long is waited before the line is tried again, ms: longer each time */
const firstPause = 250
const longestPause = 10_000

export function streamsClient(send: SendStream): StreamsClient {
  const change = async (name: string, init: Parameters<SendStream>[1], call: CallOptions): Promise<Response> => {
    const response = await send(name, init, {}, call)
    if (!response.ok) throw await errorOf(response)
    return response
  }
  return {
    async create(name, { type = 'application/json', ttl, ...call } = {}) {
      const headers = { 'content-type': type, ...(ttl === undefined ? {} : { 'stream-ttl': String(ttl) }) }
      await change(name, { method: 'PUT', headers }, call)
    },
    async append(name, message, call = {}) {
      // in an array of its own: an array that is a message must not be taken for many
      const body = JSON.stringify([message])
      const headers = { 'content-type': 'application/json' }
      return (await change(name, { method: 'POST', headers, body }, call)).headers.get('stream-next-offset') ?? ''
    },
    async close(name, call = {}) {
      await change(name, { method: 'POST', headers: { 'stream-closed': 'true' } }, call)
    },
    async delete(name, call = {}) {
      await change(name, { method: 'DELETE' }, call)
    },
    tail: (name, options = {}) => tail(send, name, options) as AsyncGenerator<never>,
  }
}

async function* tail(
  send: SendStream,
  name: string,
  { offset = '-1', onConnection, ...call }: StreamFollowOptions,
): AsyncGenerator<StreamData<unknown>> {
  const { signal } = call
  let next = offset
  let pause = firstPause
  let isConnected = false
  const tell = (is: boolean): void => {
    if (is !== isConnected) onConnection?.(is)
    isConnected = is
  }
  while (!isAborted(signal)) {
    try {
      const response = await send(name, { method: 'GET' }, { live: 'sse', offset: next }, call)
      if (!response.ok || response.body === null) throw await errorOf(response)
      tell(true)
      pause = firstPause
      let text = ''
      for await (const { event, data } of readMessages(response.body)) {
        if (event === 'data') text = data
        if (event !== 'control') continue
        const control = JSON.parse(data) as { readonly streamNextOffset: string; readonly streamClosed?: boolean }
        next = control.streamNextOffset
        if (text !== '') yield { text, offset: next, messages: messagesOf(text) }
        text = ''
        if (control.streamClosed === true) return
      }
      continue
    } catch (error) {
      if (isAborted(signal)) return
      // what the server refuses it refuses again; what broke on the way may be whole in a moment
      const { status } = error as { readonly status?: number }
      if (status !== undefined && status < 500 && status !== 429) throw error
    }
    tell(false)
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(2 * pause, longestPause)
  }
}

/** Asked anew each time: it changes while one waits. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function messagesOf(text: string): readonly unknown[] {
  if (!text.startsWith('[')) return []
  try {
    return JSON.parse(text) as unknown[]
  } catch {
    // a text that only looks like it
    return []
  }
}
