import type * as libphonenumber from 'libphonenumber-js'
import type { Detector } from './identifiers.ts'
import { peer } from './peer.ts'

/** Numbers with a country's prefix, and those that are written as in one of these countries (libphonenumber). */
export function phone(countries: readonly string[]): Detector {
  const { searchPhoneNumbersInText } = peer<typeof libphonenumber>('libphonenumber-js', 'phone')
  return function* phones(text) {
    // most texts have none, and this is a hundred times as fast
    for (const match of text.matchAll(candidate)) {
      const start = match.index
      const one = match[0]
      if (isOther(one)) continue
      if (one.startsWith('+')) yield { start, end: start + one.length }
      else yield* inCountry(one, start)
    }
  }

  /** With libphonenumber's knowledge of how numbers are made there. */
  function* inCountry(text: string, start: number): ReturnType<Detector> {
    for (const country of countries) {
      const defaultCountry = country as libphonenumber.CountryCode
      const [found] = searchPhoneNumbersInText(text, { defaultCountry })
      if (found === undefined) continue
      yield { start: start + found.startsAt, end: start + found.endsAt }
      return
    }
  }
}

/** Seven to eighteen digits with what may stand between them, and an extension. */
const candidate =
  /(?<![\p{L}\p{N}.]|\p{N}[-:/])[+(]?\d(?:[ ()./-]{0,3}\d){6,17}(?:\s?(?:x|ext[.]?)\s?\d{1,6})?(?![\p{L}\p{N}])/gu

/** Dates and times, addresses of machines, and numbers that are longer than a phone number without its prefix. */
function isOther(text: string): boolean {
  if (/^(?:\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)|\d{1,2}([-/.])\d{1,2}\2\d{4}(?!\d)|\d{1,3}(?:[.]\d{1,3}){3}$)/.test(text))
    return true
  return /^\d{12,}$/.test(text)
}
