import { describe, expect, it } from 'vitest'
import type { OpenForTest } from './build.testsuite.ts'

export function testRates(open: OpenForTest): void {
  describe('rates', () => {
    it('are kept until they do not count any more', async () => {
      const { store } = await open()
      const first = { token: 'a', marks: [{ at: 10, amount: 2 }], expires: 110 }
      const second = {
        token: 'b',
        marks: [
          { at: 20, amount: 0.5 },
          { at: 30, amount: 1 },
        ],
        expires: 500,
      }
      await store.keepRates([first, second], 50)
      expect(new Set(await store.rates(60))).toEqual(new Set([first, second]))
      expect(await store.rates(110)).toEqual([second])
    })

    it('are what they were said to be last', async () => {
      const { store } = await open()
      await store.keepRates([{ token: 'a', marks: [{ at: 10, amount: 2 }], expires: 110 }], 10)
      const later = { token: 'a', marks: [{ at: 90, amount: 7 }], expires: 190 }
      await store.keepRates([later], 90)
      expect(await store.rates(100)).toEqual([later])
    })

    it('that count no more do not fill the store', async () => {
      const { store } = await open()
      for (let i = 0; i < 200; i++)
        await store.keepRates([{ token: `t${i}`, marks: [{ at: i, amount: 1 }], expires: i + 1 }], i)
      expect((await store.rates(0)).length).toBeLessThan(5)
    })
  })
}
