import { beforeEach, describe, expect, it } from 'vitest'
import type { ExpiredQuery } from '../retention.ts'
import type { RunRow, Store } from '../store.ts'
import { change, created, entry, finish, newRun, type Opened, type OpenForTest, owned } from './build.testsuite.ts'

export function testRetention(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  /** a run that ended at 1002 */
  const done = async (more: Parameters<typeof owned>[1] = {}): Promise<RunRow> => {
    const run = await owned(store, more)
    await store.append(change(run, [entry(1, 'step.result', { payload: `"${run.run} did it"` })]))
    await finish(store, run, '"done"', 2)
    return run
  }
  const query = (more: Partial<ExpiredQuery> = {}): ExpiredQuery => ({
    action: 'delete',
    rules: [{ keep: 100 }],
    now: 5000,
    after: 0,
    limit: 100,
    ...more,
  })
  const names = async (more: Partial<ExpiredQuery> = {}): Promise<readonly string[]> =>
    (await store.expired(query(more))).runs

  describe('what is let go', () => {
    it('has ended, and long enough ago', async () => {
      const old = await done()
      await owned(store)
      await created(store)
      expect(await names()).toEqual([old.run])
      expect(await names({ now: 1101 })).toEqual([])
      expect(await names({ now: 1102 })).toEqual([old.run])
      expect(await names({ rules: [] })).toEqual([])
    })

    it('is named by workflow, status and tag; the first rule that names a run decides', async () => {
      const [plain, tagged, other] = [await done(), await done({ tags: ['keep'] }), await done({ workflow: 'other' })]
      await created(store)
      expect(await names()).toEqual([plain.run, tagged.run, other.run])
      expect(await names({ rules: [{ workflow: 'other', keep: 0 }] })).toEqual([other.run])
      expect(await names({ rules: [{ status: ['failed'], keep: 0 }] })).toEqual([])
      expect(await names({ rules: [{ status: ['failed', 'completed'], tag: 'keep', keep: 0 }] })).toEqual([tagged.run])
      const rules = [{ tag: 'keep', keep: undefined }, { workflow: 'other', keep: 9000 }, { keep: 0 }]
      expect(await names({ rules })).toEqual([plain.run])
    })

    it('comes in steps', async () => {
      const runs = [await done(), await done(), await done()]
      await created(store)
      const first = await store.expired(query({ limit: 2 }))
      expect(first.runs).toEqual([runs[0]?.run, runs[1]?.run])
      const second = await store.expired(query({ after: first.after as number }))
      expect(second).toEqual({ runs: [runs[2]?.run], after: undefined })
    })

    it('is no child of a run that goes on', async () => {
      const parent = await owned(store)
      const child = await done({ parent: { run: parent.run, key: 'child#0' } })
      await created(store)
      expect(await names()).toEqual([])
      await finish(store, parent)
      expect((await names()).toSorted()).toEqual([parent.run, child.run].toSorted())
    })
  })

  describe('a deleted run', () => {
    it('is forgotten, and its leaves stay where they were', async () => {
      const run = await done({ id: 'order-1', tags: ['t'] })
      const other = await done()
      const before = await store.leaves(0, 100)
      const log = await store.log(0, 3)
      expect(await store.deleteRuns([run.run, 'nobody'])).toEqual({ deleted: 1, unused: [] })
      expect(await store.run(run.run)).toBeUndefined()
      expect(await store.entries(run.run)).toEqual([])
      expect(await store.outcome(run.run)).toBeUndefined()
      expect((await store.list({ tags: ['t'], limit: 9 })).items).toEqual([])
      expect(await store.leaves(0, 100)).toEqual(before)
      const after = await store.log(0, 3)
      expect(after.map(({ leaf, commitments, run: id }) => ({ leaf, commitments, id }))).toEqual(
        log.map(({ leaf, commitments, run: id }) => ({ leaf, commitments, id })),
      )
      expect(after.map(({ payload, erased, secret }) => [payload, erased, secret])).toEqual(
        [1, 2, 3].map(() => [undefined, true, undefined]),
      )
      expect(await store.entries(other.run)).toMatchObject([{}, { payload: `"${other.run} did it"` }, {}])
    })

    it('is none that goes on', async () => {
      const run = await owned(store)
      expect(await store.deleteRuns([run.run])).toEqual({ deleted: 0, unused: [] })
      expect(await store.run(run.run)).toMatchObject({ status: 'running' })
    })

    it('frees its id, and nobody gets its number', async () => {
      const run = await done({ id: 'order-1' })
      // the newest run is not offered, and that is why
      expect(await names()).toEqual([])
      await created(store)
      await store.deleteRuns(await names())
      const again = await store.create(newRun({ id: 'order-1', run: run.run }))
      expect(again).toMatchObject({ state: 'created' })
      expect(again.row.seq).not.toBe(run.seq)
      expect(await store.entries(run.run)).toHaveLength(1)
    })
  })

  describe('a run for an archive', () => {
    it('is exported when it has ended, and only its content is taken out, when it is as it was', async () => {
      const run = await done()
      expect(await store.exportRun((await owned(store)).run)).toBeUndefined()
      const exported = await store.exportRun(run.run)
      expect(exported).toMatchObject({ run: run.run, entries: 3 })
      if (store.info.path !== undefined) return
      // a store in memory has no folder: what was taken out is as good as erased
      const { key, entries } = exported as { key: Uint8Array; entries: number }
      const before = await store.leaves(0, 100)
      const runs = [{ run: run.run, key, entries, offset: 0, length: 1 }]
      expect(await store.archiveRuns({ file: 'f', at: 1, runs: [{ ...runs[0], entries: 2 } as never] })).toBe(0)
      expect(await store.archiveRuns({ file: 'f', at: 1, runs })).toBe(1)
      expect(await store.archiveRuns({ file: 'f', at: 1, runs })).toBe(0)
      expect(await store.archives()).toEqual([{ file: 'f', runs: 1, at: 1 }])
      expect(await store.leaves(0, 100)).toEqual(before)
      expect(await names({ action: 'archive' })).toEqual([])
      await created(store)
      expect(await store.deleteRuns(await names())).toEqual({ deleted: 1, unused: ['f'] })
    })
  })
}
