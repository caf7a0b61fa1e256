import { SpanwiseError } from '../error.ts'

/**
 * Who keeps the key that a store's own key is wrapped with: a file, an environment variable, a key service. It is asked when a store
 * is opened or made and when keys are rotated, never for an entry. What it answers must open again for as long as the store lives.
 */
export interface KeyProvider {
  /** what is said of it in messages: `the key file /run/secrets/store-key` */
  readonly name: string
  /** Id of the key that `wrap` uses now: what `spanwise keys status` holds a store against. */
  current(): Promise<string>
  /** Encrypts 32 bytes, with authentication. */
  wrap(key: Uint8Array): Promise<WrappedKey>
  /** @throws KEY_WRONG, KEY_MISSING, KEY_INVALID, KEYS_DENIED, KEYS_UNREACHABLE */
  unwrap(wrapped: WrappedKey): Promise<Uint8Array>
}

export interface WrappedKey {
  /** which of the provider's keys it is wrapped with */
  readonly keyId: string
  readonly bytes: Uint8Array
}

export interface EncryptionOptions {
  /** `keyFile('/run/secrets/store-key')`, `keyVariable('SPANWISE_STORE_KEY')`, `keyService({ … })`, or one of your own */
  readonly keys: KeyProvider
}

export function wrongKey(provider: string, keyId: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'KEY_WRONG',
    message: `The store’s key cannot be opened with ${provider}: it was wrapped with the key ${keyId}.`,
    hint: 'Nothing was read or changed. Give the key that the store was encrypted with; after a rotation, the old one behind the new one.',
    ...(cause === undefined ? {} : { cause }),
  })
}
