import { beforeEach, describe, expect, it } from 'vitest'
import type { CacheQuery, NewCachedResult } from '../cache.ts'
import type { RunRow, Store } from '../store.ts'
import { change, entry, finish, type Opened, type OpenForTest, owned } from './build.testsuite.ts'

const payload = '{"day":1}\n{"rate":2}'
const found = '{"rate":2}'

export function testCache(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  const result = (more: Partial<NewCachedResult> = {}): NewCachedResult => ({
    token: 't',
    step: 'rates',
    key: 'k',
    tags: [],
    index: 1,
    at: 1001,
    expires: 2000,
    ...more,
  })
  /** a run whose entry 1 is a result that may be reused */
  const kept = async (more: Partial<NewCachedResult> = {}, run: Parameters<typeof owned>[1] = {}): Promise<RunRow> => {
    const row = await owned(store, run)
    await store.append(change(row, [entry(1, 'step.result', { payload })], { results: [result(more)] }))
    return row
  }
  const at = (now: number, token = 't') => store.cachedResult({ token, now })
  const list = async (more: Partial<CacheQuery> = {}) =>
    (await store.cachedResults({ now: 1500, limit: 100, ...more })).items

  describe('cached results', () => {
    it('are where their run has them, over a restart too', async () => {
      const run = await kept()
      expect(await at(1500)).toEqual({ run: run.run, index: 1, result: found })
      expect(await at(1500, 'another')).toBeUndefined()
      store = await opened.reopen()
      expect(await at(1500)).toEqual({ run: run.run, index: 1, result: found })
    })

    it('are written with their entry, or not at all', async () => {
      const run = await owned(store)
      const stale = { ...change(run, [entry(1, 'step.result', { payload })], { results: [result()] }), epoch: 77 }
      expect(await store.append(stale)).toEqual({ state: 'fenced' })
      expect(await at(1500)).toBeUndefined()
    })

    it('last until they expire, and an expired one does not come back when the clock is set back', async () => {
      await kept()
      expect(await at(1001)).toBeDefined()
      expect(await at(1999)).toBeDefined()
      expect(await at(2000)).toBeUndefined()
      expect(await at(1500)).toBeUndefined()
    })

    it('of a time that is still to come are not believed', async () => {
      await kept({ at: 9_000_000, expires: 9_001_000 })
      expect(await list({ now: 5000 })).toEqual([])
      expect(await at(5000)).toBeUndefined()
      expect(await at(9_000_500)).toBeUndefined()
    })

    it('take the place of earlier ones under the same token, with their tags', async () => {
      await kept({ tags: ['old'] })
      const later = await kept({ at: 1400, expires: 2400, tags: ['new', 'new'] })
      expect(await at(1500)).toMatchObject({ run: later.run })
      expect(await list()).toHaveLength(1)
      expect(await list({ tag: 'old' })).toEqual([])
      expect(await list({ tag: 'new' })).toHaveLength(1)
    })

    it('that have expired do not fill the store', async () => {
      for (let i = 0; i < 100; i++) await kept({ token: `t${i}`, at: i, expires: i + 1 })
      expect(await store.dropCachedResults({ limit: 1000, dryRun: true })).toBeLessThan(5)
    })

    it('are not reused from a run that was erased, archived or deleted', async () => {
      const gone = {
        erased: (run: RunRow) => store.erase({ run: run.run }),
        archived: async (run: RunRow) => {
          const { key, entries } = (await store.exportRun(run.run)) as { key: Uint8Array; entries: number }
          const one = { run: run.run, entries, offset: 0, length: 1, key }
          expect(await store.archiveRuns({ file: 'a', at: 3000, runs: [one] })).toBe(1)
        },
        deleted: async (run: RunRow) => {
          expect((await store.deleteRuns([run.run])).deleted).toBe(1)
        },
      }
      for (const [how, let_go] of Object.entries(gone)) {
        const run = await kept({ token: how })
        await finish(store, run, '"done"', 2)
        await owned(store)
        expect(await at(1500, how), how).toBeDefined()
        await let_go(run)
        expect(await at(1500, how), how).toBeUndefined()
      }
      expect(await list()).toEqual([])
    })

    it('about a subject go with them, in a run that is about somebody else too', async () => {
      const [ada, bob] = await Promise.all(
        ['ada', 'bob'].map(async (name) => (await store.subjects([name])).get(name)?.token as string),
      )
      const run = await owned(store, { subject: 'bob' })
      const entries = [
        entry(1, 'step.result', { payload, subject: ada }),
        entry(2, 'step.result', { payload, subject: bob }),
      ]
      await store.append(change(run, entries, { results: [result({ token: 'ada' })] }))
      const other = await owned(store, { subject: 'bob' })
      await store.append(change(other, [entry(1, 'step.result', { payload })], { results: [result({ token: 'bob' })] }))
      await store.erase({ subject: 'ada' })
      expect(await at(1500, 'ada')).toBeUndefined()
      expect(await at(1500, 'bob')).toBeDefined()
      await store.erase({ subject: 'bob' })
      expect(await at(1500, 'bob')).toBeUndefined()
    })

    it('are forgotten by step, key, tag and tenant; a dry run counts them', async () => {
      const fill = async () => {
        await kept({ token: 'a', tags: ['x', 'y'] }, { tenant: 'one' })
        await kept({ token: 'b', key: 'other', tags: ['x'] }, { tenant: 'two' })
        await kept({ token: 'c', step: 'news', tags: [] }, { tenant: 'one' })
      }
      const left = async (filter: object) => {
        await fill()
        const would = await store.dropCachedResults({ ...filter, limit: 100, dryRun: true })
        expect(await list()).toHaveLength(3)
        expect(await store.dropCachedResults({ ...filter, limit: 100 })).toBe(would)
        const tokens = ['a', 'b', 'c']
        const there = await Promise.all(tokens.map((token) => at(1500, token)))
        await store.dropCachedResults({ limit: 100 })
        return tokens.filter((_, i) => there[i] !== undefined).join('')
      }
      expect(await left({ step: 'rates' })).toBe('c')
      expect(await left({ step: 'rates', key: 'k' })).toBe('bc')
      expect(await left({ step: 'news', key: 'k' })).toBe('ab')
      expect(await left({ tag: 'x' })).toBe('c')
      expect(await left({ tag: 'y' })).toBe('bc')
      expect(await left({ tag: 'z' })).toBe('abc')
      expect(await left({ tenant: 'one' })).toBe('b')
      expect(await left({ tag: 'x', tenant: 'two' })).toBe('ac')
      expect(await left({})).toBe('')
    })

    it('are forgotten as many as are asked for at once', async () => {
      for (const token of ['a', 'b', 'c']) await kept({ token })
      expect(await store.dropCachedResults({ limit: 2 })).toBe(2)
      expect(await store.dropCachedResults({ limit: 2 })).toBe(1)
      expect(await store.dropCachedResults({ limit: 2 })).toBe(0)
    })

    it('are listed newest first, page by page', async () => {
      const runs = []
      for (const token of ['a', 'b', 'c']) runs.push((await kept({ token }, { tenant: token, workflow: 'other' })).run)
      const first = await store.cachedResults({ now: 1500, limit: 2 })
      expect(first.items).toEqual([
        { step: 'rates', run: runs[2], index: 1, workflow: 'other', tenant: 'c', at: 1001, expires: 2000 },
        { step: 'rates', run: runs[1], index: 1, workflow: 'other', tenant: 'b', at: 1001, expires: 2000 },
      ])
      const second = await store.cachedResults({ now: 1500, limit: 2, after: first.after })
      expect(second.items.map(({ run }) => run)).toEqual([runs[0]])
      expect(second.after).toBeUndefined()
      expect(await list({ now: 2000 })).toEqual([])
    })
  })
}
