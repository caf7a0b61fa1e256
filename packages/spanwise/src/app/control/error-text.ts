import { encode } from '../../journal/index.ts'

/** Any error, as codec text; one that cannot be written still has a name and a message. */
export function encodeError(error: unknown): string {
  try {
    return encode(error, 'error')
  } catch (refusal) {
    return encode(new Error(String(error), { cause: refusal }), 'error')
  }
}
