import { createHmac } from 'node:crypto'
import { deriveKey } from '../secret.ts'
import { decrypt, encrypt } from './box.ts'
import { locked, type Vault } from './vault.ts'

/** Text of users that stands in a column by itself: in mail, in schedules, as the outcome of a run. */
export interface Columns {
  seal(text: string): string
  /** the same text gives the same ciphertext, so that a row is found by it */
  sealName(text: string): string
  open(stored: string): string
  /** the same for bytes, in an encrypted store all of them */
  sealBytes(bytes: Uint8Array): Uint8Array
  openBytes(stored: Uint8Array): Uint8Array
}

/** no codec text begins with it, and no id that anybody would take */
const mark = '\u0001'

const plain: Columns = {
  seal: (text) => text,
  sealName: (text) => text,
  open: (stored) => stored,
  sealBytes: (bytes) => bytes,
  openBytes: (stored) => stored,
}

/** @param own the store's own secret */
export function columnsOf({ state }: Vault, own: Uint8Array): Columns {
  if (state === 'off') return plain
  if (state === 'locked') {
    const refuse = (): never => {
      throw locked()
    }
    return { seal: refuse, sealName: refuse, open: refuse, sealBytes: refuse, openBytes: refuse }
  }
  const key = deriveKey(own, 'encryption', 'columns', 0)
  const names = deriveKey(own, 'encryption', 'names', 0)
  const write = (text: string, nonce?: Uint8Array): string =>
    `${mark}${Buffer.from(encrypt(key, text, nonce)).toString('base64')}`
  return {
    seal: (text) => write(text),
    // the nonce follows from the text, so it repeats only with the text
    sealName: (text) => write(text, createHmac('sha256', names).update(text).digest().subarray(0, 12)),
    open: (stored) =>
      stored.startsWith(mark) ? decrypt(key, Buffer.from(stored.slice(1), 'base64')).toString('utf8') : stored,
    sealBytes: (bytes) => encrypt(key, bytes),
    openBytes: (stored) => decrypt(key, stored),
  }
}
