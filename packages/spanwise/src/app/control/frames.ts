import { MAX_PAYLOAD, SpanwiseError } from '../../journal/index.ts'

/** A start holds its input twice, and each is text in codec text in JSON: two layers that may double its quotes. */
export const MAX_FRAME = 2 * 4 * MAX_PAYLOAD + 1024 * 1024

const newline = 0x0a

/**
 * Cuts a stream of bytes into lines of JSON. Nothing is parsed before its line is whole, and a line that grows beyond the limit
 * is refused while it arrives.
 */
export class FrameReader {
  #chunks: Buffer[] = []
  #head = 0
  #partial = 0
  limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  /** bytes that wait for the end of their line */
  get buffered(): number {
    return this.#partial
  }

  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk)
    this.#partial += chunk.length
  }

  /** The next whole line, decoded; undefined when there is none yet. @throws CONTROL_FRAME */
  next(): unknown {
    for (; this.#head < this.#chunks.length; this.#head++) {
      const chunk = this.#chunks[this.#head] as Buffer
      const end = chunk.indexOf(newline)
      if (end < 0) continue
      const line = Buffer.concat([...this.#chunks.slice(0, this.#head), chunk.subarray(0, end)])
      const rest = chunk.subarray(end + 1)
      this.#chunks = [...(rest.length > 0 ? [rest] : []), ...this.#chunks.slice(this.#head + 1)]
      this.#head = 0
      this.#partial -= line.length + 1
      return parseFrame(line, this.limit)
    }
    if (this.#partial > this.limit) throw tooLarge(this.limit)
    return undefined
  }
}

function parseFrame(line: Buffer, limit: number): unknown {
  if (line.length > limit) throw tooLarge(limit)
  try {
    const frame: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
    if (typeof frame === 'object' && frame !== null) return frame
  } catch (cause) {
    throw badFrame('is not a line of JSON', cause)
  }
  throw badFrame('is not an object', undefined)
}

export function frame(value: object): string {
  return `${JSON.stringify(value)}\n`
}

export function badFrame(what: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'CONTROL_FRAME',
    message: `What came over the control socket ${what}.`,
    hint: 'Talk to the owner of a store through this package (spanwise({ work: false }) or the command line), of the same version.',
    ...(cause === undefined ? {} : { cause }),
  })
}

function tooLarge(limit: number): SpanwiseError {
  return badFrame(`is longer than ${limit} bytes`)
}
