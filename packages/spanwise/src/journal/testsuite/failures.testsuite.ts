import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { change, entry, type OpenForTest, owned } from './build.testsuite.ts'

export function testFailures(open: OpenForTest): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })

  async function fails(
    fingerprint: string,
    at: number,
    more: { workflow?: string; tenant?: string; ends?: boolean } = {},
  ) {
    const { ends = false, ...run } = more
    const row = await owned(store, run)
    const status = ends ? 'failed' : 'needs attention'
    await store.append(
      change(row, [entry(1, ends ? 'run.failed' : 'run.parked', { at, payload: '"why"' })], {
        row: { status, fingerprint, code: `CODE_${fingerprint}` },
        ...(ends ? {} : { park: { wakeAt: undefined } }),
      }),
    )
    return row
  }

  describe('failures', () => {
    it('are grouped by fingerprint, the latest first, with counts, times and an example', async () => {
      await fails('a', 2_000)
      const second = await fails('a', 5_000)
      await fails('a', 3_000, { ends: true })
      const other = await fails('b', 4_000, { ends: true })
      expect((await store.failures({ limit: 10 })).items).toEqual([
        {
          fingerprint: 'a',
          workflow: 'job',
          code: 'CODE_a',
          attention: 2,
          failed: 1,
          first: 2_000,
          last: 5_000,
          example: second.run,
        },
        {
          fingerprint: 'b',
          workflow: 'job',
          code: 'CODE_b',
          attention: 0,
          failed: 1,
          first: 4_000,
          last: 4_000,
          example: other.run,
        },
      ])
      expect((await store.failures({ limit: 10, open: true })).items.map(({ fingerprint }) => fingerprint)).toEqual([
        'a',
      ])
    })

    it('are filtered', async () => {
      await fails('a', 2_000, { workflow: 'other' })
      await fails('b', 3_000, { tenant: 'acme' })
      const names = async (query: object): Promise<string[]> =>
        (await store.failures({ limit: 10, ...query })).items.map(({ fingerprint }) => fingerprint)
      expect(await names({ workflow: 'other' })).toEqual(['a'])
      expect(await names({ tenant: 'acme' })).toEqual(['b'])
      expect(await names({ fingerprint: 'a' })).toEqual(['a'])
      expect(await names({ fingerprint: 'c' })).toEqual([])
    })

    it('are gone when the run goes on', async () => {
      const row = await fails('a', 2_000)
      await store.send({ run: row.run, kind: 'resume', name: '', at: 3_000 })
      const [loaded] = await store.claim({ worker: 'w1', now: 9_000, limit: 1, workflows: ['job'], run: row.run })
      await store.append(change(loaded?.row ?? row, [entry(2, 'run.resumed')], { row: { status: 'running' } }))
      expect((await store.failures({ limit: 10 })).items).toEqual([])
    })

    it('are paged, also where many were seen last at once', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await fails(name, 2_000)
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await store.failures({ limit: 2, after })
        seen.push(...page.items.map(({ fingerprint }) => fingerprint))
        after = page.after
      } while (after !== undefined)
      expect(seen).toEqual(['e', 'd', 'c', 'b', 'a'])
    })
  })
}
