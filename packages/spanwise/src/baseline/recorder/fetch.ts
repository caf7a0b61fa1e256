import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Call, Calls } from './call.ts'
import type { Guard } from './guard.ts'

/** What undici tells about a request. */
interface UndiciRequest {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
  readonly body: unknown
}

/** What is known where `fetch` is called. */
interface Asked {
  readonly site: string | undefined
  readonly signal: AbortSignal | undefined
}

/**
 * `fetch`, and undici where it is used as a package. Requests are observed on undici's own channels: bodies, streams and
 * aborts are the program's alone. `fetch` itself is wrapped only to know where it was called: by the time that undici has a
 * request, the stack is gone.
 */
export function observeFetch(calls: Calls, site: () => string | undefined, guard: Guard): void {
  const asked = new AsyncLocalStorage<Asked | undefined>()
  const open = new WeakMap<object, Call & { readonly signal: AbortSignal | undefined }>()
  wrapFetch(asked, site)

  subscribe(
    'undici:request:create',
    guard((message) => {
      const { request } = message as { request: UndiciRequest }
      if (request.method !== 'POST') return
      const { host } = new URL(String(request.origin))
      const from = asked.getStore()
      const call = calls.begin(host, request.path, from ? () => from.site : site)
      if (!call) return
      open.set(request, { ...call, signal: from?.signal })
      // a whole body is not sent in chunks that are told
      if (typeof request.body === 'string' || request.body instanceof Uint8Array) call.sent(request.body)
    }),
  )
  const on = (
    name: string,
    work: (call: Call & { readonly signal: AbortSignal | undefined }, message: never) => void,
  ): void =>
    subscribe(
      `undici:request:${name}`,
      guard((message) => {
        const call = open.get((message as { request: object }).request)
        if (call) work(call, message as never)
      }),
    )
  on('bodyChunkSent', (call, { request, chunk }: { request: UndiciRequest; chunk: unknown }) => {
    if (typeof request.body !== 'string' && !(request.body instanceof Uint8Array)) call.sent(chunk)
  })
  on('headers', (call, { response }: { response: { statusCode: number; headers: readonly (Buffer | string)[] } }) => {
    call.answered(response.statusCode, (name) => headerOf(response.headers, name))
  })
  on('bodyChunkReceived', (call, { chunk }: { chunk: unknown }) => call.received(chunk))
  on('trailers', (call) => call.end('ended'))
  on('error', (call, { error }: { error: Error & { code?: unknown } }) => {
    // a program may abort for any reason that it likes; a timeout of its own is a failure all the same
    const aborted = error.name === 'AbortError' || error.code === 'UND_ERR_ABORTED' || call.signal?.aborted === true
    const left = aborted && error.name !== 'TimeoutError'
    call.end(left ? 'left' : 'failed', left ? undefined : nameOf(error))
  })
}

/** Old codes of DOM exceptions are numbers, which say nothing. */
function nameOf({ code, name }: Error & { code?: unknown }): string {
  return typeof code === 'string' ? code : name
}

/** The stack costs some microseconds: it is taken for calls of models only, which are known later, so it is kept as it is. */
function wrapFetch(asked: AsyncLocalStorage<Asked | undefined>, site: () => string | undefined): void {
  const described = Object.getOwnPropertyDescriptor(globalThis, 'fetch')
  const original = globalThis.fetch
  if (!described?.configurable || typeof original !== 'function') return
  const wrapped = function fetch(
    this: unknown,
    ...args: Parameters<typeof globalThis.fetch>
  ): ReturnType<typeof globalThis.fetch> {
    return asked.run(look(args, site), () => Reflect.apply(original, this, args))
  }
  Object.defineProperty(wrapped, 'length', { value: original.length, configurable: true })
  Object.defineProperty(globalThis, 'fetch', {
    configurable: true,
    enumerable: described.enumerable ?? true,
    writable: true,
    value: wrapped,
  })
}

/** Quick, and rather once too often than once too seldom. Whatever was given, it is `fetch` that judges it. */
function look([input, init]: readonly unknown[], site: () => string | undefined): Asked | undefined {
  try {
    const given = input as { url?: unknown; signal?: unknown } | string | URL
    const url = typeof given === 'string' ? given : given instanceof URL ? given.pathname : String(given.url)
    if (!/complet|responses|messages|embed|chat|generate|onverse|invoke|predict/i.test(url)) return undefined
    const signal = (init as { signal?: unknown } | undefined)?.signal ?? (given as { signal?: unknown }).signal
    return { site: site(), signal: signal instanceof AbortSignal ? signal : undefined }
  } catch {
    return undefined
  }
}

function headerOf(raw: readonly (Buffer | string)[], name: string): string | undefined {
  for (let n = 0; n + 1 < raw.length; n += 2) {
    if (String(raw[n]).toLowerCase() === name) return String(raw[n + 1])
  }
  return undefined
}
