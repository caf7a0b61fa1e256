import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Fault } from './fault.ts'
import type { Served } from './ledger.ts'
import type { Reply, StreamEvent, Wire } from './reply.ts'
import type { ScaledTime } from './time.ts'

export interface Pace {
  /** ms until the first token, and between chunks */
  readonly firstToken: number
  readonly perChunk: number
}

interface Sending {
  readonly response: ServerResponse
  readonly wire: Wire
  readonly reply: Reply
  readonly fault: Fault | undefined
  readonly served: Served
  readonly time: ScaledTime
  readonly pace: Pace
  /** aborted when the client has gone */
  readonly gone: AbortSignal
}

export async function sendWhole({ response, wire, reply, fault, served, time, pace, gone }: Sending): Promise<void> {
  const chunks = 1 + Math.ceil(reply.usage.output)
  await time.sleep(pace.firstToken + pace.perChunk * chunks + (fault?.kind === 'slow' ? fault.ms : 0), gone)
  served.billed = reply.usage
  if (gone.aborted) {
    served.outcome = 'left by the client'
    return
  }
  const json = JSON.stringify(wire.whole(reply))
  const half = json.slice(0, Math.floor(json.length / 2))
  response.setHeader('content-type', 'application/json')
  if (fault?.kind === 'malformed') return end(response, served, 'broken', half)
  if (fault?.kind === 'truncated' || fault?.kind === 'stall') {
    // a length that is never reached: what a proxy that gives up does
    response.setHeader('content-length', Buffer.byteLength(json))
    response.write(half)
    if (fault.kind === 'stall') await time.sleep(fault.ms, gone)
    else await once(response, 'drain', { signal: AbortSignal.timeout(20) }).catch(() => {})
    served.outcome = 'broken'
    return reset(response)
  }
  end(response, served, 'complete', json)
}

export async function sendStream(sending: Sending): Promise<void> {
  const { response, wire, reply, fault, served, time, pace, gone } = sending
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  response.flushHeaders()
  await time.sleep(pace.firstToken + (fault?.kind === 'slow' ? fault.ms : 0), gone)
  const breaks = fault && 'after' in fault ? fault : undefined
  const total = Math.max(1, [...wire.stream(reply)].filter((each) => each.chunk).length)
  let chunks = 0
  const bill = (): void => {
    const said = Math.min(1, chunks / total)
    served.billed = { ...reply.usage, output: Math.ceil(reply.usage.output * said) }
  }
  for (const event of wire.stream(reply)) {
    if (gone.aborted) {
      bill()
      served.outcome = 'left by the client'
      return
    }
    if (breaks && event.chunk && chunks >= Math.min(breaks.after, total - 1)) {
      bill()
      served.outcome = 'broken'
      return breakOff(sending, breaks, event)
    }
    if (event.chunk && chunks++ > 0) await time.sleep(pace.perChunk, gone)
    if (!response.write(format(event)) && !gone.aborted) await once(response, 'drain', { signal: gone }).catch(() => {})
  }
  served.billed = reply.usage
  end(response, served, gone.aborted ? 'left by the client' : 'complete', wire.end ?? '')
}

async function breakOff({ response, wire, time, gone }: Sending, fault: Fault, event: StreamEvent): Promise<void> {
  if (fault.kind === 'malformed') return void response.end(`${format(event).trimEnd().slice(0, -9)}\n\n`)
  if (fault.kind === 'stream-error') return void response.end(format(wire.streamError()))
  if (fault.kind === 'truncated') return void response.end()
  if (fault.kind === 'stall') await time.sleep(fault.ms, gone)
  reset(response)
}

function end(response: ServerResponse, served: Served, outcome: Served['outcome'], text: string): void {
  served.outcome = outcome
  response.end(text)
}

export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

function format({ event, data }: StreamEvent): string {
  return `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`
}
