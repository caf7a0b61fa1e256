import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Call, Calls } from './call.ts'
import type { Guard } from './guard.ts'

/**
 * `node:http` and `node:https`, which older SDKs use. Node's channels tell when a request is made and answered; what goes in
 * and out is seen by passing through `write`, `end` and `push` of that one object, which are called with what they were given
 * and return what they return.
 */
export function observeHttp(calls: Calls, site: () => string | undefined, guard: Guard): void {
  const open = new WeakMap<object, Call>()
  const left = new WeakSet<object>()
  subscribe(
    'http.client.request.created',
    guard((message) => {
      const { request } = message as { request: ClientRequest }
      if (request.method !== 'POST') return
      const host = request.getHeader('host')
      const call = calls.begin(String(host ?? request.host), request.path, site)
      if (!call) return
      open.set(request, call)
      tap(
        request,
        'write',
        guard((chunk: unknown) => call.sent(chunk)),
      )
      tap(
        request,
        'end',
        guard((chunk: unknown) => call.sent(chunk)),
      )
      // Node itself does not go through it when a connection breaks
      tap(
        request,
        'destroy',
        guard(() => void left.add(request)),
      )
    }),
  )
  subscribe(
    'http.client.response.finish',
    guard((message) => {
      const { request, response } = message as { request: ClientRequest; response: IncomingMessage }
      const call = open.get(request)
      if (!call) return
      call.answered(response.statusCode ?? 0, (name) => {
        const value = response.headers[name]
        return Array.isArray(value) ? value[0] : value
      })
      tap(
        response,
        'push',
        guard((chunk: unknown) => (chunk === null ? call.end('ended') : call.received(chunk))),
      )
      // `destroyed` by the program, or by a connection that broke
      tap(
        response,
        '_destroy',
        guard((error: unknown) => {
          if (response.complete) return call.end('ended')
          const code = (error as { code?: unknown } | null)?.code
          call.end(code === undefined ? 'left' : 'failed', code === undefined ? undefined : String(code))
        }),
      )
    }),
  )
  subscribe(
    'http.client.request.error',
    guard((message) => {
      const { request, error } = message as { request: ClientRequest; error: Error & { code?: unknown } }
      const gone = error.name === 'AbortError' || left.has(request)
      open.get(request)?.end(gone ? 'left' : 'failed', gone ? undefined : String(error.code ?? error.name))
    }),
  )
}

function tap(target: object, name: string, see: (first: unknown) => void): void {
  const methods = target as Record<string, (...args: readonly unknown[]) => unknown>
  const original = methods[name]
  if (typeof original !== 'function') return
  const seen = function (this: unknown, ...args: readonly unknown[]): unknown {
    see(args[0])
    return Reflect.apply(original, this, args)
  }
  Object.defineProperty(target, name, { configurable: true, writable: true, enumerable: false, value: seen })
}
