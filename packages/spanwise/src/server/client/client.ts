import type { z } from 'zod'
import { type OperationName, operations } from '../operations.ts'
import type { runDetail, runEvent, runState } from '../schemas.ts'
import { errorOf } from './error.ts'
import { type Message, readMessages } from './sse.ts'
import { type StreamsClient, streamsClient } from './streams.ts'
import type { CallOptions, Download, Operations } from './types.ts'

export interface ClientOptions {
  /** of the server; the page's own origin in a browser */
  readonly url?: string
  /** API key or token of the OpenID provider, or what gets one for each request */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>)
  /** whose things are meant, where the caller has to do with several tenants */
  readonly tenant?: string
  /** why one looks at runs, where that is on record; a call may say its own */
  readonly reason?: string | (() => string | undefined)
  readonly fetch?: (request: Request) => Promise<Response>
}

export type RunSummary = z.output<typeof runState>
export type RunDetail = z.output<typeof runDetail>
export type RunEntry = z.output<typeof runEvent>

/** What one sees of a run while it goes. */
export type RunMessage =
  | { readonly type: 'entry'; readonly entry: RunEntry }
  | { readonly type: 'state'; readonly state: RunSummary & { readonly progress?: unknown } }
  | { readonly type: 'end'; readonly status: RunSummary['status'] }

export interface FollowOptions extends CallOptions {
  /** index of the first entry; 0 */
  readonly from?: number
  readonly payloads?: 'cut' | 'full' | 'none'
  /** told when the line is lost and found again */
  readonly onConnection?: (isConnected: boolean) => void
}

/** What a model call says. Parts are provisional; `cursor` is where to go on from. */
export type PartMessage = { readonly cursor: string } & (
  | {
      readonly type: 'part'
      readonly call: string
      readonly generation: number
      readonly n: number
      readonly part: { readonly type: string } & Readonly<Record<string, unknown>>
    }
  | { readonly type: 'again'; readonly call: string }
  | { readonly type: 'final'; readonly call: string; readonly event: RunEntry }
  /** where `events` are asked for */
  | { readonly type: 'event'; readonly event: RunEntry }
)

export interface StreamOptions extends CallOptions {
  /** `cursor` of the last message that was taken in */
  readonly after?: string
  /** tells what else is on record too, in its order; false */
  readonly events?: boolean
  readonly onConnection?: (isConnected: boolean) => void
}

export interface Client extends Operations {
  /** What happens in a run, until it ends; over lost connections and restarts of the server. */
  follow(run: string, options?: FollowOptions): AsyncGenerator<RunMessage>
  /** What a run’s model calls say while they say it; `again` voids what was told of a call, `final` is on record. */
  stream(run: string, options?: StreamOptions): AsyncGenerator<PartMessage>
  /** named streams */
  readonly streams: StreamsClient
}

/**
 * A client of the API, for browsers and Node.
 * @throws ApiError from its methods, with the server's code
 * @example
 * const spanwise = createClient({ url: 'http://127.0.0.1:4747' })
 * const run = await spanwise.startRun({ workflow: 'refund', input: { orderId: 'o-7' } })
 * for await (const message of spanwise.follow(run.id)) console.log(message)
 */
export function createClient(options: ClientOptions = {}): Client {
  const methods: Record<string, unknown> = {}
  for (const name of Object.keys(operations) as OperationName[]) {
    if (name === 'followRun' || name === 'streamRun') continue
    methods[name] = async (input: Readonly<Record<string, unknown>> = {}, call: CallOptions = {}) => {
      const response = await send(options, name, input, call)
      return downloads.has(name) ? response : response.json()
    }
  }
  return {
    ...(methods as unknown as Operations),
    follow: (run, how) => follow(options, run, how ?? {}),
    stream: (run, how) => stream(options, run, how ?? {}),
    streams: streamsClient(async (name, { headers, ...init }, query, call) => {
      const url = urlOf(options, `/streams/${name.split('/').map(encodeURIComponent).join('/')}`)
      for (const [field, value] of Object.entries(query)) url.searchParams.set(field, value)
      const signal = call.signal === undefined ? {} : { signal: call.signal }
      const all = await headersOf(options, call, headers ?? {})
      return (options.fetch ?? fetch)(new Request(url, { ...init, headers: all, ...signal }))
    }),
  }
}

const downloads: ReadonlySet<OperationName> = new Set<Download>(['bundleRun', 'exportSubject'])

async function send(
  options: ClientOptions,
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
  call: CallOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const [method, path] = operations[name]
  const rest = { ...input }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = rest[field]
    delete rest[field]
    return encodeURIComponent(String(value))
  })
  const url = urlOf(options, filled)
  const reads = method === 'GET' || method === 'DELETE'
  if (reads) {
    for (const [field, value] of Object.entries(rest)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== undefined) url.searchParams.append(field, String(one))
      }
    }
  }
  const headers = await headersOf(options, call, more)
  const reason = call.reason ?? (typeof options.reason === 'function' ? options.reason() : options.reason)
  // a header takes no other letters
  if (reason !== undefined) headers.set('spanwise-reason', encodeURIComponent(reason))
  if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey)
  if (!reads) headers.set('content-type', 'application/json')
  const request = new Request(url, {
    method,
    headers,
    ...(reads ? {} : { body: JSON.stringify(rest) }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  })
  const response = await (options.fetch ?? fetch)(request)
  if (!response.ok) throw await errorOf(response)
  return response
}

function urlOf(options: ClientOptions, path: string): URL {
  return new URL(path, options.url ?? (globalThis as { location?: { origin: string } }).location?.origin)
}

async function headersOf(
  options: ClientOptions,
  call: CallOptions,
  more: Readonly<Record<string, string>>,
): Promise<Headers> {
  const token = typeof options.token === 'function' ? await options.token() : options.token
  const tenant = call.tenant ?? options.tenant
  const headers = new Headers(more)
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
  if (tenant !== undefined) headers.set('spanwise-tenant', tenant)
  return headers
}

/** Asked anew each time: it changes while one waits. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

/** how long is waited before the line is tried again, ms: longer each time */
const firstPause = 250
const longestPause = 10_000

async function* follow(client: ClientOptions, run: string, options: FollowOptions): AsyncGenerator<RunMessage> {
  const { payloads } = options
  let { from = 0 } = options
  const input = () => ({ run, from, ...(payloads === undefined ? {} : { payloads }) })
  for await (const { event, data, id } of messages(client, 'followRun', input, options)) {
    if (event === 'entry') {
      from = Number(id) + 1
      yield { type: 'entry', entry: JSON.parse(data) as RunEntry }
    } else if (event === 'state') yield { type: 'state', state: JSON.parse(data) as RunSummary }
    else if (event === 'end') yield { type: 'end', status: (JSON.parse(data) as RunSummary).status }
  }
}

async function* stream(client: ClientOptions, run: string, options: StreamOptions): AsyncGenerator<PartMessage> {
  const { events } = options
  let { after } = options
  const input = () => ({
    run,
    ...(after === undefined ? {} : { after }),
    ...(events === undefined ? {} : { events }),
  })
  for await (const { event, data, id } of messages(client, 'streamRun', input, options)) {
    if (event === 'end') return
    after = id
    yield { ...(JSON.parse(data) as PartMessage), cursor: id as string }
  }
}

/** Messages of a stream until its `end`, over lost connections. @param input where to go on from */
async function* messages(
  client: ClientOptions,
  name: 'followRun' | 'streamRun',
  input: () => Readonly<Record<string, unknown>>,
  options: CallOptions & { readonly onConnection?: (isConnected: boolean) => void },
): AsyncGenerator<Message> {
  const { onConnection, signal } = options
  let pause = firstPause
  let isConnected = false
  const tell = (is: boolean): void => {
    if (is !== isConnected) onConnection?.(is)
    isConnected = is
  }
  while (signal === undefined || !isAborted(signal)) {
    try {
      const response = await send(client, name, input(), options)
      pause = firstPause
      tell(true)
      for await (const message of readMessages(response.body as ReadableStream<Uint8Array>)) {
        yield message
        if (message.event === 'end') return
      }
    } catch (error) {
      if (signal !== undefined && isAborted(signal)) return
      const { status } = error as { readonly status?: number }
      // refused, and asking again changes nothing
      if (status !== undefined && status < 500 && status !== 429) throw error
    }
    tell(false)
    await new Promise((resolve) => setTimeout(resolve, pause))
    pause = Math.min(2 * pause, longestPause)
  }
}
