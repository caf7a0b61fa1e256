import type { z } from 'zod'
import type { App, OpenApproval, Role, Run, RunState } from '../app/index.ts'
import type { Caller } from './caller.ts'
import type { Live } from './live/index.ts'
import type { Output } from './wire.ts'

/**
 * Whose things a route touches, and so what is checked before its handler runs:
 * - `run`, `approval`: what the path names; the caller needs the role in its tenant, else it is not there
 * - `one`: one tenant, said by the caller or its only one
 * - `some`: the same, or every tenant when the caller has the role in all and names none
 * - `all`: the whole store; the caller needs the role in all tenants
 * - `none`: what belongs to no tenant; any caller who has the role anywhere
 */
export type TenantRule = 'run' | 'approval' | 'one' | 'some' | 'all' | 'none'

/** What the rule found, for the handler. */
export interface Scopes {
  readonly run: { readonly run: Run<unknown>; readonly state: RunState; readonly tenant: string }
  readonly approval: { readonly approval: OpenApproval & { readonly state: string }; readonly tenant: string }
  readonly one: { readonly tenant: string }
  readonly some: { readonly tenant: string | undefined }
  readonly all: object
  readonly none: object
}

export interface Call<T extends TenantRule, P, I> {
  /** what the caller reads through it is on record where the config asks for that */
  readonly app: App
  /** the app itself, to find out what the caller may see */
  readonly all: App
  readonly live: Live
  readonly caller: Caller
  readonly scope: Scopes[T]
  readonly params: P
  /** query of a GET or DELETE, else the body */
  readonly input: I
  /** the header `Idempotency-Key`, under the caller's name: nobody else's key is the same */
  readonly sendId: string | undefined
  readonly request: Request
  /** aborted when the caller has gone, or the server closes */
  readonly signal: AbortSignal
}

type Shape = z.ZodObject | z.ZodDiscriminatedUnion

/** One route: everything that is known of it, so that the document, the checks and the client follow from it. */
export interface Route<
  T extends TenantRule = TenantRule,
  P extends Shape = Shape,
  I extends Shape = Shape,
  O extends z.ZodType = z.ZodType,
> {
  /** one line for the document */
  readonly summary: string
  readonly group: string
  readonly role: Role
  readonly tenant: T
  readonly params: P
  readonly input: I
  /** of a 200 or 201; a route without one answers by itself, as a stream does */
  readonly output: O | undefined
  readonly status?: 200 | 201 | 204
  readonly type?: string
  /** an input for the document; also what the test of isolation sends */
  readonly example?: object
  readonly handler: unknown
}

/** Gives a handler the types of its route. */
export function route<T extends TenantRule, P extends Shape, I extends Shape, O extends z.ZodType>(
  made: Omit<Route<T, P, I, O>, 'output' | 'handler'> & {
    readonly output: O
    readonly handler: (call: Call<T, z.output<P>, z.output<I>>) => Promise<Output<z.output<O>>>
  },
): Route<T, P, I, O> {
  return made
}

/** A route that makes its own response. */
export function streamRoute<T extends TenantRule, P extends Shape, I extends Shape>(
  made: Omit<Route<T, P, I, z.ZodNever>, 'output' | 'handler'> & {
    readonly type: string
    readonly handler: (call: Call<T, z.output<P>, z.output<I>>) => Promise<Response>
  },
): Route<T, P, I, z.ZodNever> {
  return { ...made, output: undefined }
}
