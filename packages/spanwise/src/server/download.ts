import { zipParts } from '../audit/index.ts'

/** A zip file that is packed while it is sent. @param name without its ending */
export function download(files: ReadonlyMap<string, string>, name: string): Response {
  const parts = zipParts(files)
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { value, done } = parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}.zip"`,
      'cache-control': 'no-store',
    },
  })
}
