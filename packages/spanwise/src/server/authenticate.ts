import { type Caller, everything } from './caller.ts'

/** Tells who sends a request. @throws UNAUTHENTICATED */
export interface Authenticator {
  /** nobody has to say who they are: only for loopback */
  readonly isOpen: boolean
  authenticate(request: Request): Promise<Caller>
}

/** Whoever reaches a loopback address may do everything, as whoever may open the file. */
export function openToLoopback(name: string): Authenticator {
  const caller: Caller = { name, grants: everything }
  return { isOpen: true, authenticate: async () => caller }
}
