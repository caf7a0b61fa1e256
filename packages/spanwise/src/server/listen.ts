import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import type { App, ServeOptions } from '../app/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import { isLoopback } from './guard.ts'
import { serve } from './serve.ts'

/** where `spanwise start` listens when nothing is said */
export const defaultPort = 4747
/** ports after the default one that are tried where it is taken */
const others = 20
/** how long a closing server still takes requests in, ms */
const drain = 300

export interface ListenOptions extends ServeOptions {
  /** 4747, or one of the next ones where that is taken; 0 takes any */
  readonly port?: number
  /** `127.0.0.1` */
  readonly host?: string
}

export interface Listening {
  /** like `http://127.0.0.1:4747` */
  readonly url: string
  readonly port: number
  /** Takes no new connections, ends streams, and answers what has arrived. */
  close(): Promise<void>
}

/**
 * Serves the app's API over HTTP. Whoever closes it closes it before the app, so that what was asked is answered.
 * @throws AUTH_REQUIRED, PORT_TAKEN
 * @example const { url } = await listen(app, { port: 4747 })
 */
export async function listen(app: App, options: ListenOptions = {}): Promise<Listening> {
  const { host = '127.0.0.1', port, ...rest } = options
  const server = serve(app, rest)
  if (server.isOpen && !isLoopback(host)) throw authRequired(host)
  let isClosing = false
  const http = createAdaptorServer({
    fetch: async (request: Request, { incoming }) => {
      const response = await server.fetch(request, { address: incoming.socket.remoteAddress })
      // the connection ends with this answer: its next request goes to whoever listens then
      if (isClosing) response.headers.set('connection', 'close')
      return response
    },
    hostname: host,
    serverOptions: { requestTimeout: 60_000, headersTimeout: 10_000 },
  }) as HttpServer
  await bind(http, host, port)
  const { port: taken } = http.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${taken}`,
    port: taken,
    async close() {
      isClosing = true
      server.close()
      // connections that are kept alive send their next request meanwhile, and learn with its answer that it was the last one
      await pause(drain)
      // not `http.close()`: it would cut off connections whose first request is on its way
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(http, () => resolve()))
      const sweep = setInterval(() => http.closeIdleConnections(), drain)
      await closed
      clearInterval(sweep)
    },
  }
}

async function bind(http: NetServer, host: string, port: number | undefined): Promise<void> {
  const first = port ?? defaultPort
  const last = port === undefined ? first + others : first
  for (let next = first; ; next++) {
    const error = await attempt(http, host, next)
    if (error === undefined) return
    if (error.code !== 'EADDRINUSE' || next >= last) throw cannotListen(host, next, error)
  }
}

function attempt(http: NetServer, host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(error)
    http.once('error', failed)
    http.listen(port, host, () => {
      http.off('error', failed)
      resolve(undefined)
    })
  })
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): SpanwiseError {
  const isTaken = cause.code === 'EADDRINUSE'
  return new SpanwiseError({
    code: isTaken ? 'PORT_TAKEN' : 'LISTEN_FAILED',
    message: isTaken
      ? `Port ${port} of ${host} is taken.`
      : `The server cannot listen at ${host}:${port}: ${cause.message}`,
    hint: 'Say another one: --port 0 takes any that is free.',
    cause,
  })
}

function authRequired(host: string): SpanwiseError {
  return new SpanwiseError({
    code: 'AUTH_REQUIRED',
    message: `The server does not listen at ${host} without authentication: others could reach it.`,
    hint: 'Give it `auth`, as docs/security.md shows, or listen at 127.0.0.1.',
  })
}
