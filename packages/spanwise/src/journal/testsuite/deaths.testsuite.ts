import { describe, expect, it } from 'vitest'
import { all, change, claim, entry, type OpenForTest, owned, worker } from './build.testsuite.ts'

const next = (n: number) => ({ ...worker, id: `next-${n}`, pid: 100 + n, crashLimit: 3 })
const suspectOf = (n: number) => ({ worker: `next-${n}`, now: 1e15, limit: 5, workflows: all, suspect: true })

export function testDeaths(open: OpenForTest): void {
  describe('deaths', () => {
    it('make a run a suspect that is claimed alone, and condemn it when it dies on trial', async () => {
      const { store } = await open()
      await store.register({ ...worker, crashLimit: 3 })
      const run = await owned(store)
      for (let n = 1; n <= 2; n++) {
        await store.register(next(n))
        if (n === 2) break
        expect((await claim(store, { worker: 'next-1' })).map(({ row }) => row.run)).toEqual([run.run])
      }
      expect(await claim(store, { worker: 'next-2' })).toEqual([])
      expect(await store.nextWake()).toBeUndefined()
      expect(await store.suspects()).toEqual({ waiting: 1, condemned: [] })
      expect((await store.claim(suspectOf(2))).map(({ row }) => row.run)).toEqual([run.run])
      await store.tries(run.run, 'deadly#0')
      await store.register(next(3))
      const { waiting, condemned } = await store.suspects()
      expect(waiting).toBe(0)
      expect(condemned).toMatchObject([
        { run: run.run, deaths: [{ pid: 1, index: 0 }, { pid: 101 }, { pid: 102, step: 'deadly#0' }] },
      ])
      expect(await store.claim(suspectOf(3))).toEqual([])
    })

    it('of others while a suspect is not on trial do not condemn it', async () => {
      const { store } = await open()
      await store.register({ ...worker, crashLimit: 3 })
      const run = await owned(store)
      for (let n = 1; n <= 6; n++) {
        await store.register(next(n))
        const [loaded] = n === 1 ? await claim(store, { worker: 'next-1' }) : await store.claim(suspectOf(n))
        expect(loaded?.row.run).toBe(run.run)
        if (n > 1) await store.tried(run.run, false)
      }
      expect(await store.trials(run.run)).toBe(5)
      expect((await store.suspects()).condemned).toEqual([])
    })

    it('count from one again when the run has got further, or has left memory in order', async () => {
      const { store } = await open()
      await store.register({ ...worker, crashLimit: 2 })
      const run = await owned(store)
      await store.register({ ...next(1), crashLimit: 2 })
      expect(await store.suspects()).toMatchObject({ waiting: 1 })
      const [tried] = await store.claim(suspectOf(1))
      await store.append(change(tried?.row ?? run, [entry(1)]))
      await store.register({ ...next(2), crashLimit: 2 })
      expect(await store.suspects()).toEqual({ waiting: 1, condemned: [] })
      const [again] = await store.claim(suspectOf(2))
      await store.append({ ...change(again?.row ?? run, []), park: { wakeAt: 5 } })
      expect(await store.suspects()).toEqual({ waiting: 0, condemned: [] })
    })

    it('are nobody’s where no limit is set, and none when the worker signed off', async () => {
      const { store } = await open()
      await store.register(worker)
      const run = await owned(store)
      for (let n = 1; n < 5; n++) {
        await store.register({ ...next(n), crashLimit: undefined })
        expect((await claim(store, { worker: `next-${n}` })).map(({ row }) => row.run)).toEqual([run.run])
      }
      await store.unregister('next-4')
      await store.register(next(5))
      expect(await store.suspects()).toEqual({ waiting: 0, condemned: [] })
    })
  })
}
