import { SpanwiseError } from '../journal/index.ts'

/** A part of a text that must not be written. */
export interface Found {
  /** first character, and the one behind the last */
  readonly start: number
  readonly end: number
  /** what it is: it stands in its place as `[kind]`, and in the record. Small letters, digits, spaces and dashes */
  readonly kind: string
}

/** Looks for what must not be written in a text. Synchronous, and the same for the same text. */
export type Finder = (text: string) => Iterable<Found>

/** How often each kind was found. */
export type Tally = Map<string, number>

const kinds = /^[a-z0-9](?:[a-z0-9 -]{0,38}[a-z0-9])?$/

/** Puts a label in the place of all that is found. @throws REDACTION_FAILED */
export function redactText(text: string, finders: readonly Finder[], tally: Tally): string {
  const found = findIn(text, finders)
  return found.length === 0 ? text : labelled(text, found, tally)
}

/**
 * In order. Parts that overlap become one, of the kind that begins first.
 * @throws REDACTION_FAILED when a finder throws, or answers something else than parts of the text
 */
export function findIn(text: string, finders: readonly Finder[]): readonly Found[] {
  const found: Found[] = []
  for (const finder of finders) collect(finder, text, found)
  if (found.length < 2) return found
  found.sort((a, b) => a.start - b.start || b.end - a.end)
  const merged: Found[] = []
  for (const one of found) {
    const last = merged.at(-1)
    if (last === undefined || one.start >= last.end) merged.push(one)
    else if (one.end > last.end) merged[merged.length - 1] = { ...last, end: one.end }
  }
  return merged
}

/** The text from a place on, with labels: what began before it is not told again. */
export function labelled(text: string, found: readonly Found[], tally: Tally, from = 0, to = text.length): string {
  const parts: string[] = []
  let at = from
  for (const { start, end, kind } of found) {
    if (end <= from || start >= to) continue
    if (start >= from) {
      parts.push(text.slice(at, start), `[${kind}]`)
      tally.set(kind, (tally.get(kind) ?? 0) + 1)
    }
    at = Math.max(at, end)
  }
  parts.push(text.slice(at, to))
  return parts.join('')
}

function collect(finder: Finder, text: string, found: Found[]): void {
  let answered: Iterable<Found>
  try {
    answered = finder(text)
    for (const one of answered) {
      check(one, text)
      if (one.end > one.start) found.push(one)
    }
  } catch (cause) {
    throw new SpanwiseError({
      code: 'REDACTION_FAILED',
      // what it says may be about the very text
      message: `${finder.name === '' ? 'A function of redact.find' : `"${finder.name}" of redact.find`} could not tell what must not be written (${cause instanceof Error ? cause.name : typeof cause}).`,
      hint: 'Nothing of what it was given is written. Mend the function: it takes a text and returns, at once, the parts to redact as { start, end, kind }. Then resume the run.',
    })
  }
}

function check({ start, end, kind }: Found, text: string): void {
  const fits = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= text.length
  if (!fits) throw new RangeError('no part of the text')
  if (typeof kind !== 'string' || !kinds.test(kind)) throw new TypeError('no kind')
}

/** For meta: `email 2, openai-key 1`. */
export function tallied(tally: ReadonlyMap<string, number>): string {
  return [...tally]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}
