import { SpanwiseError } from '../../journal/index.ts'
import type { Finder } from '../found.ts'
import { card, type Detector, email, iban, ip, ssn } from './identifiers.ts'
import { names } from './names.ts'
import { phone } from './phone.ts'

export type PersonalKind = 'email' | 'phone' | 'card' | 'iban' | 'ip' | 'ssn' | 'name'

export interface PersonalOptions {
  /** all but `'name'`, which costs more, finds less, and takes other words for names */
  readonly kinds?: readonly PersonalKind[]
  /** where phone numbers without a prefix are from: codes of two letters; `['US', 'GB']` */
  readonly countries?: readonly string[]
}

const standard: readonly PersonalKind[] = ['email', 'phone', 'card', 'iban', 'ip', 'ssn']

/**
 * Finds data about people: by check digits where there are some, else by form. It does not find all of it: `docs/redaction.md` has figures.
 * Works offline.
 * @example { redact: { find: personalData({ countries: ['DE', 'FR'] }) } }
 */
export function personalData(options: PersonalOptions = {}): Finder {
  const { kinds = standard, countries = ['US', 'GB'] } = options
  const detectors = kinds.map((kind) => [kind, detectorOf(kind, countries)] as const)
  return function* personalData(text) {
    for (const [kind, detector] of detectors) for (const { start, end } of detector(text)) yield { start, end, kind }
  }
}

function detectorOf(kind: PersonalKind, countries: readonly string[]): Detector {
  const all: Readonly<Record<PersonalKind, () => Detector>> = {
    email: () => email,
    phone: () => phone(countries),
    card: () => card,
    iban: () => iban,
    ip: () => ip,
    ssn: () => ssn,
    name: () => names(),
  }
  const make = all[kind]
  if (make === undefined)
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `personalData: there is no kind ${JSON.stringify(kind)}.`,
      hint: `Kinds are ${Object.keys(all).join(', ')}. For others give redact.find a function of your own.`,
    })
  return make()
}
