import { isIP } from 'node:net'
import type { Found } from '../found.ts'

/** Looks for one kind of thing. */
export type Detector = (text: string) => Iterable<Omit<Found, 'kind'>>

/** Each pattern begins where a word begins, and repeats a bounded number of times: no text is read again and again. */
function detector(pattern: RegExp, isOne: (text: string) => boolean = () => true): Detector {
  return function* found(text) {
    for (const match of text.matchAll(pattern)) {
      const { index } = match
      if (isOne(match[0])) yield { start: index, end: index + match[0].length }
    }
  }
}

export const email = detector(
  /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}-]{1,63}[.]){1,8}[\p{L}]{2,24}(?![\p{L}\p{N}-])/gu,
)

/** Thirteen to nineteen digits, also in groups, whose last one fits the others (Luhn). */
export const card = detector(/(?<![\p{L}\p{N}]|\d[.-])\d(?:[ -]?\d){11,18}(?![\p{L}\p{N}]|[.]\d)/gu, (text) => {
  const digits = text.replace(/[ -]/g, '')
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0 && !/^0+$/.test(digits)
})

/** Country, check digits, account: the number that they make leaves 1 when it is divided by 97 (ISO 13616). */
export const iban = detector(
  /(?<![\p{L}\p{N}])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?![\p{L}\p{N}])/gu,
  (text) => {
    const compact = text.replaceAll(' ', '').toUpperCase()
    if (compact.length < 15 || compact.length > 34) return false
    let rest = 0
    for (const one of compact.slice(4) + compact.slice(0, 4)) {
      const value = Number.parseInt(one, 36)
      rest = (rest * (value > 9 ? 100 : 10) + value) % 97
    }
    return rest === 1
  },
)

/** No loopback, no `0.0.0.0`: they are nobody's. */
export const ip = detector(
  /(?<![\p{L}\p{N}.:])(?:\d{1,3}(?:[.]\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\p{L}\p{N}:]|[.]\d)/gu,
  (text) => isIP(text) !== 0 && !/^(?:127[.]|0[.]0[.]0[.]0$|::1?$)/.test(text),
)

/** Of the United States, as it is written: ranges that were never given out are none. */
export const ssn = detector(/(?<![\p{L}\p{N}-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\p{L}\p{N}-])/gu)
