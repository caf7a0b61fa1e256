import { SpanwiseError } from '../error.ts'
import { deriveKey } from '../secret.ts'
import { decrypt, encrypt, overhead } from './box.ts'

/**
 * What stands between a store's rows and what they hold. Secrets of runs and subjects, and the store's own, are wrapped with the
 * store key; payloads are encrypted with a key that is derived from their secret for the one entry; the few columns with user text
 * with one that is derived from the store's own secret.
 *
 * `off`: everything is as it was given. `locked`: encrypted, and the key is not at hand; what is secret is missing.
 */
export interface Vault {
  readonly state: 'off' | 'on' | 'locked'
  wrap(secret: Uint8Array): Uint8Array
  /** undefined: none is stored, or it is locked */
  unwrap(stored: Uint8Array | null | undefined): Uint8Array | undefined
}

/** wrapped secrets are told from plain ones, of 32 bytes, by their length */
const wrappedLength = 32 + overhead

export const openVault: Vault = {
  state: 'off',
  wrap: (secret) => secret,
  unwrap: (stored) => stored ?? undefined,
}

/** It never makes or takes secrets: it is for looking at proofs. */
export const lockedVault: Vault = {
  state: 'locked',
  wrap: () => {
    throw locked()
  },
  unwrap: () => undefined,
}

export function keyedVault(storeKey: Uint8Array): Vault {
  return {
    state: 'on',
    wrap: (secret) => encrypt(storeKey, secret),
    unwrap: (stored) => {
      if (stored === null || stored === undefined) return undefined
      if (stored.length !== wrappedLength) throw unreadable('a secret in it is not wrapped')
      try {
        return new Uint8Array(decrypt(storeKey, stored))
      } catch (cause) {
        throw unreadable('a secret in it does not open with the store’s key', cause)
      }
    },
  }
}

/** Payloads: bytes of an entry under the secret that covers it. */
export function sealEntry(secret: Uint8Array, run: string, index: number, content: string | Uint8Array): Uint8Array {
  return encrypt(deriveKey(secret, 'encryption', run, index), content)
}

export function openEntry(secret: Uint8Array, run: string, index: number, sealed: Uint8Array): Buffer {
  try {
    return decrypt(deriveKey(secret, 'encryption', run, index), sealed)
  } catch (cause) {
    throw unreadable(`the content of entry ${index} of run ${run} was changed`, cause)
  }
}

function unreadable(what: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_UNREADABLE',
    message: `The encrypted store cannot be read: ${what}.`,
    hint: 'If the store’s key was just rotated, open the store again. Else keep a copy and restore a backup.',
    ...(cause === undefined ? {} : { cause }),
  })
}

export function locked(where = ''): SpanwiseError {
  return new SpanwiseError({
    code: 'STORE_ENCRYPTED',
    message: `The store ${where}${where === '' ? '' : ' '}is encrypted, and no key was given.`,
    hint: 'Name the key in the config: encryption: { keys: keyFile(…) }. Proofs can be checked without it: spanwise audit verify.',
  })
}
