import { child } from './child.ts'
import { currentScope } from './current.ts'
import { isInlined } from './inlined.ts'
import { EachRun } from './runtime/each-run.ts'
import { definitionOf } from './step.ts'
import type { Startable } from './workflow.ts'

export type Outcome<T, R> =
  | { readonly ok: true; readonly key: string; readonly item: T; readonly value: R }
  | { readonly ok: false; readonly key: string; readonly item: T; readonly error: Error }

export interface EachOptions<T, E extends 'stop' | 'collect'> {
  /** what an item is recognised by; unique within the call */
  readonly key: (item: T, index: number) => string
  /** items under way at once; 16 */
  readonly concurrency?: number
  /** `stop` (default): the first failure is thrown and the rest is dropped. `collect`: every item has an outcome */
  readonly onError?: E
  /** whom an item is about: its content gets that subject's own secret, and can be erased alone */
  readonly subject?: (item: T, index: number) => string
  /** `fn` uses no variable of the body that changes: finished items then need not be replayed. Understood for what is defined on its own */
  readonly snapshot?: boolean
}

export type EachResult<T, R, E> = E extends 'collect' ? Outcome<T, R> : R

/**
 * Runs a function over items, some at once, each in a scope of its own. Results come in the order of the items.
 * An AsyncIterable is pulled as places become free, and what was pulled is recorded; after a crash it is read again from its start
 * and items whose key is known are skipped.
 * @throws DUPLICATE_KEY when two items have the same key
 * @example await each(invoices, { key: (i) => i.id, concurrency: 8 }, chargeInvoice)
 */
export function each<T, R, const E extends 'stop' | 'collect' = 'stop'>(
  items: Iterable<T> | AsyncIterable<T>,
  options: EachOptions<NoInfer<T>, E>,
  fn: (item: T, index: number) => R | Promise<R>,
): Promise<EachResult<T, Awaited<R>, E>[]>
export function each<T, R, const E extends 'stop' | 'collect' = 'stop'>(
  items: Iterable<T> | AsyncIterable<T>,
  options: EachOptions<NoInfer<T>, E>,
  workflow: Startable<T, R>,
): Promise<EachResult<T, R, E>[]>
export function each(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  options: EachOptions<unknown, 'stop' | 'collect'>,
  work: unknown,
): Promise<unknown[]> {
  const scope = currentScope('each()')
  const isFunction = typeof work === 'function'
  const fn = isFunction
    ? (work as (item: unknown, index: number) => unknown)
    : (item: unknown) => child(work as Startable<unknown, unknown>, item)
  const snapshots = options.snapshot === true || !isFunction || definitionOf(work) !== undefined || isInlined(work)
  const run = new EachRun(
    scope,
    items,
    { ...options, snapshots },
    definitionOf(work) === undefined ? fn : (item) => fn(item, 0),
  )
  return scope.execution.track(run.start())
}
