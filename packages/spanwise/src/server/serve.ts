import { hash } from 'node:crypto'
import { userInfo } from 'node:os'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import type { ServeOptions } from '../app/index.ts'
import { type App, healthHandler, jsonable, version } from '../app/index.ts'
import { isSpanwiseError } from '../journal/index.ts'
import type { Log } from '../workflow/index.ts'
import { readersOf } from './access.ts'
import { admit } from './admit.ts'
import { type Authenticator, bearers, openToLoopback, unauthenticated } from './authenticate.ts'
import { limitBodies } from './body.ts'
import type { Caller } from './caller.ts'
import { checkHost, checkOrigin, isLoopbackAddress } from './guard.ts'
import { createLive, type Live } from './live/index.ts'
import { openApi } from './openapi.ts'
import { operations } from './operations.ts'
import { problemResponse } from './problem.ts'
import { rateLimit } from './rate.ts'
import { readBody, readTexts } from './read.ts'
import { badRequest, notFound } from './refusals.ts'
import type { Call, Route, Scopes, TenantRule } from './route.ts'
import { routes } from './routes/index.ts'
import { answerStream, Refusal, streamHeaders, streamRoot } from './streams/index.ts'
import { openStudio } from './studio.ts'

/** An API to mount anywhere that speaks `Request` and `Response`. */
export interface Server {
  /** @param peer where it comes from, when that is known */
  fetch(request: Request, peer?: { readonly address?: string | undefined }): Promise<Response>
  /** whether somebody has to say who they are */
  readonly isOpen: boolean
  /** Streams end, so that whoever has them comes back to the next server; other requests are answered. */
  close(): void
}

type Env = { Bindings: { readonly address?: string | undefined } }

/** headers that only somebody in between sends: then the other end of the socket is not the caller */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * The API of an app, and the studio where it is installed.
 * @example
 * const server = serve(app)
 * Deno.serve((request) => server.fetch(request))
 */
export function serve(app: App, options: ServeOptions = {}): Server {
  const { bodyLimit: maxSize = 1024 * 1024, log = quiet, origins = [] } = options
  const authenticator = options.auth === undefined ? openToLoopback(localUser()) : bearers(app, options.auth)
  const { isOpen } = authenticator
  const rate = options.rate ?? (isOpen ? false : { perSecond: 100, burst: 200 })
  const letThrough = rate === false ? () => {} : rateLimit(rate)
  const letFail = rateLimit(failures)
  const live = createLive()
  const readAs = readersOf(app)
  let isClosing = false
  const document = JSON.stringify(openApi(version()), undefined, 2)
  const hono = new Hono<Env>({ strict: false })

  hono.onError((error) =>
    error instanceof Refusal ? problemResponse(error.error, log, error.headers) : problemResponse(error, log),
  )
  hono.notFound((context) => problemResponse(notFound(new URL(context.req.url).pathname), log))
  hono.use(secureHeaders(headers))
  hono.use(async (context, next) => {
    const url = new URL(context.req.url)
    // who sends a webhook is said by its signature, wherever it comes from
    if (url.pathname.startsWith('/webhooks/')) return next()
    checkHost(url, options, isOpen)
    if (isOpen) checkPeer(context)
    checkOrigin(context.req.raw, url, options)
    await next()
  })
  if (origins.length > 0) {
    hono.use('/api/*', cors({ origin: [...origins], exposeHeaders: ['Location'], maxAge: 600 }))
    hono.use(
      `${streamRoot}*`,
      cors({ origin: [...origins], exposeHeaders: ['Location', ...streamHeaders], maxAge: 600 }),
    )
  }
  const limit = limitBodies(maxSize, (error) => problemResponse(error, log))
  for (const path of ['/api/*', `${streamRoot}*`, '/webhooks/*']) hono.use(path, limit)
  const probe = healthHandler({
    health: async () => (isClosing ? { live: true, ready: false, reasons: ['The server is closing.'] } : app.health()),
  })
  hono.get('/livez', (context) => probe(context.req.raw))
  hono.get('/readyz', (context) => probe(context.req.raw))
  hono.get('/openapi.json', (context) => context.body(document, 200, { 'content-type': 'application/json' }))
  hono.post('/webhooks/:name', (context) => takeWebhook(app, context, letFail))
  for (const [name, [method, path]] of Object.entries(operations)) {
    const route = routes[name as keyof typeof routes] as unknown as Route
    const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
    hono.on(method, pattern, (context) =>
      answer(context, route, { app, readAs, live, authenticator, letThrough, letFail }),
    )
  }
  const closing = new AbortController()
  hono.on(['GET', 'PUT', 'POST', 'DELETE'], `${streamRoot}*`, (context) =>
    stream(context, { app, readAs, live, authenticator, letThrough, letFail }, closing.signal),
  )
  const studio = options.studio === false ? undefined : openStudio(options.studio)
  if (studio !== undefined) hono.get('*', (context) => studio(context.req.raw))

  return {
    fetch: async (request, peer = {}) => hono.fetch(request, peer),
    isOpen,
    close: () => {
      isClosing = true
      live.close()
      closing.abort()
    },
  }
}

interface Serving {
  readonly app: App
  readonly readAs: (caller: Caller, request: Request) => App
  readonly live: Live
  readonly authenticator: Authenticator
  /** of each caller */
  readonly letThrough: (caller: string) => void
  /** of each address that sends wrong keys */
  readonly letFail: (address: string) => void
}

/** wrong keys that an address may send: nobody guesses one, and nobody shall keep us busy with trying */
const failures = { perSecond: 5, burst: 20 }

async function answer(context: Context<Env>, route: Route, serving: Serving): Promise<Response> {
  const { app, live } = serving
  const request = context.req.raw
  const url = new URL(request.url)
  const caller = await callerOf(context, serving)
  serving.letThrough(caller.id)
  const reads = request.method === 'GET' || request.method === 'DELETE'
  const { searchParams } = url
  const tenant = request.headers.get('spanwise-tenant') ?? undefined
  const params = readTexts(route.params, context.req.param() as Readonly<Record<string, string>>)
  const admitted = await admit(app, caller, {
    rule: route.tenant,
    role: route.role,
    params: params as object as never,
    tenant,
  })
  const reader = serving.readAs(caller, request)
  const isWatched = reader !== app && reads && 'run' in admitted
  const scope = isWatched ? await seenBy(reader, admitted, route) : admitted
  const input = reads ? readTexts(route.input, searchParams) : await readBody(route.input, request)
  const call: Call<TenantRule, unknown, unknown> = {
    app: reader,
    all: app,
    live,
    caller,
    scope,
    params,
    input,
    sendId: sendIdOf(request, caller.id),
    request,
    // few ask for it, and whatever listens has a cost
    get signal() {
      return request.signal
    },
  }
  const result = await (route.handler as (call: unknown) => Promise<unknown>)(call)
  if (result instanceof Response) return result
  return new Response(JSON.stringify(jsonable(result)), {
    status: route.status ?? 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  })
}

/** What was looked up to find out whether the caller may see it is looked up anew, in their name. */
async function seenBy(reader: App, scope: Scopes['run'], { type }: Route): Promise<Scopes['run']> {
  const run = (await reader.get(scope.run.id)) ?? scope.run
  // what a stream tells is read once for all who follow it: who is new is on record at once
  if (type === 'text/event-stream') for await (const _ of run.events({ limit: 1 })) break
  return { ...scope, run, state: (await run.status()) ?? scope.state }
}

/** By the protocol of streams: whose they are and what the caller may do is checked as everywhere. */
async function stream(context: Context<Env>, serving: Serving, closing: AbortSignal): Promise<Response> {
  const request = context.req.raw
  const caller = await callerOf(context, serving)
  serving.letThrough(caller.id)
  const reads = request.method === 'GET' || request.method === 'HEAD'
  const tenant = request.headers.get('spanwise-tenant') ?? undefined
  const scope = await admit(serving.app, caller, {
    rule: 'one',
    role: reads ? 'viewer' : 'operator',
    params: {},
    tenant,
  })
  const { tenant: whose } = scope as Scopes['one']
  const signal = AbortSignal.any([request.signal, closing])
  return answerStream(serving.app, request, { tenant: whose, by: caller.name, signal })
}

/** It is on record when this is answered: the sender may forget it. */
async function takeWebhook(app: App, context: Context<Env>, letFail: (address: string) => void): Promise<Response> {
  const body = new Uint8Array(await context.req.raw.arrayBuffer())
  try {
    const { reply, ...received } = await app.webhooks.receive(context.req.param('name') as string, {
      headers: context.req.raw.headers,
      body,
    })
    return context.json(reply ?? received, 200, { 'cache-control': 'no-store' })
  } catch (error) {
    if (isSpanwiseError(error) && error.code === 'WEBHOOK_UNSIGNED') letFail(context.env?.address ?? '')
    throw error
  }
}

async function callerOf(context: Context<Env>, { authenticator, letFail }: Serving): Promise<Caller> {
  try {
    return await authenticator.authenticate(context.req.raw)
  } catch (error) {
    letFail(context.env?.address ?? '')
    throw error
  }
}

/** One caller's key is never another's. */
function sendIdOf(request: Request, caller: string): string | undefined {
  const key = request.headers.get('idempotency-key')
  if (key === null) return undefined
  if (key === '' || key.length > 255) throw badRequest('Idempotency-Key has 1 to 255 characters.')
  return hash('sha256', JSON.stringify([caller, key]), 'base64url')
}

/** Where nobody says who they are, it has to be this machine, and nobody in between. */
function checkPeer(context: Context<Env>): void {
  const address = context.env?.address
  const between = forwarded.find((name) => context.req.header(name) !== undefined)
  if (between === undefined && (address === undefined || isLoopbackAddress(address))) return
  const why = between === undefined ? `This server is not for ${address}` : `This came through a proxy (${between})`
  throw unauthenticated(`${why}: without \`auth\` it answers its own machine only.`)
}

function localUser(): string {
  try {
    return process.env['SPANWISE_USER'] ?? userInfo().username
  } catch {
    // a container may have no user for its uid
    return 'local'
  }
}

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** What pages may do; the studio is all that there is to show. */
const headers: Parameters<typeof secureHeaders>[0] = {
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    // positions of what is drawn are styles
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    fontSrc: ["'self'", 'data:'],
    workerSrc: ["'self'", 'blob:'],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  // set by whoever ends TLS
  strictTransportSecurity: false,
}
