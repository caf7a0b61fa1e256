import type nlp from 'compromise'
import type { Detector } from './identifiers.ts'
import { peer } from './peer.ts'

/** longer texts are looked at in pieces, which end where a sentence does */
const longest = 4_096

/** What compromise takes for a person's name: by its lexicon and the words around. English, mostly. */
export function names(): Detector {
  const loaded = peer<typeof nlp | { readonly default: typeof nlp }>('compromise', 'name')
  // as a module, where the process prefers these
  const read = typeof loaded === 'function' ? loaded : loaded.default
  return function* people(text) {
    if (!/\p{Lu}\p{Ll}/u.test(text)) return
    for (const { start, piece } of pieces(text)) {
      const found = read(piece).people().json({ offset: true }) as readonly {
        readonly text: string
        readonly offset: { readonly start: number; readonly length: number }
      }[]
      for (const { offset } of found) {
        // commas and full stops around it are not its own
        const said = piece.slice(offset.start, offset.start + offset.length)
        const name = said.replace(/^[^\p{L}]+|(?:['’]s)?[^\p{L}]*$/gu, '')
        const at = start + offset.start + said.indexOf(name)
        if (name.length > 1) yield { start: at, end: at + name.length }
      }
    }
  }
}

function* pieces(text: string): Iterable<{ readonly start: number; readonly piece: string }> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + longest, text.length)
    if (end < text.length) {
      const stop = Math.max(text.lastIndexOf('. ', end), text.lastIndexOf('\n', end), text.lastIndexOf(' ', end))
      if (stop > start) end = stop + 1
    }
    yield { start, piece: text.slice(start, end) }
    start = end
  }
}
