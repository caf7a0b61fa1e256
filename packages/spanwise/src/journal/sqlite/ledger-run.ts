import { deriveKey } from '../secret.ts'

/** The store's own history stands in the log under this number: runs are numbered from 1 on. */
export const ledgerSeq = 0

/** what it is called in leaves */
export function ledgerRun(store: string): string {
  return `operators-${store}`
}

/** What its content is committed to with; undefined when the store is locked. It is never erased. */
export function ledgerSecret(key: Uint8Array): Uint8Array | undefined {
  return key.length === 0 ? undefined : deriveKey(key, 'payload', 'operators', 0)
}
