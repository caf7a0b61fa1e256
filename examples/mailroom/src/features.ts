import type { ParsedMail } from './parse.ts'

/**
 * What a sentence model cannot see, because it is in the shape of a mail rather than in its words. Each is scaled to
 * about [0, 1], so that none drowns the 512 numbers of the embedding.
 */
const definitions: Readonly<Record<string, (mail: ParsedMail) => number>> = {
  html: ({ html }) => Number(html),
  list: ({ list }) => Number(list),
  reply: ({ subject }) => Number(/^\s*(re|aw|sv)\s*:/i.test(subject)),
  attachments: ({ attachments }) => scaled(attachments, 1),
  links: ({ text }) => scaled(count(text, /https?:\/\//g), 3),
  shoutedSubject: ({ subject }) => share(subject, /\p{Lu}/gu),
  exclamations: ({ subject, text }) => scaled(count(`${subject} ${text}`, /!/g), 5),
  money: ({ subject, text }) => scaled(count(`${subject} ${text}`, /[$£€]\s?\d/g), 3),
  quoted: ({ text }) => scaled(count(text, /^>/gm), 3),
  strange: ({ subject, text }) => share(`${subject} ${text.slice(0, 2000)}`, /[^\p{ASCII}]/gu),
  long: ({ text }) => scaled(text.length, 2000),
}

export const featureNames: readonly string[] = Object.keys(definitions)

export function features(mail: ParsedMail): number[] {
  return Object.values(definitions).map((of) => of(mail))
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

function share(text: string, pattern: RegExp): number {
  return text === '' ? 0 : count(text, pattern) / text.length
}

/** 0 → 0, `half` → 0.5, many → almost 1 */
function scaled(value: number, half: number): number {
  return value / (value + half)
}
