import type { Commitments, NewEntry } from './entry.ts'
import { hashMeta, leafLatin1 } from './leaf.ts'
import { commitLatin1, deriveLatin1 } from './secret.ts'

/**
 * What a store keeps beside an entry so that it can be proven: leaf ‖ key commitment ‖ payload commitment [‖ input
 * commitment], 32 bytes each, as text of one character per byte. Made when the entry is written; never changed, not even by erasure.
 */
export function seal(secret: Uint8Array, run: string, entry: NewEntry, metaText: string): string {
  const { index, payload, input } = entry
  const name = entry.clearKey ?? entry.key
  const key = name === '' ? '' : commitLatin1('key', deriveLatin1(secret, 'key', run, index), name)
  const content =
    payload === undefined ? '' : commitLatin1('payload', deriveLatin1(secret, 'payload', run, index), payload)
  const asked = input === undefined ? '' : commitLatin1('input', deriveLatin1(secret, 'input', run, index), input)
  const leaf = leafLatin1(run, entry, hashMeta(metaText), key, content, asked)
  return leaf + (key || zeros) + (content || zeros) + asked
}

const zeros = '\0'.repeat(32)

export function unseal(text: string): { readonly leaf: Uint8Array; readonly commitments: Commitments } {
  const proof = new Uint8Array(Buffer.from(text, 'latin1'))
  return {
    leaf: proof.subarray(0, 32),
    commitments: {
      key: proof.subarray(32, 64),
      payload: proof.subarray(64, 96),
      input: proof.length > 96 ? proof.subarray(96, 128) : undefined,
    },
  }
}
