import type { App } from '../app/index.ts'
import type { Caller } from './caller.ts'
import { badRequest } from './refusals.ts'

/** within it a caller who comes back for the same reason is the same reader: a page that looks every second is one reading */
const sitting = 15 * 60_000
const mostReaders = 1_000

/** The app as each caller reads it: what they see of runs is on record where the config asks for that. */
export function readersOf(app: App): (caller: Caller, request: Request) => App {
  const known = new Map<string, { readonly app: App; readonly until: number }>()
  return ({ id, name }, request) => {
    const reason = reasonOf(request)
    const who = JSON.stringify([id, reason])
    const found = known.get(who)
    if (found !== undefined && found.until > Date.now()) return found.app
    if (known.size >= mostReaders) known.clear()
    const made = { app: app.as({ by: name, reason }), until: Date.now() + sitting }
    known.set(who, made)
    return made.app
  }
}

/** Header `Spanwise-Reason`, encoded as in an address where it is not plain ASCII. */
function reasonOf(request: Request): string | undefined {
  const text = request.headers.get('spanwise-reason')
  if (text === null) return undefined
  try {
    const reason = decodeURIComponent(text)
    if (reason.length <= 500) return reason
  } catch {
    // not encoded as it should be
  }
  throw badRequest('Spanwise-Reason has at most 500 characters, encoded as in an address (encodeURIComponent).')
}
