/** after this a stream ends and its viewer comes back: with a key that may not count any more, ms */
const longest = 15 * 60_000

/** Texts as a response, for as long as somebody reads it. */
export function eventStream(
  open: (signal: AbortSignal) => AsyncGenerator<string>,
  ...signals: readonly AbortSignal[]
): Response {
  const left = new AbortController()
  const source = open(AbortSignal.any([...signals, left.signal, AbortSignal.timeout(longest)]))
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await source.next()
      if (done === true) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      left.abort()
      await source.return(undefined)
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would hold events back
      'x-accel-buffering': 'no',
    },
  })
}
