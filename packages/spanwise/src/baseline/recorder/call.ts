import { hash } from 'node:crypto'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { EndLine, Line, Outcome } from '../line.ts'
import type { ProviderOf } from './providers.ts'
import { readStream, readWhole, type Said } from './usage.ts'

/** One request to a model, as it is observed. Nothing here touches the request itself. */
export interface Call {
  sent(chunk: unknown): void
  answered(status: number, header: (name: string) => string | undefined): void
  received(chunk: unknown): void
  end(outcome: 'ended' | 'left' | 'failed', code?: string): void
}

export interface Calls {
  /** undefined where it is no request to a model */
  begin(host: string, path: string, site: () => string | undefined): Call | undefined
  /** Takes up what has ended and was not read yet. */
  settle(): void
}

// the clock as it was before anybody replaced it
const wallClock = Date.now
const clock = performance.now.bind(performance)
const soon = setImmediate
const mostBytes = 8 * 1024 * 1024

export interface CallsOptions {
  readonly write: (line: Line) => void
  readonly provider: ProviderOf
  readonly key: () => Buffer
  readonly keepText: boolean
  readonly guard: (work: () => void) => () => void
}

export function observeCalls({ write, provider, key, keepText, guard }: CallsOptions): Calls {
  let count = 0
  let secret: Buffer | undefined
  const ended: (() => void)[] = []
  const settle = (): void => {
    for (let next = ended.shift(); next; next = ended.shift()) next()
  }

  const begin: Calls['begin'] = (host, path, site) => {
    const who = provider(host, path)
    if (who === undefined) return undefined
    const n = count++
    const from = clock()
    const place = site()
    write({
      t: 'begin',
      n,
      at: wallClock(),
      provider: who,
      host,
      path: plain(path),
      ...(place === undefined ? {} : { site: place }),
    })

    const request = collector()
    const response = collector()
    let status: number | undefined
    let encoding: string | undefined
    let streamed = false
    let firstMs: number | undefined
    let done = false

    const finish = (how: 'ended' | 'left' | 'failed', code: string | undefined, ms: number): void => {
      secret ??= key()
      const asked = request.text(undefined)
      const answer = response.text(encoding)
      const said: Said =
        status === 200 && answer !== undefined ? (streamed ? readStream(answer) : readWhole(answer)) : {}
      const { outcome, reason } = judge(how, status, code, said)
      const model = modelOf(asked, path)
      write({
        t: 'end',
        n,
        ms: round(ms),
        ...(streamed && firstMs !== undefined ? { firstMs: round(firstMs) } : {}),
        outcome,
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { code: reason }),
        ...(model === undefined ? {} : { model }),
        ...(said.model === undefined ? {} : { answered: said.model }),
        ...(streamed ? { stream: true as const } : {}),
        hash: keyed(secret, `${host}${plain(path)}\n${asked ?? ''}`),
        ...(said.usage ? { usage: said.usage } : {}),
        ...(keepText && asked !== undefined ? { request: asked } : {}),
        ...(keepText && answer !== undefined ? { response: answer } : {}),
      } satisfies EndLine)
    }

    return {
      sent: (chunk) => request.add(chunk),
      answered(code, header) {
        status = code
        encoding = header('content-encoding')
        const type = header('content-type') ?? ''
        streamed = type.includes('event-stream') || type.includes('ndjson')
      },
      received(chunk) {
        firstMs ??= clock() - from
        response.add(chunk)
      },
      end(how, code) {
        if (done) return
        done = true
        const ms = clock() - from
        // reading the answer is left for a moment when the program has nothing to do
        if (ended.length === 0) soon(settle).unref()
        ended.push(guard(() => finish(how, code, ms)))
      },
    }
  }
  return { begin, settle }
}

/** Keyed by what stands before it: a tenth of the time of an HMAC, and cut to half its length it cannot be carried on either. */
function keyed(secret: Buffer, text: string): string {
  return hash('sha256', Buffer.concat([secret, Buffer.from(text)]), 'base64url').slice(0, 22)
}

function judge(
  how: string,
  status: number | undefined,
  code: string | undefined,
  said: Said,
): { outcome: Outcome; reason?: string | undefined } {
  if (how === 'left') return { outcome: 'left' }
  if (how === 'failed') return { outcome: status === 200 ? 'broken' : 'error', reason: code }
  if (status === undefined || status >= 400) return { outcome: 'refused', reason: code }
  if (said.error !== undefined) return { outcome: 'broken', reason: said.error }
  return said.complete === false ? { outcome: 'broken', reason: 'TRUNCATED' } : { outcome: 'ok' }
}

interface Collector {
  add(chunk: unknown): void
  /** undefined where it was too much to keep, or cannot be unpacked */
  text(encoding: string | undefined): string | undefined
}

function collector(): Collector {
  const parts: Uint8Array[] = []
  let size = 0
  return {
    add(chunk) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk instanceof Uint8Array ? chunk : undefined
      if (!bytes) return
      size += bytes.length
      if (size <= mostBytes) parts.push(bytes)
    },
    text(encoding) {
      if (size > mostBytes) return undefined
      const whole = Buffer.concat(parts)
      try {
        return unpack(whole, encoding).toString('utf8')
      } catch {
        return undefined
      }
    },
  }
}

function unpack(bytes: Buffer, encoding: string | undefined): Buffer {
  if (bytes.length === 0) return bytes
  if (encoding === 'gzip') return gunzipSync(bytes)
  if (encoding === 'br') return brotliDecompressSync(bytes)
  if (encoding === 'deflate') return inflateSync(bytes)
  return encoding === 'zstd' ? zstdDecompressSync(bytes) : bytes
}

/** In the body, or in the path where the provider wants it so. */
function modelOf(body: string | undefined, path: string): string | undefined {
  const named = /"model"\s*:\s*"((?:[^"\\]|\\.){1,200})"/.exec(body ?? '')?.[1]
  const inPath = /\/(?:models|deployments|model)\/([^/:]+)/.exec(path)?.[1]
  return named ?? (inPath === undefined ? undefined : decodeURIComponent(inPath))
}

/** Queries may hold keys. */
function plain(path: string): string {
  const query = path.indexOf('?')
  return query < 0 ? path : path.slice(0, query)
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
