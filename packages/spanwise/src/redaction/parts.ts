import { decode, encode } from '../journal/index.ts'
import { type Tally, tallied } from './found.ts'
import type { Redacted, Redactor } from './redactor.ts'

/**
 * Where in a recorded object there is content. What names things stays as it is: ids, subjects, roles, who decided. Runs are found, erased and
 * answered by these.
 */
export type Part =
  | string
  /** codec text in a field */
  | { readonly text: string }
  /** letters that nobody has taken yet: each with codec text */
  | { readonly letters: string }

export const startParts: readonly Part[] = ['input', 'tags', 'compensations', { letters: 'mailbox' }]
export const scheduleParts: readonly Part[] = ['input', 'tags', { text: 'canonical' }]
export const orderParts: readonly Part[] = ['edit.input', 'result.value', 'results']
export const decisionParts: readonly Part[] = ['reason', 'form']
export const questionParts: readonly Part[] = ['question', 'of']
export const reasonParts: readonly Part[] = ['reason']
export const itemParts: readonly Part[] = ['item']

type Fields = Record<string, unknown>

/** Codec text of an object, with labels in these parts of it. Undefined where nothing is found. @throws REDACTION_FAILED */
export function redactParts(text: string, parts: readonly Part[], redactor: Redactor): Redacted | undefined {
  if (!redactor.mayHold(text)) return undefined
  const fields = decode(text)
  if (typeof fields !== 'object' || fields === null) return undefined
  const tally: Tally = new Map()
  for (const part of parts) {
    if (typeof part === 'string') redactPath(fields as Fields, part.split('.'), redactor, tally)
    else if ('text' in part) redactText(fields as Fields, part.text, redactor, tally)
    else
      for (const letter of ((fields as Fields)[part.letters] ?? []) as readonly Fields[])
        redactText(letter, 'payload', redactor, tally)
  }
  return tally.size === 0 ? undefined : { text: encode(fields), found: tallied(tally) }
}

function redactPath(fields: Fields, [name = '', ...rest]: readonly string[], redactor: Redactor, tally: Tally): void {
  const one = fields[name]
  if (one === undefined) return
  if (rest.length === 0) fields[name] = redactor.walk(one, tally)
  else if (typeof one === 'object' && one !== null) redactPath(one as Fields, rest, redactor, tally)
}

/** One or more lines of codec text. */
function redactText(fields: Fields, name: string, redactor: Redactor, tally: Tally): void {
  const text = fields[name]
  if (typeof text !== 'string') return
  fields[name] = text
    .split('\n')
    .map((line) => redactor.line(line, tally))
    .join('\n')
}
