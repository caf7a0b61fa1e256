import { SpanwiseError } from '../error.ts'
import { type KeyProvider, wrongKey } from './provider.ts'

export interface KeyServiceOptions {
  /** where it answers: `https://keys.internal/v1` */
  readonly url: string
  /** name of the key there */
  readonly key: string
  /** sent as `Authorization: Bearer …`; a function is asked each time */
  readonly token?: string | (() => string | Promise<string>)
  /** for one try, ms; 5 000 */
  readonly timeout?: number
  /** when it is not there or fails; 3 */
  readonly attempts?: number
}

/**
 * A key that never leaves its service, which wraps and unwraps over HTTP. `POST <url>/wrap` with `{ key, plaintext }` answers
 * `{ keyId, ciphertext }`, `POST <url>/unwrap` with `{ key, keyId, ciphertext }` answers `{ plaintext }`, `POST <url>/describe`
 * with `{ key }` answers `{ keyId }`; bytes are base64. It is asked when a store is opened: work goes on when it is down later.
 */
export function keyService(options: KeyServiceOptions): KeyProvider {
  const { key } = options
  const name = `the key service ${safe(options.url)} (key ${key})`
  const ask = (what: string, body: object): Promise<Record<string, unknown>> => post(options, name, what, body)
  return {
    name,
    current: async () => text(await ask('describe', { key }), 'keyId', name),
    wrap: async (plain) => {
      const answer = await ask('wrap', { key, plaintext: Buffer.from(plain).toString('base64') })
      return { keyId: text(answer, 'keyId', name), bytes: Buffer.from(text(answer, 'ciphertext', name), 'base64') }
    },
    unwrap: async ({ keyId, bytes }) => {
      const answer = await ask('unwrap', { key, keyId, ciphertext: Buffer.from(bytes).toString('base64') })
      const plain = new Uint8Array(Buffer.from(text(answer, 'plaintext', name), 'base64'))
      if (plain.length !== 32) throw wrongKey(name, keyId)
      return plain
    },
  }
}

async function post(
  options: KeyServiceOptions,
  name: string,
  what: string,
  body: { readonly keyId?: string },
): Promise<Record<string, unknown>> {
  const { token, timeout = 5_000, attempts = 3 } = options
  let failure: unknown
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** (attempt - 2)))
    let response: Response
    let answer: string
    try {
      const bearer = typeof token === 'function' ? await token() : token
      response = await fetch(`${options.url.replace(/\/$/, '')}/${what}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
        redirect: 'error',
      })
      answer = await response.text()
    } catch (error) {
      failure = error
      continue
    }
    if (response.ok) return parse(answer, name)
    failure = new Error(`HTTP ${response.status}: ${answer.slice(0, 200)}`)
    if (response.status === 401 || response.status === 403) throw denied(name, failure)
    if (response.status >= 400 && response.status < 500 && response.status !== 429)
      throw wrongKey(name, body.keyId ?? options.key, failure)
  }
  throw new SpanwiseError({
    code: 'KEYS_UNREACHABLE',
    message: `${capital(name)} did not answer, in ${attempts} tries.`,
    hint: 'The store stays closed, and nothing was changed. Check the address and that the service runs, then open the store again.',
    cause: failure,
  })
}

function parse(answer: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(answer)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // said below, as for an answer that is JSON and no object
  }
  throw strange(name, 'not a JSON object')
}

function text(answer: Record<string, unknown>, field: string, name: string): string {
  const value = answer[field]
  if (typeof value === 'string' && value !== '') return value
  throw strange(name, `without a text "${field}"`)
}

function strange(name: string, what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'KEYS_UNREACHABLE',
    message: `${capital(name)} gave an answer that is ${what}.`,
    hint: 'Check that the address is that of a key service: docs/encryption.md says what it is asked.',
  })
}

function denied(name: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'KEYS_DENIED',
    message: `${capital(name)} refused the token.`,
    hint: 'Check the token, and that it may wrap and unwrap with this key.',
    cause,
  })
}

/** without a password that the address may hold */
function safe(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//…@')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
