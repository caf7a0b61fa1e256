import type { Store } from '../../journal/index.ts'
import type { RateMemory } from './port.ts'

/** Rates are kept in the store, under keyed hashes: a key may name a person. */
export async function storedRates(
  store: Pick<Store, 'info' | 'rates' | 'keepRates'>,
  now: () => number,
): Promise<RateMemory> {
  const tokenOf = (key: string): string => store.info.token('limit', key)
  const kept = new Map((await store.rates(now())).map(({ token, marks }) => [token, marks]))
  return {
    recall(key) {
      if (kept.size === 0) return undefined
      const token = tokenOf(key)
      const marks = kept.get(token)
      kept.delete(token)
      return marks
    },
    keep: (rates) =>
      store.keepRates(
        rates.map(({ key, marks, expires }) => ({ token: tokenOf(key), marks, expires })),
        now(),
      ),
  }
}
