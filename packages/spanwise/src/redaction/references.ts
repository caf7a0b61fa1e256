import { SpanwiseError } from '../journal/index.ts'
import type { Finder, Found } from './found.ts'

/** Where a secret stands that must not be written: the name of an environment variable, or a function that says it. */
export type Reference = string | { readonly name: string; readonly value: () => string | undefined }

const shortest = 8

/**
 * Looks for the very values. They are read when the app opens; a variable that is not set is looked for no more.
 * @throws INVALID_OPTION for a value so short that it would be found everywhere
 */
export function referenced(references: readonly Reference[]): Finder | undefined {
  const wanted = new Map<string, string>()
  for (const reference of references) {
    const name = typeof reference === 'string' ? reference : reference.name
    const value = typeof reference === 'string' ? process.env[reference] : reference.value()
    if (value === undefined || value === '') continue
    if (value.length < shortest)
      throw new SpanwiseError({
        code: 'INVALID_OPTION',
        message: `redact.references: the value of ${name} has fewer than ${shortest} characters.`,
        hint: 'It would be found in the midst of other words. Leave it out, or take a longer secret.',
      })
    const kind = kindOf(name)
    for (const form of forms(value)) wanted.set(form, kind)
  }
  if (wanted.size === 0) return undefined
  return function* references(text): Iterable<Found> {
    for (const [value, kind] of wanted)
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length))
        yield { start: at, end: at + value.length, kind }
  }
}

/** As it stands in a text, in JSON, in an address, and each line of one that has several. */
function forms(value: string): Set<string> {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= shortest && !line.startsWith('-----'))
  return new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), ...lines])
}

function kindOf(name: string): string {
  const kind = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return kind === '' ? 'secret' : kind.slice(0, 40).replace(/-+$/, '')
}
