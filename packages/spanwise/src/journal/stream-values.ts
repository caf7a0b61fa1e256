import { SpanwiseError } from './error.ts'
import { isJsonType, type StreamAppended, type StreamData } from './streams.ts'

/** bytes of a name */
const longest = 512

/** @throws INVALID_STREAM */
export function checkStreamName(name: string): string {
  const isWrong =
    typeof name !== 'string' ||
    name === '' ||
    Buffer.byteLength(name) > longest ||
    name.split('/').some((part) => part === '' || part === '.' || part === '..') ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what is refused
    /[\u0000-\u001f\u007f]/.test(name)
  if (!isWrong && name !== '__ds' && !name.startsWith('__ds/')) return name
  throw invalidStream(
    `A stream cannot be named ${JSON.stringify(String(name).slice(0, 100))}.`,
    `Use 1 to ${longest} bytes, like "chat/42": parts between slashes, none of them empty, the first one not __ds.`,
  )
}

/** the form that the protocol's own server gives them: its conformance suite takes the beginning for granted */
const zeros = '0'.repeat(16)

/** A position on the wire: as text it has the same order. */
export function toOffset(position: number): string {
  return `${zeros}_${String(position).padStart(16, '0')}`
}

/** @throws INVALID_STREAM */
export function fromOffset(offset: string): number {
  if (offset === '-1') return 0
  const position = /^0{16}_\d{16}$/.test(offset) ? Number(offset.slice(17)) : Number.NaN
  if (Number.isSafeInteger(position)) return position
  throw invalidStream(
    `${JSON.stringify(offset.slice(0, 100))} is no offset.`,
    'Take one that a read or an append has answered, or -1 for the beginning.',
  )
}

/** One message of a stream of JSON, or bytes of any other one. @throws INVALID_STREAM */
export function toStreamData(type: string, value: unknown): StreamData {
  if (isJsonType(type)) {
    const text = JSON.stringify(value) as string | undefined
    if (text !== undefined) return { data: Buffer.from(text), count: 1 }
    throw invalidStream(`${String(value)} is no JSON.`, 'Append something that JSON has, like an object.')
  }
  const data = typeof value === 'string' ? Buffer.from(value) : value
  if (!(data instanceof Uint8Array) || data.length === 0)
    throw invalidStream(
      `A stream of ${type} takes texts and bytes, and not none of them.`,
      'Append a string or a Uint8Array, or make the stream one of application/json.',
    )
  return { data, count: data.length }
}

/** JSON as it is read: an array of messages. */
export function jsonText(data: Uint8Array): string {
  return `[${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')}]`
}

export function invalidStream(message: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'INVALID_STREAM', message, hint })
}

export function streamMissing(name: string, state: 'unknown' | 'gone'): SpanwiseError {
  return state === 'unknown'
    ? new SpanwiseError({
        code: 'STREAM_UNKNOWN',
        message: `There is no stream ${JSON.stringify(name)} here.`,
        hint: 'Check its name and tenant; it may have expired. List those that there are: spanwise streams list.',
      })
    : new SpanwiseError({
        code: 'STREAM_GONE',
        message: `The stream ${JSON.stringify(name)} was deleted; its forks need it still.`,
        hint: 'Read the fork. The name is free again when the last fork is deleted.',
      })
}

export function streamClosed(name: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STREAM_CLOSED',
    message: `The stream ${JSON.stringify(name)} is closed.`,
    hint: 'What is closed stays as it is: make another stream, or a fork of this one.',
  })
}

/** What was not appended, and why. */
export function streamRefused(name: string, refused: StreamAppended, type?: string): SpanwiseError {
  const about = `the stream ${JSON.stringify(name)}`
  switch (refused.state) {
    case 'unknown':
    case 'gone':
      return streamMissing(name, refused.state)
    case 'type':
      return new SpanwiseError({
        code: 'STREAM_TYPE',
        message: `What is appended is ${type}, and ${about} is ${refused.row.type}.`,
        hint: 'Append with the type of the stream.',
      })
    case 'fenced':
      return new SpanwiseError({
        code: 'STREAM_FENCED',
        message: `A later producer of this id appends to ${about} now, in epoch ${refused.epoch}.`,
        hint: 'Stop, or go on with a greater epoch.',
      })
    case 'epoch':
      return invalidStream(`A new epoch of a producer of ${about} begins with another number than 0.`, 'Begin with 0.')
    case 'gap':
    case 'order':
      return new SpanwiseError({
        code: 'STREAM_SEQUENCE',
        message:
          refused.state === 'gap'
            ? `An append to ${about} is missing before this one: number ${refused.expected} of its producer comes next.`
            : `The Stream-Seq of an append to ${about} is not greater than that of the one before.`,
        hint: 'Appends of one writer come in order. Send what is missing first.',
      })
    default:
      return streamClosed(name)
  }
}
