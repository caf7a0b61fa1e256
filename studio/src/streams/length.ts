import type { NamedStream } from '../api/types.ts'
import { formatCount } from '../parts/format.ts'

/** Of JSON messages are counted, of all else bytes. */
export function lengthOf({ type, length }: NamedStream): string {
  if (!/^application\/json\b/.test(type)) return `${formatCount(length)} bytes`
  return length === 1 ? '1 message' : `${formatCount(length)} messages`
}
