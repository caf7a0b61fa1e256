import type { Found } from './found.ts'
import { privateKeys } from './private-key.ts'
import { base64, bearer, type Characters, characters, runEnd, word } from './run.ts'

/**
 * Secrets by their form. A pattern begins where a word begins (a lookbehind, not `\b`, which a dash would satisfy) and ends after as much as
 * makes it certain; what follows of the same characters is part of it. No text makes it read a character more than a few times.
 */
interface Form {
  readonly kind: string
  readonly pattern: RegExp
  /** what the rest of it is made of; nothing follows where absent */
  readonly rest?: Characters
}

function token(kind: string, pattern: string, rest: Characters | undefined = word): Form {
  return {
    kind,
    pattern: new RegExp(`(?<![A-Za-z0-9_-])(?:${pattern})`, 'g'),
    ...(rest === undefined ? {} : { rest }),
  }
}

const alnum = '[A-Za-z0-9]'
const wordlike = '[A-Za-z0-9_-]'
const dotted = characters('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.')

const forms: readonly Form[] = [
  token('anthropic-key', `sk-ant-${wordlike}{20}`),
  token('openrouter-key', 'sk-or-v1-[0-9a-f]{32}'),
  token('openai-key', `sk-(?!ant-|or-v1-)${wordlike}{20}`),
  token('aws-key', `(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?!${alnum})`, undefined),
  token('github-token', `gh[pousr]_${alnum}{36}|github_pat_[A-Za-z0-9_]{22}`),
  token('gitlab-token', `gl(?:pat|dt|rt|ptt|soat|cbt)-${wordlike}{20}`, dotted),
  token('slack-token', `xox[abeoprs]-[A-Za-z0-9-]{10}`),
  { kind: 'slack-token', pattern: /hooks[.]slack[.]com\/(?:services|workflows)\/([A-Za-z0-9/]{20})/g, rest: base64 },
  token('google-key', `AIza${wordlike}{35}(?!${wordlike})`, undefined),
  token('google-key', `(?:ya29[.]|GOCSPX-)${wordlike}{20}`),
  token('stripe-key', `(?:sk|rk)_(?:live|test)_${alnum}{16}`),
  token('stripe-key', 'whsec_[A-Za-z0-9+/]{24}', bearer),
  token('npm-token', `npm_${alnum}{36}`),
  token('pypi-token', `pypi-${wordlike}{50}`),
  token('huggingface-token', `hf_${alnum}{30}`),
  token('groq-key', `gsk_${alnum}{40}`),
  token('xai-key', `xai-${alnum}{40}`),
  token('replicate-token', `r8_${alnum}{30}`),
  token('perplexity-key', `pplx-${alnum}{40}`),
  token('sendgrid-key', `SG[.]${wordlike}{16,64}[.]${wordlike}{16}`),
  token('digitalocean-token', 'do[opr]_v1_[0-9a-f]{64}'),
  token('databricks-token', 'dapi[0-9a-f]{32}'),
  token('shopify-token', 'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}'),
  token('linear-key', `lin_api_${alnum}{32}`),
  token('notion-token', `ntn_${alnum}{40}`),
  token('telegram-token', `[0-9]{8,10}:AA${wordlike}{33}(?!${wordlike})`, undefined),
  token('jwt', `eyJ${wordlike}{8,2000}[.]eyJ${wordlike}{8,20000}[.]${wordlike}{8}`),
  { kind: 'bearer-token', pattern: /(?<![A-Za-z])bearer\s{1,4}([A-Za-z0-9._~+/-]{16})/gi, rest: bearer },
]

/** A password in an address, behind its `://`: `postgres://ann:…@db/app`. Of the address only the password. */
const inAddress = /[^\s:@/?#"'<>\\]{0,200}:([^\s@/"'<>\\]{1,200})(?=@)/y

/** `Basic`, as HTTP sends names and passwords. */
const basic: Form = { kind: 'basic-auth', pattern: /(?<![A-Za-z])basic\s{1,4}([A-Za-z0-9+/]{8})/gi, rest: bearer }

/** Names of what is secret, as they stand in settings, headers, queries and objects. */
const named =
  'passw(?:or)?d|passphrase|secret|api[_-]?key|access[_-]?key|(?:access|auth|refresh|session|id|bot)[_-]?token|private[_-]?key|secret[_-]?key|connection[_-]?string|authorization|credentials|cookie'

/** `password=`, `"api_key": "`, also where the quotes are escaped because the text stands in another one. */
const assignment = new RegExp(`(?:${named})(?:\\\\{0,3}["'])?\\s{0,3}[:=]\\s{0,3}(\\\\{0,3}["'])?`, 'gi')

/** One look at a text whether any of it can be in there; what it may hold is then looked for. */
const hint = new RegExp(
  [
    'sk-|(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|xox[a-z]-|hooks[.]slack|AIza|ya29|GOCSPX|[sr]k_(?:live|test)_|whsec_|npm_|pypi-|hf_|gsk_|xai-|r8_|pplx-|SG[.]|_v1_|dapi|shp[a-z]{2}_|lin_api_|ntn_|:AA|eyJ|-----BEGIN',
    '[Bb]earer\\s|BEARER\\s|[Bb]asic\\s|BASIC\\s|:\\/\\/[^\\s/@"]{0,200}:[^\\s/@"]{1,200}@',
  ].join('|'),
)
const namedHint = new RegExp(`(?:${named})(?:\\\\{0,3}["'])?\\s{0,3}[:=]`, 'i')

export function mayHoldSecrets(text: string): boolean {
  return hint.test(text) || namedHint.test(text)
}

/** Keys of known providers, tokens, private keys, and passwords in addresses and assignments. */
export function* secrets(text: string): Iterable<Found> {
  if (!mayHoldSecrets(text)) return
  yield* privateKeys(text)
  for (const form of forms) yield* matches(text, form)
  yield* passwords(text)
  for (const found of matches(text, basic))
    if (/^[^\s:]{0,200}:./.test(Buffer.from(text.slice(found.start, found.end), 'base64').toString('latin1')))
      yield found
  yield* assigned(text)
}

/** The whole match, or the group at its end, and what follows of the same characters. */
function* matches(text: string, { kind, pattern, rest }: Form): Iterable<Found> {
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const certain = match.index + match[0].length
    const end = rest === undefined ? certain : runEnd(text, certain, rest)
    yield { start: certain - (match[1] ?? match[0]).length, end, kind }
    pattern.lastIndex = end
  }
}

function* passwords(text: string): Iterable<Found> {
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    inAddress.lastIndex = at + 3
    const password = inAddress.exec(text)?.[1]
    if (password === undefined || password.startsWith('[')) continue
    yield { start: inAddress.lastIndex - password.length, end: inAddress.lastIndex, kind: 'password' }
  }
}

function* assigned(text: string): Iterable<Found> {
  assignment.lastIndex = 0
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const start = assignment.lastIndex
    const quote = match[1]?.at(-1)
    const end = quote === undefined ? bareEnd(text, start) : quotedEnd(text, start, quote)
    if (looksSecret(text, start, end, quote !== undefined)) yield { start, end, kind: 'secret' }
    assignment.lastIndex = Math.max(end, start)
  }
}

const delimiters = characters(' \t\r\n"\'\\,;&(){}<>[]')

function bareEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && delimiters[text.charCodeAt(at)] !== 1) at++
  return at
}

/** Up to the closing quote, which is escaped where the opening one is, or to the end of the line. */
function quotedEnd(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at++
  while (at > from && text[at - 1] === '\\') at--
  return at
}

/** Not a word of a sentence, a reference to where it stands, or what stands for it already. */
function looksSecret(text: string, start: number, end: number, isQuoted: boolean): boolean {
  if (end - start < (isQuoted ? 6 : 8)) return false
  const head = text.slice(start, Math.min(end, start + 200))
  if (/^(?:\[|\$|<|\{|\*|process[.]env|env[.:]|Bearer\s|Basic\s)/i.test(head)) return false
  if (/^(?:undefined|required|missing|invalid|expired)$/i.test(head)) return false
  // in quotes nobody writes the next word of a sentence
  if (isQuoted) return /[^\sa-z]/.test(head) || !/\s/.test(head)
  return /[0-9]/.test(head) || (/[a-z]/.test(head) && /[A-Z]/.test(head.slice(1))) || /[!#%^*+]/.test(head)
}

const secretKeys = new Set(
  'password passwd pwd passphrase secret clientsecret apikey xapikey accesskey secretkey secretaccesskey privatekey accesstoken refreshtoken authtoken sessiontoken idtoken bottoken bearertoken authorization proxyauthorization cookie setcookie connectionstring credentials'.split(
    ' ',
  ),
)

/** Whether what stands under a key of an object is secret, whatever it looks like. */
export function isSecretKey(key: string): boolean {
  return key.length <= 24 && secretKeys.has(key.toLowerCase().replace(/[^a-z0-9]/g, ''))
}
