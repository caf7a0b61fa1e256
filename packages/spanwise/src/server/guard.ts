import type { ServeOptions } from '../app/index.ts'
import { SpanwiseError } from '../journal/index.ts'

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

export function isLoopback(host: string): boolean {
  return loopbackNames.has(host) || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) || host.endsWith('.localhost')
}

/** of a socket's other end */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}

/**
 * The names under which this server is reached. A page of another site can make a browser resolve its own name to this machine: what
 * it sends then has that name as its host, and is refused.
 * @throws HOST_REFUSED
 */
export function checkHost(url: URL, { hosts = [] }: Pick<ServeOptions, 'hosts'>, isOpen: boolean): void {
  if (isLoopback(url.hostname) || hosts.includes(url.host) || hosts.includes(url.hostname)) return
  // with authentication, and without a list, any name will do: what counts is the key
  if (!isOpen && hosts.length === 0) return
  throw new SpanwiseError({
    code: 'HOST_REFUSED',
    message: `This server is not reached as ${url.host}.`,
    hint: 'Use its own address, or add this name to `hosts` in the options of the server.',
  })
}

/**
 * Whether a browser sends this for a page of somebody else. Reading is no matter of it: without CORS a page does not see the answer.
 * @throws ORIGIN_REFUSED
 */
export function checkOrigin(request: Request, url: URL, { origins = [] }: Pick<ServeOptions, 'origins'>): void {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const isOwn = origin === null ? site !== 'cross-site' : originHost(origin) === url.host
  if (isOwn || (origin !== null && origins.includes(origin))) return
  throw new SpanwiseError({
    code: 'ORIGIN_REFUSED',
    message: `Pages of ${origin ?? 'another site'} may not call this server.`,
    hint: 'Add the origin to `origins` in the options of the server, if the page is yours.',
  })
}

function originHost(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined
  }
}
