import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SpanwiseError } from '../error.ts'
import { decrypt, encrypt } from './box.ts'
import { type KeyProvider, wrongKey } from './provider.ts'

/**
 * Keys in a file: 32 bytes each, as base64 or hex, one a line. The first wraps; the others open what was wrapped before a rotation.
 * The file is read each time, so a new key in it is used without a restart.
 * @example spanwise({ store: 'sqlite:./spanwise.db', encryption: { keys: keyFile('/run/secrets/store-key') }, workflows })
 */
export function keyFile(path: string): KeyProvider {
  const name = `the key file ${path}`
  return localKeys(name, () => {
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw missing(name, 'It cannot be read.', `Make one: spanwise keys new --out ${path}`, cause)
    }
  })
}

/** Keys in an environment variable, written as in a file; separated by commas or white space. */
export function keyVariable(variable: string): KeyProvider {
  const name = `the environment variable ${variable}`
  return localKeys(name, () => {
    const text = process.env[variable]
    if (text === undefined || text.trim() === '')
      throw missing(name, 'It is not set.', `Set it to a key of 32 bytes: ${variable}="$(spanwise keys new)"`)
    return text
  })
}

interface LocalKey {
  readonly id: string
  readonly bytes: Uint8Array
}

function localKeys(name: string, read: () => string): KeyProvider {
  const keys = (): readonly [LocalKey, ...LocalKey[]] => {
    const found = read()
      .split('\n')
      .filter((line) => !line.trimStart().startsWith('#'))
      .join('\n')
      .split(/[\s,]+/)
      .filter((one) => one !== '')
      .map((one, i) => parseKey(one, i, name))
    const [first, ...others] = found
    if (first === undefined) throw missing(name, 'It is empty.', 'Put a key of 32 bytes there: spanwise keys new')
    return [first, ...others]
  }
  return {
    name,
    current: async () => keys()[0].id,
    wrap: async (key) => {
      const [newest] = keys()
      return { keyId: newest.id, bytes: encrypt(newest.bytes, key) }
    },
    unwrap: async ({ keyId, bytes }) => {
      const key = keys().find(({ id }) => id === keyId)
      if (key === undefined) throw wrongKey(name, keyId)
      try {
        return new Uint8Array(decrypt(key.bytes, bytes))
      } catch (cause) {
        throw wrongKey(name, keyId, cause)
      }
    },
  }
}

function parseKey(text: string, at: number, name: string): LocalKey {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  const plain = text.replace(/=+$/, '')
  if (bytes.length !== 32 || !(bytes.toString('base64').startsWith(plain) || plain.length === 64)) {
    throw new SpanwiseError({
      code: 'KEY_INVALID',
      message: `Key ${at + 1} in ${name} is not 32 bytes in base64 or hex.`,
      hint: 'Make one: spanwise keys new',
    })
  }
  return { id: keyIdOf(bytes), bytes }
}

/** Names a key and says nothing about it. */
function keyIdOf(key: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('spanwise.key-id.v1\0'), key]), 'hex').slice(0, 16)
}

function missing(name: string, why: string, hint: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'KEY_MISSING',
    message: `There is no key in ${name}. ${why}`,
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
}
