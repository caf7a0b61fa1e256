import { type LookupAddress, lookup } from 'node:dns'
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { BlockList, isIP } from 'node:net'
import { SpanwiseError } from '../../journal/index.ts'

export interface Post {
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** also to addresses that are not public */
  readonly allowPrivate: boolean
}

export interface Answer {
  readonly status: number
  /** what the other side asks to wait, ms */
  readonly retryAfter: number | undefined
}

/** What is not the public internet: this machine, its network, and what is the cloud's own. */
const reserved = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  reserved.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  reserved.addSubnet(net, bits, 'ipv6')

export function isPublic(address: string): boolean {
  const family = isIP(address)
  // an IPv4 address that is written as IPv6 is checked as what it is
  return family !== 0 && !reserved.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * Posts, follows no redirect, and reads nothing but the status. The address is checked where the connection is made: a name cannot be
 * public when it is looked at and private when it is used.
 * @throws WEBHOOK_ADDRESS, and what the network says
 */
export function post({ url, body, headers, signal, allowPrivate }: Post): Promise<Answer> {
  const to = new URL(url)
  const host = to.hostname.replace(/^\[|\]$/g, '')
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw refused(to.protocol)
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host)) throw refused(host)
  const request = to.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const sent = request(to, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'spanwise' },
      signal,
      agent: false,
      ...(allowPrivate ? {} : { lookup: publicOnly }),
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { statusCode = 0, headers: answered } = response
      resolve({ status: statusCode, retryAfter: waitOf(answered['retry-after']) })
      // what it says is not read: it may be endless
      response.destroy()
    })
    sent.end(body)
  })
}

function publicOnly(
  host: string,
  options: { readonly all?: boolean | undefined },
  callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
): void {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, [])
    if (!found.every(({ address }) => isPublic(address))) return callback(refused(host), [])
    const [first] = found
    if (options.all === true || first === undefined) return callback(null, found)
    callback(null, first.address, first.family)
  })
}

/** The most that another side may have us wait, ms. */
const longest = 24 * 3_600_000

function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longest) : undefined
}

function refused(where: string): SpanwiseError {
  const error = new SpanwiseError({
    code: 'WEBHOOK_ADDRESS',
    message: `Nothing is sent to ${where}: it is not a public address.`,
    hint: 'Where it is meant, as in your own network, say so: allowPrivate: true.',
  })
  return Object.assign(error, { failureClass: 'bug' })
}
