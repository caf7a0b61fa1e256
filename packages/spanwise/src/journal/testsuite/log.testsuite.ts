import { describe, expect, it } from 'vitest'
import type { LogEntry, Store } from '../index.ts'
import { change, created, entry, type OpenForTest, owned } from './build.testsuite.ts'

const whole = (store: Store): Promise<readonly LogEntry[]> => store.log(0, 1_000_000)

export function testLog(open: OpenForTest): void {
  describe('the log over all runs', () => {
    it('is empty at first', async () => {
      const { store } = await open()
      expect(await store.logSize()).toBe(0)
      expect(await whole(store)).toEqual([])
      expect((await store.leaves(0, 10)).length).toBe(0)
      expect(await store.sealed()).toBeUndefined()
    })

    it('holds every entry once, in the order of commits, at positions without gaps, and keeps them over a restart', async () => {
      const opened = await open()
      let { store } = opened
      const [a, b] = [await owned(store), await owned(store)]
      await Promise.all([
        store.append(change(a, [entry(1), entry(2)])),
        store.append(change(b, [entry(1, 'step.result', { payload: `"${'x'.repeat(20_000)}"` })])),
      ])
      await store.append(change(a, [entry(3)]))
      const before = await whole(store)
      expect(before.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5])
      expect(await store.logSize()).toBe(6)
      for (const run of [a, b])
        expect(before.filter((one) => one.run === run.run)).toMatchObject(await store.entries(run.run))
      store = await opened.reopen()
      expect(await whole(store)).toEqual(before)
      await created(store)
      expect((await whole(store)).map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6])
    })

    it('is read in pieces as it is at once, with and without the entries', async () => {
      const { store } = await open()
      const run = await owned(store)
      for (let i = 1; i < 300; i += 3)
        await store.append(change(run, [entry(i), entry(i + 1, 'note', { payload: '"n"' }), entry(i + 2)]))
      const all = await whole(store)
      const leaves = Buffer.from(await store.leaves(0, 1_000))
      expect(all.length).toBe(await store.logSize())
      expect(leaves).toEqual(Buffer.concat(all.map(({ leaf }) => leaf)))
      for (const [from, limit] of [
        [0, 1],
        [7, 100],
        [299, 5],
        [all.length, 5],
      ] as const) {
        expect(await store.log(from, limit)).toEqual(all.slice(from, from + limit))
        expect(Buffer.from(await store.leaves(from, limit))).toEqual(leaves.subarray(from * 32, (from + limit) * 32))
      }
    })

    it('is checked in place: leaves and order of a range, and nothing of one that is not whole', async () => {
      const { store } = await open()
      const [a, b] = [await owned(store), await owned(store, { subject: 'ann' })]
      for (let i = 1; i < 60; i += 2) {
        await store.append(change(a, [entry(i), entry(i + 1, 'note', { payload: `"${'x'.repeat(700 * i)}"` })]))
        await store.append(change(b, [entry(i, 'note', { payload: '"b"' }), entry(i + 1, 'note', { payload: '2' })]))
      }
      const all = await whole(store)
      for (const [from, limit] of [
        [0, all.length],
        [13, 50],
      ] as const) {
        const found = await store.checkLog(from, limit)
        const part = all.slice(from, from + limit)
        expect(Buffer.from(found?.leaves ?? [])).toEqual(Buffer.concat(part.map(({ leaf }) => leaf)))
        const order = Array.from(part, (_, i) => [found?.runs[found.order[2 * i] as number], found?.order[2 * i + 1]])
        expect(order).toEqual(part.map(({ run, index }) => [run, index]))
        expect(found).toMatchObject({ erased: 0, archived: 0, locked: 0 })
      }
      expect(await store.checkLog(0, all.length + 1)).toBeUndefined()
      expect(await store.checkLog(all.length, 1)).toBeUndefined()
      await store.erase({ subject: 'ann' })
      expect(await store.checkLog(0, all.length)).toMatchObject({
        erased: all.filter(({ run }) => run === b.run).length,
      })
    })

    it('knows where an entry of a run is', async () => {
      const { store } = await open()
      const [a, b] = [await owned(store), await owned(store)]
      await store.append(change(b, [entry(1)]))
      await store.append(change(a, [entry(1), entry(2)]))
      expect(await store.positionOf(a.run, 0)).toBe(0)
      expect(await store.positionOf(b.run, 1)).toBe(2)
      expect(await store.positionOf(a.run, 2)).toBe(4)
      expect(await store.positionOf(a.run, 3)).toBeUndefined()
      expect(await store.positionOf('nobody', 0)).toBeUndefined()
    })

    it('gives the secret that an entry was committed to with: the run’s, its subject’s, or the one of the entry’s own', async () => {
      const { store } = await open()
      const subjects = await store.subjects(['ann', 'bea'])
      const own = await owned(store)
      await owned(store, { subject: 'ann' })
      const bea = subjects.get('bea') as { token: string; secret: Uint8Array }
      await store.append(change(own, [entry(1, 'step.result', { subject: bea.token, payload: '1' })]))
      const secrets = (await whole(store)).map(({ secret }) => Buffer.from(secret ?? []).toString('hex'))
      const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
      expect(secrets).toEqual([hex(own.secret), hex(subjects.get('ann')?.secret), hex(bea.secret)])
    })
  })

  describe('what was sealed', () => {
    const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

    it('is kept in order, with the nodes that came with it, over a restart', async () => {
      const opened = await open()
      let { store } = opened
      const nodes = [
        { level: 8, index: 0, root: root(1) },
        { level: 8, index: 1, root: root(2) },
        { level: 16, index: 0, root: root(3) },
      ]
      expect(await store.seal({ after: 0, size: 300, note: 'first', nodes: nodes.slice(0, 1) })).toBe('ok')
      expect(await store.seal({ after: 300, size: 600, note: 'second', nodes: nodes.slice(1) })).toBe('ok')
      store = await opened.reopen()
      expect(await store.sealed()).toMatchObject({ size: 600, note: 'second' })
      expect(await store.checkpoints(0, 10)).toMatchObject([{ size: 300 }, { size: 600 }])
      expect(await store.checkpoints(301, 10)).toMatchObject([{ size: 600 }])
      expect(Buffer.from(await store.sealNodes(8, 0, 256))).toEqual(Buffer.concat([root(1), root(2)]))
      expect(Buffer.from(await store.sealNodes(8, 1, 1))).toEqual(Buffer.from(root(2)))
      expect((await store.sealNodes(24, 0, 1)).length).toBe(0)
    })

    it('is refused whole when another one was quicker', async () => {
      const { store } = await open()
      await store.seal({ after: 0, size: 5, note: 'first', nodes: [] })
      const late = { after: 0, size: 7, note: 'late', nodes: [{ level: 8, index: 0, root: root(9) }] }
      expect(await store.seal(late)).toBe('stale')
      expect(await store.sealed()).toMatchObject({ note: 'first' })
      expect((await store.sealNodes(8, 0, 1)).length).toBe(0)
    })
  })
}
