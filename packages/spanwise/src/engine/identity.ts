import { randomUUID } from 'node:crypto'
import type { StoreInfo } from '../journal/index.ts'

type Tokens = Pick<StoreInfo, 'token'>

/**
 * The opaque id of a run. A user's id gives the same one in the same store, by the store's own key: nobody can guess it, and a
 * child's is known before it is on record.
 */
export function runIdFor(tokens: Tokens, tenant: string, workflow: string, id: string | undefined): string {
  return id === undefined
    ? randomUUID()
    : `r${tokens.token('id', JSON.stringify([tenant, workflow, id])).replace(/[-_]/g, (c) => (c === '-' ? '0' : '1'))}`
}

export function newSeed(): string {
  return randomUUID()
}
