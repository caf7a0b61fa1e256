import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hash, type Respond, respondFromRecord } from './answer.ts'
import { embeddingsOf } from './embeddings.ts'
import { errorBody, type Fault, statusOf } from './fault.ts'
import { type Ledger, nothing, type Served } from './ledger.ts'
import { replyTo, type Wire } from './reply.ts'
import { type ModelRequest, readChat, readMessages, readResponses } from './request.ts'
import { type Pace, reset, sendStream, sendWhole } from './send.ts'
import { scaledTime } from './time.ts'
import { chat } from './wire-chat.ts'
import { messages } from './wire-messages.ts'
import { responses } from './wire-responses.ts'

export interface ProviderOptions {
  readonly respond?: Respond
  /** the fault of a request, by its number (from 0) and its time; faults of `fail` come first */
  readonly faults?: (call: { readonly n: number; readonly at: number; readonly model: string }) => Fault | undefined
  readonly pace?: Partial<Pace>
  /** how much faster than the clock the server's time runs: pauses, stalls and fault traces alike */
  readonly timeScale?: number
  /** keys that are accepted; absent: all */
  readonly keys?: readonly string[]
  readonly models?: readonly string[]
  /** limits that are enforced with a 429 and Retry-After, as providers do */
  readonly limits?: { readonly concurrent?: number; readonly perMinute?: number }
  readonly port?: number
  /** bodies and headers are kept in the ledger; false where millions of requests come */
  readonly keep?: boolean
}

export interface ProviderServer extends AsyncDisposable {
  /** both APIs: `createOpenAI({ baseURL })`, `createAnthropic({ baseURL })` */
  readonly baseURL: string
  readonly port: number
  readonly ledger: Ledger
  /** The next requests fail so, in this order; `undefined` lets one through. */
  fail(...faults: readonly (Fault | undefined)[]): void
  /** The port is closed and all connections reset, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** A server that speaks the HTTP APIs of OpenAI and Anthropic. It listens on loopback only. */
export async function startProvider(options: ProviderOptions = {}): Promise<ProviderServer> {
  const state = provider(options)
  const server = createServer((request, response) => void state.serve(request, response))
  // a slow test machine is not a slow client
  server.requestTimeout = 0
  server.keepAliveTimeout = 60_000
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  const shut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    port,
    ledger: state.ledger,
    fail: (...faults) => void state.queue.push(...faults),
    down: shut,
    up: () => listen(server, port),
    close: shut,
    [Symbol.asyncDispose]: shut,
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

const apis: Readonly<Record<string, { wire: Wire; read: (body: Readonly<Record<string, unknown>>) => ModelRequest }>> =
  {
    '/v1/chat/completions': { wire: chat, read: readChat },
    '/v1/responses': { wire: responses, read: readResponses },
    '/v1/messages': { wire: messages, read: readMessages },
  }

function provider(options: ProviderOptions) {
  const time = scaledTime(options.timeScale ?? 1)
  const queue: (Fault | undefined)[] = []
  const served: Served[] = []
  const minute: number[] = []
  const ledger = tally(served)
  let open = 0

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const text = await readBody(request)
    if (text === undefined) return
    open++
    try {
      const entry = await answer(request, response, text, gone.signal)
      if (entry) entry.took = time.now() - entry.at
    } catch (error) {
      // a test's own `respond` that throws has to be seen by the test
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`loopback-provider: ${(error as Error).stack}`)
    } finally {
      open--
    }
  }

  const answer = async (request: IncomingMessage, response: ServerResponse, text: string, gone: AbortSignal) => {
    const path = (request.url ?? '').replace(/\?.*/, '')
    const family = path === '/v1/messages' || request.headers['anthropic-version'] ? 'anthropic' : 'openai'
    response.setHeader(family === 'openai' ? 'x-request-id' : 'request-id', `req_${served.length}`)
    if (request.method === 'GET' && path.startsWith('/v1/models'))
      return listModels(response, path, options.models ?? [])

    const body = parse(text)
    const api = apis[path]
    const asked = api && body ? api.read(body) : undefined
    const n = served.length
    const at = time.now()
    const model = String(body?.['model'])
    const fault = queue.length ? queue.shift() : options.faults?.({ n, at, model })
    const entry: Served = {
      n,
      at,
      path,
      method: request.method ?? '',
      headers: options.keep === false ? {} : (request.headers as Record<string, string>),
      body: options.keep === false ? undefined : body,
      ...(asked && options.keep !== false ? { request: asked } : {}),
      ...(fault ? { fault } : {}),
      status: 200,
      billed: nothing,
      outcome: 'open',
      took: 0,
    }
    served.push(entry)
    const refuse = (
      status: number,
      headers: Readonly<Record<string, string>> = {},
      code?: string,
      html = false,
    ): Served => {
      entry.status = status
      entry.outcome = 'refused'
      response.writeHead(status, { 'content-type': html ? 'text/html' : 'application/json', ...headers })
      response.end(
        html ? `<html><body><h1>${status}</h1></body></html>` : JSON.stringify(errorBody(family, status, code)),
      )
      return entry
    }

    const key = request.headers['x-api-key'] ?? request.headers.authorization?.replace(/^Bearer /, '')
    if (options.keys && !options.keys.includes(String(key))) return refuse(401)
    if (!body || !(api || path === '/v1/embeddings')) return refuse(body ? 404 : 400)
    if (options.models && !options.models.includes(model)) return refuse(404, {}, 'model_not_found')
    const over = limited(at)
    if (over !== undefined) return refuse(429, { 'retry-after': String(over) })
    if (fault?.kind === 'reset' && (fault.after === 0 || asked?.stream !== true)) {
      entry.outcome = 'broken'
      reset(response)
      return entry
    }
    const status = fault && statusOf(fault, asked?.stream === true)
    if (status) {
      const after = status.retryAfter === undefined ? {} : { 'retry-after': String(status.retryAfter) }
      return refuse(status.status, after, status.code, status.body === 'html')
    }
    if (!asked || !api) {
      const { json, tokens } = embeddingsOf(body)
      await time.sleep((options.pace?.firstToken ?? 0) + (fault?.kind === 'slow' ? fault.ms : 0), gone)
      entry.billed = { ...nothing, input: tokens }
      entry.outcome = 'complete'
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(json))
      return entry
    }

    const reply = replyTo(
      asked,
      await (options.respond ?? respondFromRecord)(asked),
      fault,
      `${hash(text).slice(0, 12)}${n}`,
    )
    const pace = { firstToken: 0, perChunk: 0, ...options.pace }
    const sending = { response, wire: api.wire, reply, fault, served: entry, time, pace, gone }
    await (asked.stream ? sendStream(sending) : sendWhole(sending))
    return entry
  }

  /** seconds to wait, where a limit is reached */
  const limited = (at: number): number | undefined => {
    const { concurrent, perMinute } = options.limits ?? {}
    if (concurrent !== undefined && open > concurrent) return 1
    if (perMinute === undefined) return undefined
    while (minute[0] !== undefined && minute[0] <= at - 60_000) minute.shift()
    if (minute.length >= perMinute) return Math.ceil(((minute[0] ?? at) + 60_000 - at) / 1000)
    minute.push(at)
    return undefined
  }

  return { serve, queue, ledger }
}

function tally(served: readonly Served[]): Ledger {
  const sum = (of: (each: Served) => number): number => served.reduce((all, each) => all + of(each), 0)
  return {
    served,
    get calls() {
      return served.length
    },
    get open() {
      return sum((each) => (each.outcome === 'open' ? 1 : 0))
    },
    get inputTokens() {
      return sum((each) => each.billed.input)
    },
    get outputTokens() {
      return sum((each) => each.billed.output)
    },
  }
}

function listModels(response: ServerResponse, path: string, models: readonly string[]): undefined {
  const data = models.map((id) => ({
    id,
    object: 'model',
    type: 'model',
    display_name: id,
    created: 0,
    owned_by: 'loopback',
  }))
  const one = data.find(({ id }) => path === `/v1/models/${id}`)
  const found = path === '/v1/models' || one
  response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(one ?? (found ? { object: 'list', data, has_more: false } : errorBody('openai', 404))))
}

/** undefined where the client left before it was through */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  try {
    for await (const part of request) parts.push(part as Buffer)
  } catch {
    return undefined
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
