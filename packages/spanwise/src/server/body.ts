import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SpanwiseError } from '../journal/index.ts'

/** Refuses bodies of more than so many bytes. */
export function limitBodies(maxSize: number, refuse: (error: SpanwiseError) => Response): MiddlewareHandler {
  const count = bodyLimit({ maxSize, onError: () => refuse(tooLarge(maxSize)) })
  return (context, next) => (isKnownToFit(context, maxSize) ? next() : count(context, next))
}

/** What says its length is held to it by HTTP. Counting would make a stream of every body, which costs more than reading it. */
function isKnownToFit({ req: { raw } }: Context, maxSize: number): boolean {
  if (raw.method === 'GET' || raw.method === 'HEAD') return true
  const length = raw.headers.get('content-length')
  return length !== null && /^\d+$/.test(length) && !raw.headers.has('transfer-encoding') && Number(length) <= maxSize
}

function tooLarge(limit: number): SpanwiseError {
  return new SpanwiseError({
    code: 'BODY_TOO_LARGE',
    message: `The body has more than ${limit} bytes.`,
    hint: 'Send less, or raise `bodyLimit` in the options of the server. Large data belongs beside the journal, with its address in it.',
  })
}
