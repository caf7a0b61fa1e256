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

const keptReason = 'spanwise.reason'

/** Why this tab looks at runs, where the server records that. Gone with the tab. */
export function reasonOf(): string | undefined {
  return sessionStorage.getItem(keptReason) ?? undefined
}

export function setReason(reason: string): void {
  if (reason.trim() === '') sessionStorage.removeItem(keptReason)
  else sessionStorage.setItem(keptReason, reason.trim())
}

export const api = createClient({ token: keyOf, reason: reasonOf })

/** One press of a button is one thing, however often it is sent. */
export function once(): { readonly idempotencyKey: string } {
  return { idempotencyKey: crypto.randomUUID() }
}
