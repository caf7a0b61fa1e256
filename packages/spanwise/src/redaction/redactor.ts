import { decode, encode, SpanwiseError } from '../journal/index.ts'
import { inBase64, mayHoldEncoded } from './encoded.ts'
import { type Finder, type Found, findIn, redactText, type Tally, tallied } from './found.ts'
import { type Reference, referenced } from './references.ts'
import { isSecretKey, mayHoldSecrets, secrets } from './secrets.ts'
import { redactValue } from './value.ts'

/** What must not be written, in the app, a workflow or a step. What an inner one says is added to what the outer one says. */
export interface Redaction {
  /** keys of known providers, tokens, private keys, passwords in addresses and behind names like `password`; true */
  readonly secrets?: boolean
  /**
   * Secrets by where they stand: names of environment variables, or functions that say them. They are read when the app opens.
   * @example ["STRIPE_KEY", { name: 'db password', value: () => readFileSync('/run/secrets/db', 'utf8').trim() }]
   */
  readonly references?: readonly Reference[]
  /**
   * Finds what else must not be written: `personalData()` of `spanwise/redact`, or functions of your own. The same text must
   * always give the same answer.
   */
  readonly find?: Finder | readonly Finder[]
  /**
   * What happens to values that code gets back: inputs of runs, results, answers of models, signals, forms, items. `'label'`: they
   * are redacted, and code gets them so too. `'refuse'`: what would have to be redacted is an error. `'keep'`: they are written as they
   * are, and only what no code reads is redacted. `'keep'` where nothing says `redact`, else `'label'`
   */
  readonly values?: 'label' | 'refuse' | 'keep'
}

/** What came of a text. */
export interface Redacted {
  readonly text: string
  /** `email 2, openai-key 1` */
  readonly found: string
}

interface Said {
  readonly secrets: boolean
  readonly find: readonly Finder[]
  readonly references: readonly Reference[]
}

/** Carries out one `Redaction`. */
export class Redactor {
  readonly values: 'label' | 'refuse' | 'keep'
  readonly #said: Said
  readonly #references: Finder | undefined
  readonly #finders: readonly Finder[]
  readonly #inner = new WeakMap<Redaction, Redactor>()

  private constructor(said: Said, values: Redactor['values']) {
    this.#said = said
    this.values = values
    this.#references = referenced(said.references)
    const plain = [...(this.#references === undefined ? [] : [this.#references]), ...(said.secrets ? [secrets] : [])]
    this.#finders =
      plain.length === 0 ? said.find : [...plain, inBase64(plain, (text) => this.#mayHoldPlain(text)), ...said.find]
  }

  /** @throws INVALID_OPTION */
  static of(options: Redaction | false | undefined): Redactor {
    if (options === false) return nothing
    if (options === undefined) return standard
    return standard.within(options)
  }

  /** What is looked for where nobody says anything: secrets, or nothing. */
  static plain(secret: boolean): Redactor {
    return new Redactor({ secrets: secret, find: [], references: [] }, 'keep')
  }

  /** For a part that says more itself. */
  within(options: Redaction | false | undefined): Redactor {
    if (options === undefined) return this
    if (options === false) return nothing
    const known = this.#inner.get(options)
    if (known !== undefined) return known
    checkRedaction(options, 'redact')
    const { secrets = this.#said.secrets, references = [], find = [], values } = options
    const said = {
      secrets,
      references: [...this.#said.references, ...references],
      find: [...this.#said.find, ...(typeof find === 'function' ? [find] : find)],
    }
    const made = new Redactor(said, values ?? (this === standard || this === nothing ? 'label' : this.values))
    this.#inner.set(options, made)
    return made
  }

  get isIdle(): boolean {
    return this.#finders.length === 0
  }

  /** it needs whole lines: what it finds may have spaces in it */
  get byLine(): boolean {
    return this.#said.find.length > 0 || this.#references !== undefined
  }

  /** A text that is shown or written as it is. @throws REDACTION_FAILED */
  text(text: string): Redacted {
    const tally: Tally = new Map()
    return { text: this.#redact(text, tally), found: tallied(tally) }
  }

  /** @throws REDACTION_FAILED */
  find(text: string): readonly Found[] {
    return findIn(text, this.#finders)
  }

  /** A value that is shown or logged. @throws REDACTION_FAILED */
  value(value: unknown): { readonly value: unknown; readonly found: string } {
    const tally: Tally = new Map()
    return { value: this.walk(value, tally), found: tallied(tally) }
  }

  /** Codec text. Undefined where nothing is found, which for most texts takes one look. @throws REDACTION_FAILED */
  encoded(text: string): Redacted | undefined {
    if (!this.mayHold(text)) return undefined
    const tally: Tally = new Map()
    const clean = this.line(text, tally)
    return tally.size === 0 ? undefined : { text: clean, found: tallied(tally) }
  }

  /** The same, counted into a tally. */
  line(text: string, tally: Tally): string {
    if (!this.mayHold(text)) return text
    const before = tally.size === 0 ? 0 : total(tally)
    const clean = this.walk(decode(text), tally)
    return total(tally) === before ? text : encode(clean)
  }

  walk(value: unknown, tally: Tally): unknown {
    if (this.#finders.length === 0) return value
    return redactValue(value, {
      text: (text) => this.#redact(text, tally),
      underKey: (key) => {
        if (!this.#said.secrets || !isSecretKey(key)) return undefined
        tally.set('secret', (tally.get('secret') ?? 0) + 1)
        return '[secret]'
      },
    })
  }

  #redact(text: string, tally: Tally): string {
    if (text.length < 4) return text
    return redactText(text, this.#finders, tally)
  }

  /** One look at a text: whether it has to be taken apart. */
  mayHold(text: string): boolean {
    if (this.#said.find.length > 0 || this.#mayHoldPlain(text)) return true
    return this.#finders.length > 0 && mayHoldEncoded(text, (plain) => this.#mayHoldPlain(plain))
  }

  #mayHoldPlain(text: string): boolean {
    if (this.#said.secrets && mayHoldSecrets(text)) return true
    if (this.#references === undefined) return false
    for (const _ of this.#references(text)) return true
    return false
  }
}

function total(tally: Tally): number {
  let sum = 0
  for (const count of tally.values()) sum += count
  return sum
}

const nothing = Redactor.plain(false)
const standard = Redactor.plain(true)

/** Told where it is written. @throws INVALID_OPTION */
export function checkRedaction(options: Redaction | false | undefined, where: string): void {
  if (options === undefined || options === false) return
  const { find, values, references } = options

  const finders = find === undefined ? [] : Array.isArray(find) ? find : [find]
  const wrong =
    finders.find((one) => typeof one !== 'function') !== undefined
      ? 'find takes functions'
      : values !== undefined && !['label', 'refuse', 'keep'].includes(values)
        ? `values cannot be ${JSON.stringify(values)}`
        : references !== undefined && !Array.isArray(references)
          ? 'references takes a list'
          : undefined
  if (wrong === undefined) return
  throw new SpanwiseError({
    code: 'INVALID_OPTION',
    message: `${where}: ${wrong}.`,
    hint: "redact takes { secrets, references: ['NAME'], find: personalData(), values: 'label' | 'refuse' | 'keep' }, or false.",
  })
}
