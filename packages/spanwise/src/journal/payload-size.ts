import { SpanwiseError } from './error.ts'

export const MAX_PAYLOAD = 16 * 1024 * 1024

/** Refuses a payload that would make the journal slow for everyone; before anything is sent or written. */
export function checkPayloadSize(text: string, where: string, limit = MAX_PAYLOAD): void {
  // a UTF-16 unit is at most three bytes of UTF-8
  if (text.length * 3 <= limit) return
  const size = Buffer.byteLength(text)
  if (size <= limit) return
  throw new SpanwiseError({
    code: 'PAYLOAD_TOO_LARGE',
    message: `${where} is ${mebibytes(size)} of text; the limit is ${mebibytes(limit)}.`,
    hint: 'Put the data into a file, bucket or table and pass a reference to it (path, URL, key) instead.',
  })
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`
}
