import { encodeCanonical, SpanwiseError } from '../journal/index.ts'
import { type Duration, milliseconds } from './duration.ts'

/** What lets a result of the step be reused by other runs. I: what callers pass. */
export interface Cache<I> {
  /** how long a result is reused, from when it was computed */
  readonly lifetime: Duration
  /** results with the same key are the same one: any value that can be recorded; the input when absent */
  readonly key?: string | ((input: I) => unknown)
  /**
   * Who shares it. `'subject'` (default): runs of the same tenant whose content is about the same subject, or about none.
   * Wider ones say that the result is about nobody: `'workflow'`: all runs of the workflow and tenant; `'tenant'`: all of the
   * tenant; `'global'`: all.
   */
  readonly scope?: 'subject' | 'workflow' | 'tenant' | 'global'
  /** what results can be invalidated by, together with others */
  readonly tags?: readonly string[] | ((input: I) => readonly string[])
  /** of the code: another one does not reuse what this one has computed */
  readonly version?: string | number
}

export interface Caches<I> {
  /** Reuses the result of another run, where there is one. For steps whose effect is their result. */
  readonly cache?: Cache<I>
}

/** The run that asks, as far as it says whose the result is. */
export interface Asker {
  readonly tenant: string
  readonly workflow: string
  /** token */
  readonly subject: string | undefined
}

/** Where a result is looked for, in readable words: they are for keyed hashes. */
export interface CachePlace {
  /** all that has to be the same */
  readonly identity: string
  /** step and key */
  readonly key: string
  readonly tags: readonly string[]
  /** ms */
  readonly lifetime: number
}

/** Throws what a `key` or `tags` function throws. @throws INVALID_KEY */
export function cachePlace(step: string, cache: Cache<never>, input: unknown, asker: Asker): CachePlace {
  const { scope = 'subject', version = null, key, tags = [], lifetime } = cache
  const said = typeof key === 'function' ? (key as (input: unknown) => unknown)(input) : (key ?? input)
  if (said === undefined && typeof key === 'function') throw invalidKey(step, 'The key of the cache', 'is undefined')
  const { tenant, workflow, subject = null } = asker
  const shared = { subject: [tenant, subject], workflow: [tenant, workflow], tenant: [tenant], global: [] }[scope]
  const text = cacheKey(step, said)
  return {
    identity: JSON.stringify([text, version, scope, ...shared]),
    key: text,
    tags: tagsOf(step, typeof tags === 'function' ? (tags as (input: unknown) => unknown)(input) : tags),
    lifetime: milliseconds(lifetime, `cache.lifetime of step "${step}"`),
  }
}

/** Step and key, as results are invalidated by. */
export function cacheKey(step: string, key: unknown): string {
  return JSON.stringify([step, encodeCanonical(key, `key of the cache of step "${step}"`)])
}

function tagsOf(step: string, tags: unknown): readonly string[] {
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags
  throw invalidKey(step, 'What the cache is tagged with', 'is not a list of texts')
}

function invalidKey(step: string, what: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_KEY',
    message: `${what} of step "${step}" ${why}.`,
    hint: 'Return a value from its key function, and a list of strings from its tags function.',
    step,
  })
}

/** Told where the step is written. @throws INVALID_OPTION, INVALID_DURATION */
export function checkCache(
  step: string,
  kind: 'function' | 'transaction',
  options: Caches<never> & { readonly effect?: string },
  asks: boolean,
): void {
  const { cache, effect } = options
  if (cache === undefined) return
  const no = (why: string, hint: string): SpanwiseError =>
    new SpanwiseError({ code: 'INVALID_OPTION', message: `Step "${step}" cannot have a cache: ${why}.`, hint, step })
  const readOnly =
    'A cache is for steps that only find something out. Leave it out, or move that part to a step of its own.'
  if (kind === 'transaction')
    throw no('what a transaction writes would not be written where its result is reused', readOnly)
  if (effect === 'at-most-once') throw no('its effect is meant to happen', readOnly)
  if (asks) throw no('reconcile says that its effect matters', readOnly)
  const { lifetime, scope } = cache as Partial<Cache<never>>
  if (lifetime === undefined || milliseconds(lifetime, `cache.lifetime of step "${step}"`) === 0)
    throw no('it says no lifetime', "Say how long a result is reused: cache: { lifetime: '1h' }.")
  if (scope !== undefined && !scopes.includes(scope))
    throw no(`${JSON.stringify(scope)} is no scope`, `Choose one of ${scopes.join(', ')}.`)
}

const scopes: readonly string[] = ['subject', 'workflow', 'tenant', 'global'] satisfies Cache<never>['scope'][]
