import { createClient } from 'spanwise/client'

const kept = 'spanwise.key'

/** The API key of this browser, where the server asks for one. Gone with the tab. */
export function keyOf(): string | undefined {
  return sessionStorage.getItem(kept) ?? undefined
}

export function setKey(key: string): void {
  if (key === '') sessionStorage.removeItem(kept)
  else sessionStorage.setItem(kept, key)
}

export const api = createClient({ token: keyOf })

/** One press of a button is one thing, however often it is sent. */
export function once(): { readonly idempotencyKey: string } {
  return { idempotencyKey: crypto.randomUUID() }
}
