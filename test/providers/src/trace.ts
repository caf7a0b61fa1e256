import { type Dice, dice } from '../../simulation/dice.ts'
import type { Fault } from './fault.ts'

/** What goes wrong in one hour, for providers by name. The same seed gives the same hour. */
export interface FaultTrace {
  readonly seed: string
  readonly episodes: readonly Episode[]
  /** The fault of a provider's n-th request, which comes at this time (ms into the hour). */
  fault(provider: string, at: number, n: number): Fault | undefined
  /** Whether the provider's name cannot be resolved: nothing that a server could do, so the client asks. */
  unresolvable(provider: string, at: number): boolean
}

export interface Episode {
  readonly kind: EpisodeKind
  readonly provider: string
  /** ms into the hour */
  readonly from: number
  readonly to: number
}

type EpisodeKind = 'rate limit' | 'overload' | 'errors' | 'brownout' | 'name lost' | 'outage'

const second = 1000
const hour = 3600 * second

/** How often an hour has an episode of each kind, and for how many seconds. */
const weather: readonly (readonly [
  kind: EpisodeKind,
  times: readonly [number, number],
  seconds: readonly [number, number],
])[] = [
  ['rate limit', [3, 5], [90, 360]],
  ['overload', [3, 4], [90, 360]],
  ['errors', [2, 3], [45, 180]],
  ['brownout', [2, 3], [120, 420]],
  ['name lost', [1, 2], [30, 120]],
]

/**
 * An hour with bad weather at every provider, each with its own, and two minutes in which all of them are down.
 * Beside the episodes there is the noise of every day.
 */
export function volatileHour(seed: string, providers: readonly string[]): FaultTrace {
  const throws = dice(`volatile hour ${seed}`)
  const episodes = providers.flatMap((provider) => episodesOf(provider, throws.fork(provider)))
  const down = throws.between(10 * 60, 50 * 60) * second
  for (const provider of providers) episodes.push({ kind: 'outage', provider, from: down, to: down + 120 * second })
  const during = (provider: string, at: number): readonly Episode[] =>
    episodes.filter((episode) => episode.provider === provider && episode.from <= at && at < episode.to)
  return {
    seed,
    episodes,
    fault(provider, at, n) {
      const chance = dice(`volatile hour ${seed}/${provider}/${n}`)
      for (const { kind } of during(provider, at)) {
        const fault = inEpisode(kind, chance)
        if (fault) return fault
      }
      return noise(chance)
    },
    unresolvable: (provider, at) => during(provider, at).some(({ kind }) => kind === 'name lost'),
  }
}

function episodesOf(provider: string, throws: Dice): Episode[] {
  return weather.flatMap(([kind, [fewest, most], [shortest, longest]]) =>
    Array.from({ length: throws.between(fewest, most) }, (): Episode => {
      const from = throws.whole(hour)
      return { kind, provider, from, to: from + throws.between(shortest, longest) * second }
    }),
  )
}

function inEpisode(kind: EpisodeKind, chance: Dice): Fault | undefined {
  switch (kind) {
    case 'outage':
      return { kind: 'reset', after: 0 }
    case 'rate limit':
      if (!chance.chance(0.85)) return undefined
      return { kind: 'status', status: 429, ...(chance.chance(0.5) ? { retryAfter: chance.between(2, 30) } : {}) }
    case 'overload':
      return chance.chance(0.75) ? { kind: 'status', status: chance.pick([529, 529, 503]) } : undefined
    case 'errors':
      return chance.chance(0.8)
        ? { kind: 'status', status: chance.pick([500, 502]), body: chance.pick(['json', 'html']) }
        : undefined
    case 'brownout':
      return chance.weighted<Fault | undefined>([
        [0.4, { kind: 'slow', ms: chance.between(15, 90) * second }],
        [0.15, { kind: 'stall', after: chance.between(0, 12), ms: chance.between(60, 240) * second }],
        [0.1, { kind: 'truncated', after: chance.between(0, 12) }],
        [0.35, undefined],
      ])
    case 'name lost':
      return undefined
  }
}

/** What happens on any day. */
function noise(chance: Dice): Fault | undefined {
  return chance.weighted<Fault | undefined>([
    [0.01, { kind: 'status', status: chance.pick([500, 502, 503, 529]) }],
    [0.006, { kind: 'status', status: 429, retryAfter: chance.between(1, 5) }],
    [0.01, { kind: 'slow', ms: chance.between(5, 30) * second }],
    [0.004, { kind: 'reset', after: chance.pick([0, 0, chance.between(1, 12)]) }],
    [0.004, { kind: 'truncated', after: chance.between(1, 12) }],
    [0.003, { kind: 'stall', after: chance.between(0, 12), ms: chance.between(60, 240) * second }],
    [0.003, { kind: 'malformed', after: chance.between(0, 6) }],
    [0.002, { kind: 'stream-error', after: chance.between(0, 6) }],
    [0.003, { kind: 'usage', report: chance.pick(['missing', 'zero', 'double']) }],
    [0.002, { kind: 'model', model: 'another-model-2026-01-01' }],
    [0.953, undefined],
  ])
}
