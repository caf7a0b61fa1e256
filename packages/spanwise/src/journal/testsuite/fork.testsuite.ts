import { beforeEach, describe, expect, it } from 'vitest'
import type { NewFork, RunRow, Store } from '../store.ts'
import { change, claim, created, entry, finish, newRun, type OpenForTest, owned, row } from './build.testsuite.ts'

export function testForks(open: OpenForTest): void {
  let store: Store
  let reopen: () => Promise<Store>
  beforeEach(async () => {
    const opened = await open()
    store = opened.store
    reopen = opened.reopen
  })

  /** a run with entries 0 to 5 */
  async function source(more: Parameters<typeof owned>[1] = {}): Promise<RunRow> {
    const made = await owned(store, more)
    const entries = [1, 2, 3, 4, 5].map((index) =>
      entry(index, 'step.result', { payload: `{"n":${index}}\n"done ${index}"`, input: `{"n":${index}}` }),
    )
    await store.append(change(made, entries))
    return made
  }

  function order(of: RunRow, more: Partial<NewFork> = {}): NewFork {
    const { status: _, owner: __, parent: ___, ...run } = newRun()
    return {
      ...run,
      source: of.run,
      point: 3,
      copy: { from: 1, to: 3, base: 0 },
      entries: [entry(3, 'run.forked', { payload: '{"mark":1}' })],
      children: [],
      wakeAt: 1000,
      ...more,
    }
  }

  describe('fork', () => {
    it('copies what is before the point, with leaves of its own, and adds what is behind it', async () => {
      const of = await source()
      const wanted = order(of)
      const forked = await store.fork(wanted)
      expect(forked).toMatchObject({ state: 'created', row: { run: wanted.run, status: 'queued', epoch: 0, base: 0 } })
      const entries = await store.entries(wanted.run)
      expect(entries.map(({ index, kind }) => `${index} ${kind}`)).toEqual([
        '0 run.started',
        '1 step.result',
        '2 step.result',
        '3 run.forked',
      ])
      const before = await store.entries(of.run)
      for (const index of [1, 2]) {
        const [copy, original] = [entries[index], before[index]]
        expect(copy).toMatchObject({ at: original?.at, after: original?.after, key: original?.key, run: wanted.run })
        expect(copy?.payload).toBe(original?.payload)
        expect(copy?.leaf).not.toEqual(original?.leaf)
        expect(copy?.commitments.input).toHaveLength(32)
        expect(copy?.commitments.payload).not.toEqual(original?.commitments.payload)
      }
      expect((await store.run(wanted.run))?.secret).not.toEqual(of.secret)
      expect(await store.entries(of.run)).toEqual(before)
    })

    it('is made once, however often it is asked for', async () => {
      const of = await source()
      const wanted = order(of)
      const answers = await Promise.all([store.fork(wanted), store.fork(wanted)])
      expect(answers.map(({ state }) => state)).toEqual(['created', 'exists'])
      store = await reopen()
      expect((await store.fork(wanted)).state).toBe('exists')
      expect((await store.entries(wanted.run)).length).toBe(4)
      expect(await store.forks(of.run)).toEqual([{ run: wanted.run, source: of.run, at: 3 }])
    })

    it('of a run that is not there makes nothing', async () => {
      const wanted = order({ ...(await source()), run: 'nobody' })
      expect(await store.fork(wanted)).toEqual({ state: 'unknown source' })
      expect(await store.run(wanted.run)).toBeUndefined()
    })

    it('that cannot be made whole is not made at all', async () => {
      const of = await source()
      const wanted = order(of, { entries: [entry(3, 'run.forked'), entry(2, 'step.result')] })
      await expect(store.fork(wanted)).rejects.toThrow()
      expect(await store.run(wanted.run)).toBeUndefined()
      expect(await store.entries(wanted.run)).toEqual([])
      expect(await store.forks(of.run)).toEqual([])
      // others in the same commit are
      const [bad, good] = await Promise.allSettled([store.fork(wanted), store.fork(order(of))])
      expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled'])
    })

    it('is due, is loaded from where its generation begins, and brings what its keys were made with', async () => {
      const of = await source()
      const wanted = order(of, { point: 5, copy: { from: 4, to: 5, base: 4 }, entries: [entry(5, 'run.forked')] })
      await store.fork(wanted)
      const [loaded] = await claim(store, { run: wanted.run })
      expect(loaded?.row).toMatchObject({ base: 4, epoch: 1, status: 'running' })
      expect(loaded?.entries.map(({ index }) => index)).toEqual([4, 5])
      expect(loaded?.tokenKey).toHaveLength(32)
      const next = order(await row(store, { seq: 0, run: wanted.run }), {
        point: 5,
        copy: { from: 4, to: 5, base: 4 },
        entries: [],
      })
      await store.fork(next)
      expect((await claim(store, { run: next.run }))[0]?.tokenKey).toEqual(loaded?.tokenKey)
      expect((await claim(store, { run: (await created(store)).run }))[0]?.tokenKey).toBeUndefined()
    })

    it('is under the secret of its subject, where it has one', async () => {
      const of = await source({ subject: 'ann' })
      const wanted = order(of, { subject: 'ann' })
      const forked = await store.fork(wanted)
      expect(forked).toMatchObject({ row: { subject: of.subject } })
      expect((await claim(store, { run: wanted.run }))[0]?.tokenKey).toBeUndefined()
    })

    it('waits for a child that is under way', async () => {
      const of = await source()
      const kid = await owned(store, { parent: { run: of.run, key: 'child#0' } })
      const wanted = order(of, { children: [{ run: kid.run, key: 'child#0' }] })
      await store.fork(wanted)
      const answer = await finish(store, kid)
      expect(answer).toMatchObject({ woken: expect.arrayContaining([of.run, wanted.run]) })
      expect(await store.mail(wanted.run)).toMatchObject([{ kind: 'child', name: 'child#0' }])
    })
  })
}
