import type { Finder, Found } from './found.ts'
import { base64, type Characters, runEnd, word } from './run.ts'

/** shorter ones hold no secret that would be found */
const shortest = 28

/**
 * What is written in base64, looked at as what it stands for. One level deep: what is encoded twice is not found. All of that base64
 * becomes one part, because what would be left of it could not be read anyway.
 */
export function inBase64(finders: readonly Finder[], mayHold: (text: string) => boolean): Finder {
  return function* encoded(text): Iterable<Found> {
    for (const { start, end, plain } of decoded(text)) {
      if (!mayHold(plain)) continue
      for (const finder of finders) {
        const [first] = finder(plain)
        if (first === undefined) continue
        yield { start, end, kind: first.kind }
        break
      }
    }
  }
}

export function mayHoldEncoded(text: string, mayHold: (text: string) => boolean): boolean {
  if (text.length < shortest) return false
  for (const { plain } of decoded(text)) if (mayHold(plain)) return true
  return false
}

/** Runs of both alphabets, with what they stand for. */
function* decoded(text: string): Iterable<{ readonly start: number; readonly end: number; readonly plain: string }> {
  yield* runs(text, base64)
  // the same but for a dash or an underscore
  if (text.includes('-') || text.includes('_')) yield* runs(text, word)
}

function* runs(text: string, of: Characters) {
  for (let at = 0; at < text.length; at++) {
    const end = runEnd(text, at, of)
    if (end - at >= shortest) {
      const stop = text.startsWith('==', end) ? end + 2 : text.startsWith('=', end) ? end + 1 : end
      yield { start: at, end: stop, plain: Buffer.from(text.slice(at, end), 'base64').toString('latin1') }
    }
    at = end
  }
}
