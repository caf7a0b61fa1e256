import { type App, streamHeld } from '../../app/index.ts'
import { checkStreamName, streamMissing } from '../../journal/index.ts'
import { describeStream, readStream } from './read.ts'
import { appendToStream, makeStream, nameAt, Refusal, type StreamCall } from './write.ts'

export { Refusal }

/** where streams stand */
export const streamRoot = '/streams/'

/** what the protocol says in headers of answers: pages of other origins have to be let see them */
export const streamHeaders = [
  'Stream-Next-Offset',
  'Stream-Closed',
  'Stream-Up-To-Date',
  'Stream-Cursor',
  'Stream-TTL',
  'Stream-Expires-At',
  'Stream-SSE-Data-Encoding',
  'Producer-Epoch',
  'Producer-Seq',
  'Producer-Expected-Seq',
  'Producer-Received-Seq',
  'ETag',
]

/**
 * The Durable Streams protocol over the app's streams: PUT makes, POST appends and closes, GET reads and waits, HEAD tells, DELETE
 * deletes.
 * @param tenant whose streams they are; checked before
 */
export async function answerStream(
  app: App,
  request: Request,
  { tenant, by, signal }: { readonly tenant: string; readonly by: string; readonly signal: AbortSignal },
): Promise<Response> {
  const { pathname } = new URL(request.url)
  const name = checkStreamName(nameAt(pathname, streamRoot))
  const { backend, now } = app.streams.port
  const call: StreamCall = { backend, tenant, name, request, root: streamRoot, by, now: now() }
  switch (request.method) {
    case 'PUT':
      return makeStream(call)
    case 'POST':
      return appendToStream(call)
    case 'HEAD':
      return describeStream(call)
    case 'DELETE': {
      const { state } = await backend.deleteStream({ tenant, name, now: call.now })
      if (state === 'held') throw streamHeld(name)
      if (state !== 'deleted') throw streamMissing(name, state)
      return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
    }
    default:
      return readStream(call, signal)
  }
}
