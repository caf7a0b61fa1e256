import type { App, AuthOptions } from '../app/index.ts'
import { SpanwiseError } from '../journal/index.ts'
import { type Caller, everything } from './caller.ts'
import { oidcTokens } from './oidc.ts'

/** Tells who sends a request. @throws UNAUTHENTICATED */
export interface Authenticator {
  /** nobody has to say who they are: only for loopback */
  readonly isOpen: boolean
  authenticate(request: Request): Promise<Caller>
}

/** Whoever reaches a loopback address may do everything, as whoever may open the file. */
export function openToLoopback(name: string): Authenticator {
  const caller: Caller = { id: 'local', name, grants: everything, isLocal: true }
  return { isOpen: true, authenticate: async () => caller }
}

/** how long a key that was found is not looked up again, ms: so long it may be used after it was revoked */
const remembered = 1_000

/** Keys of the store, and tokens of an OpenID provider, as `Authorization: Bearer …`. */
export function bearers(app: App, { keys = true, oidc }: AuthOptions): Authenticator {
  const tokens = oidc === undefined ? undefined : oidcTokens(oidc)
  const known = new Map<string, { readonly caller: Caller; readonly until: number }>()

  const byKey = async (secret: string): Promise<Caller | undefined> => {
    const now = Date.now()
    const before = known.get(secret)
    if (before !== undefined && before.until > now) return before.caller
    known.delete(secret)
    const key = await app.findApiKey(secret)
    if (key === undefined) return undefined
    const caller: Caller = { id: `key ${key.id}`, name: key.name, grants: key.grants }
    // whoever has many keys does not fill the memory with them
    if (known.size >= 1_000) known.clear()
    known.set(secret, { caller, until: now + remembered })
    return caller
  }
  return {
    isOpen: false,
    async authenticate(request) {
      const [, bearer] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
      if (bearer === undefined) throw unauthenticated('The request does not say who sends it.')
      const caller = bearer.startsWith('sw_') ? (keys ? await byKey(bearer) : undefined) : await tokens?.(bearer)
      if (caller === undefined) throw unauthenticated('The key or token is not one that counts here.')
      return caller
    },
  }
}

/** The same for all that is wrong with a key: nobody learns which ones there are. */
export function unauthenticated(message: string): SpanwiseError {
  return new SpanwiseError({
    code: 'UNAUTHENTICATED',
    message,
    hint: 'Send a key as `authorization: Bearer sw_…`; one is made by: spanwise api-keys create.',
  })
}
