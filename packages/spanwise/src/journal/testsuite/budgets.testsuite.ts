import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { change, entry, type OpenForTest, owned } from './build.testsuite.ts'

export function testBudgets(open: OpenForTest): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })

  describe('budgets', () => {
    const day = { budget: 'day', window: 1_000 }
    const all = { budget: 'all', window: 0 }

    it('are unused at first', async () => {
      expect(await store.used([day, all])).toEqual([0n, 0n])
      expect(await store.used([])).toEqual([])
    })

    it('change in the commit of the entries that cause it', async () => {
      const run = await owned(store)
      const more = [
        { ...day, amount: 9_000_000_000n },
        { ...all, amount: 5n },
      ]
      await store.append(change(run, [entry(1)], { budgets: more }))
      await store.append(change(run, [entry(2)], { budgets: [{ ...day, amount: -8_999_999_999n }] }))
      expect(await store.used([all, day, { budget: 'day', window: 2_000 }])).toEqual([5n, 1n, 0n])
    })

    it('do not change when the append is refused', async () => {
      const run = await owned(store)
      const stale = { ...change(run, [entry(1)], { budgets: [{ ...day, amount: 1n }] }), epoch: run.epoch + 7 }
      expect(await store.append(stale)).toEqual({ state: 'fenced' })
      expect(await store.used([day])).toEqual([0n])
    })

    it('take what belongs to no run, and more than a number can hold', async () => {
      await store.use([{ ...all, amount: 2n ** 60n }])
      await store.use([
        { ...all, amount: 1n },
        { ...day, amount: -3n },
      ])
      expect(await store.used([all, day])).toEqual([2n ** 60n + 1n, -3n])
    })
  })
}
