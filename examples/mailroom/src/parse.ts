import PostalMime, { type Address, type Email } from 'postal-mime'
import { htmlText } from './html-text.ts'

export interface ParsedMail {
  readonly from: string
  readonly subject: string
  /** what a reader would see: the plain part, else the HTML part as text */
  readonly text: string
  readonly html: boolean
  readonly attachments: number
  /** a mailing list sent it on */
  readonly list: boolean
  /** nothing could be read but bytes; text is these bytes, as they are */
  readonly broken: boolean
}

/** Never throws: a mail that no parser can read is a mail too, and somebody has to decide on it. */
export async function parseMail(raw: Uint8Array): Promise<ParsedMail> {
  const bytes = withoutEnvelope(raw)
  try {
    return shape(await PostalMime.parse(bytes))
  } catch (error) {
    // postal-mime refuses what is nested or headed beyond its limits; other errors are ours to see
    if (error instanceof TypeError || error instanceof ReferenceError) throw error
    return { from: '', subject: '', text: latin1(bytes), html: false, attachments: 0, list: false, broken: true }
  }
}

/** about 35 ms to embed; twice as many cost twice the time, for half a percent in cross-validation */
const openingLength = 160

/** what the model gets to read: a mail says early what it wants */
export function opening({ subject, text }: Pick<ParsedMail, 'subject' | 'text'>): string {
  const words = `${subject}. ${text.slice(0, 4 * openingLength)}`.replace(/\s+/g, ' ').trim()
  // a cut through a surrogate pair would not survive being stored as UTF-8
  return words.slice(0, openingLength).toWellFormed()
}

function shape(email: Email): ParsedMail {
  const plain = email.text?.trim() ?? ''
  const html = email.html ?? ''
  return {
    from: address(email.from ?? email.sender),
    subject: (email.subject ?? '').replace(/\s+/g, ' ').trim(),
    text: plain || htmlText(html) || mislabelled(email),
    html: html !== '',
    attachments: email.attachments.length,
    list: email.headers.some(({ key }) => key === 'list-id' || key === 'list-post' || key === 'list-unsubscribe'),
    broken: false,
  }
}

/** a text part whose Content-Type is written wrongly arrives as an attachment */
function mislabelled(email: Email): string {
  const part = email.attachments.find(({ mimeType }) => mimeType.startsWith('text/'))
  if (!part) return ''
  return (typeof part.content === 'string' ? part.content : new TextDecoder().decode(part.content)).trim()
}

/** the corpus keeps the mbox separator, which is no header */
function withoutEnvelope(raw: Uint8Array): Uint8Array {
  const isEnvelope = raw[0] === 0x46 && raw[1] === 0x72 && raw[2] === 0x6f && raw[3] === 0x6d && raw[4] === 0x20
  const end = isEnvelope ? raw.indexOf(0x0a) : -1
  return end < 0 ? raw : raw.subarray(end + 1)
}

function address(from: Address | undefined): string {
  if (!from) return ''
  const box = from.group ? from.group[0] : from
  if (!box) return from.name
  return box.name && box.address ? `${box.name} <${box.address}>` : box.name || box.address || ''
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
