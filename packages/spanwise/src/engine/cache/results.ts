import { type CacheFilter, decode, encodeCanonical, type Store } from '../../journal/index.ts'
import { type CachePlace, cacheKey, type Log, type StandardSchemaV1 } from '../../workflow/index.ts'
import type { Clock } from '../clock.ts'
import type { Lease, Limiter, LimitRequest } from '../limiter/index.ts'
import { Flight, type Place } from './flight.ts'

/** A result that another run has computed. */
export interface Reused {
  readonly run: string
  readonly index: number
  /** codec text */
  readonly result: string
}

/** What a step looks for. */
export interface Wanted extends CachePlace {
  readonly step: string
  readonly tenant: string
  readonly output: StandardSchemaV1 | undefined
}

/** What is invalidated; everything where nothing is said. */
export interface Invalidation {
  readonly step?: string | undefined
  /** codec text, with `step` */
  readonly key?: string | undefined
  readonly tag?: string | undefined
  readonly tenant?: string | undefined
}

export interface ResultCacheOptions {
  readonly store: Pick<Store, 'info' | 'cachedResult' | 'dropCachedResults'>
  readonly limiter: Pick<Limiter, 'acquire'>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Pick<Log, 'warn' | 'error'>
}

/** rows that are forgotten in one request: other work of the store waits meanwhile */
const atOnce = 1_000
/** seen by nobody: who waits looks again */
const landed = new Error('it has landed')

/**
 * Results that runs take from each other. What is computed for several at once is computed by one, and the others wait: one process
 * works on the store, so who computes is known here, and gone with it.
 */
export class ResultCache {
  readonly #options: ResultCacheOptions
  readonly #flights = new Set<Flight>()
  /** by token, those who wait for what another one computes */
  readonly #waiting = new Map<string, Set<AbortController>>()
  readonly #unfit = new Set<string>()
  #looking = 0

  constructor(options: ResultCacheOptions) {
    this.#options = options
  }

  /** something is looked for, and not found or missed yet */
  get busy(): boolean {
    return this.#looking > 0
  }

  /** A result, or the leave to compute it. */
  async enter(
    wanted: Wanted,
    request: Omit<LimitRequest, 'claims'>,
  ): Promise<
    { readonly reused: Reused; readonly waited: number } | { readonly flight: Flight; readonly waited: number }
  > {
    const place = this.#placeOf(wanted)
    const { clock } = this.#options
    let since: number | undefined
    const waited = (): number => (since === undefined ? 0 : clock.now() - since)
    for (;;) {
      const waiter = this.#watch(place)
      try {
        const found = await this.#find(wanted, place)
        if (found !== undefined) return { reused: found, waited: waited() }
        since ??= clock.now()
        const lease = await this.#turn(place, request, waiter)
        // somebody's has landed since it was looked for
        if (lease === undefined) continue
        const flight = new Flight(place, lease, (gone, hasLanded) => this.#over(gone, hasLanded))
        this.#flights.add(flight)
        return { flight, waited: waited() }
      } finally {
        this.#unwatch(place, waiter)
      }
    }
  }

  /** Waits until nobody computes it; undefined when somebody has: then all who waited may look at once. */
  async #turn(
    { step, token }: Place,
    request: Omit<LimitRequest, 'claims'>,
    waiter: AbortController,
  ): Promise<Lease | undefined> {
    const { signal } = request
    try {
      const lease = await this.#options.limiter.acquire({
        ...request,
        claims: [{ key: `cache:${step}/${token}`, limit: 1 }],
        signal: signal === undefined ? waiter.signal : AbortSignal.any([signal, waiter.signal]),
      })
      if (!waiter.signal.aborted) return lease
      lease.release()
      return undefined
    } catch (error) {
      if (error === landed && signal?.aborted !== true) return undefined
      throw error
    }
  }

  /** Is aborted when it lands. */
  #watch({ token }: Place): AbortController {
    const waiter = new AbortController()
    const all = this.#waiting.get(token) ?? new Set<AbortController>()
    this.#waiting.set(token, all.add(waiter))
    return waiter
  }

  #unwatch({ token }: Place, waiter: AbortController): void {
    const all = this.#waiting.get(token)
    all?.delete(waiter)
    if (all?.size === 0) this.#waiting.delete(token)
  }

  #over(flight: Flight, hasLanded: boolean): void {
    this.#flights.delete(flight)
    if (!hasLanded) return
    for (const waiter of this.#waiting.get(flight.place.token) ?? []) waiter.abort(landed)
  }

  /** Nothing of it is reused from now on, nor what is being computed for it. Returns how many results were forgotten. */
  async invalidate(what: Invalidation): Promise<number> {
    const { store } = this.#options
    const filter = filterOf(store.info, what)
    const spoilt = [...this.#flights].filter(({ place }) => fits(place, filter))
    for (const flight of spoilt) flight.spoil()
    const dropped = await dropResults(store, filter)
    const landing = spoilt.map((flight) => flight.landing).filter((one) => one !== undefined)
    if (landing.length === 0) return dropped
    // what was on its way to the store may have arrived after that
    await Promise.all(landing)
    return dropped + (await dropResults(store, filter))
  }

  #placeOf({ identity, key, tags, step, tenant, lifetime }: Wanted): Place {
    const { info } = this.#options.store
    return {
      token: info.token('cache', identity),
      key: info.token('cache', key),
      tags: tags.map((tag) => info.token('tag', tag)),
      step,
      tenant,
      lifetime,
    }
  }

  /** One that cannot be read, or does not fit any more, is computed anew. */
  async #find({ step, output }: Wanted, { token }: Place): Promise<Reused | undefined> {
    const { store, clock, log } = this.#options
    this.#looking++
    try {
      const found = await store.cachedResult({ token, now: clock.now() })
      if (found === undefined || (await isFitting(output, found.result))) return found
      if (!this.#unfit.has(step)) {
        this.#unfit.add(step)
        log.warn(
          `a cached result of step "${step}" does not come out of its output schema as it went in, and is computed anew; where the schema changes what it is given, none ever does`,
          { run: found.run, index: found.index },
        )
      }
    } catch (error) {
      log.error(`a cached result of step "${step}" could not be read, and is computed anew`, { error })
    } finally {
      this.#looking--
    }
    return undefined
  }
}

/** The schema may be a later one, and the result has to be what it gives. */
async function isFitting(output: StandardSchemaV1 | undefined, result: string): Promise<boolean> {
  if (output === undefined) return true
  const value = decode(result)
  const parsed = await output['~standard'].validate(value)
  return parsed.issues === undefined && encodeCanonical(parsed.value) === encodeCanonical(value)
}

export function filterOf(info: Store['info'], { step, key, tag, tenant }: Invalidation): CacheFilter {
  return {
    step,
    key: key === undefined ? undefined : info.token('cache', cacheKey(step ?? '', decode(key))),
    tag: tag === undefined ? undefined : info.token('tag', tag),
    tenant,
  }
}

function fits(place: Place, { step, key, tag, tenant }: CacheFilter): boolean {
  return (
    (step === undefined || place.step === step) &&
    (key === undefined || place.key === key) &&
    (tag === undefined || place.tags.includes(tag)) &&
    (tenant === undefined || place.tenant === tenant)
  )
}

/** All that fits, in pieces. */
export async function dropResults(store: Pick<Store, 'dropCachedResults'>, filter: CacheFilter): Promise<number> {
  for (let dropped = 0; ; ) {
    const some = await store.dropCachedResults({ ...filter, limit: atOnce })
    dropped += some
    if (some < atOnce) return dropped
  }
}
