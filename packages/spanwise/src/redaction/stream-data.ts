import { isJsonType, jsonText, mediaType, type StreamData } from '../journal/index.ts'
import { valueRefused } from './payload.ts'
import type { Redactor } from './redactor.ts'

/**
 * What is appended to a named stream is a value: whoever reads it gets what is written. Messages are looked through one by one, texts as
 * they come; bytes of other types are left alone.
 * @throws VALUE_REFUSED, REDACTION_FAILED
 */
export function redactStreamData(data: StreamData, type: string, stream: string, redactor: Redactor): StreamData {
  if (redactor.values === 'keep' || redactor.isIdle) return data
  const { clean, found } = isJsonType(type) ? messages(data, redactor) : text(data, type, redactor)
  if (found === '') return data
  if (redactor.values === 'refuse')
    throw valueRefused(`What is appended to the stream ${JSON.stringify(stream)}`, found)
  return clean
}

interface Looked {
  readonly clean: StreamData
  readonly found: string
}

function messages(data: StreamData, redactor: Redactor): Looked {
  const { value, found } = redactor.value(JSON.parse(jsonText(data.data)))
  const texts = (value as readonly unknown[]).map((message) => JSON.stringify(message))
  return { clean: { data: Buffer.from(texts.join(',')), count: data.count }, found }
}

function text(data: StreamData, type: string, redactor: Redactor): Looked {
  if (!mediaType(type).startsWith('text/')) return { clean: data, found: '' }
  const { text: redacted, found } = redactor.text(Buffer.from(data.data).toString('utf8'))
  const clean = Buffer.from(redacted)
  return { clean: { data: clean, count: clean.length }, found }
}
