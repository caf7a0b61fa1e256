import { type CacheFilter, decode, encodeCanonical, type Store } from '../../journal/index.ts'
import { type CachePlace, cacheKey, type Log, type StandardSchemaV1 } from '../../workflow/index.ts'
import type { Clock } from '../clock.ts'
import type { Limiter, LimitRequest } from '../limiter/index.ts'
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

/**
 * Results that runs take from each other. What is computed for several at once is computed by one, and the others wait: one process
 * works on the store, so who computes is known here, and gone with it.
 */
export class ResultCache {
  readonly #options: ResultCacheOptions
  readonly #flights = new Set<Flight>()
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
    const found = await this.#find(wanted, place)
    if (found !== undefined) return { reused: found, waited: 0 }
    const lease = await this.#options.limiter.acquire({
      ...request,
      claims: [{ key: `cache:${place.step}/${place.token}`, limit: 1 }],
    })
    const flight = new Flight(place, lease, (gone) => this.#flights.delete(gone))
    this.#flights.add(flight)
    // whoever computed it meanwhile has it in the store by now
    const later = await this.#find(wanted, place)
    if (later === undefined) return { flight, waited: lease.waited }
    flight.leave()
    return { reused: later, waited: lease.waited }
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
