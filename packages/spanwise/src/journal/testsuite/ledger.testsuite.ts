import { describe, expect, it } from 'vitest'
import { leaf } from '../leaf.ts'
import { change, entry, finish, type OpenForTest, owned } from './build.testsuite.ts'

const ann = { reason: 'request of 3 March', by: 'ann', at: 5 } as const

export function testLedger(open: OpenForTest): void {
  describe('acts of operators', () => {
    it('are entries of the log, in an order of their own, and read newest first, page by page', async () => {
      const { store } = await open()
      const run = await owned(store)
      for (let i = 0; i < 5; i++)
        await store.act({ kind: 'read', target: { run: run.run }, ...ann, reason: `why ${i}` })
      await store.act({ kind: 'held', target: { subject: 'ada' }, ...ann, second: 'bob' })
      const first = await store.acts({ limit: 4 })
      expect(first.items.map(({ kind, reason }) => [kind, reason])).toEqual([
        ['held', ann.reason],
        ['read', 'why 4'],
        ['read', 'why 3'],
        ['read', 'why 2'],
      ])
      expect(first.items[0]).toMatchObject({
        by: 'ann',
        second: 'bob',
        at: 5,
        subject: store.info.token('subject', 'ada'),
      })
      const rest = await store.acts({ limit: 4, after: first.after })
      expect(rest.items.map(({ reason }) => reason)).toEqual(['why 1', 'why 0'])
      expect(rest.after).toBeUndefined()
      expect((await store.acts({ kinds: ['held'], limit: 4 })).items).toHaveLength(1)
      const log = await store.log(0, 100)
      const acts = log.filter(({ kind }) => kind.startsWith('operator.'))
      expect(acts.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
      for (const one of acts) {
        const made = leaf({ ...one, key: undefined, payload: one.commitments.payload, input: undefined })
        expect(Buffer.compare(made, one.leaf)).toBe(0)
        // who it was is content
        expect(one.meta['by']).toBe(store.info.token('actor', 'ann'))
        expect(await store.positionOf(one.run, one.index)).toBe(one.position)
      }
    })

    it('survive a restart', async () => {
      const { store, reopen } = await open()
      const run = await owned(store)
      await store.act({ kind: 'held', target: { run: run.run }, ...ann })
      const again = await reopen()
      expect((await again.acts({ open: true, limit: 5 })).items).toMatchObject([{ run: run.run, by: 'ann' }])
      await again.act({ kind: 'read', target: { run: run.run }, ...ann })
      expect((await again.acts({ limit: 5 })).items.map(({ index }) => index)).toEqual([1, 0])
    })

    it('an erasure takes the content and says so; of nothing there is nothing to say', async () => {
      const { store } = await open()
      const run = await owned(store, { subject: 'ada' })
      const acted = await store.act({ kind: 'erased', target: { subject: 'ada' }, ...ann })
      expect(acted).toMatchObject({ state: 'ok', act: { kind: 'erased', subject: store.info.token('subject', 'ada') } })
      expect((await store.entries(run.run)).map(({ erased }) => erased)).toEqual([true])
      expect(await store.act({ kind: 'erased', target: { run: 'none' }, ...ann })).toEqual({ state: 'unknown' })
      expect(await store.act({ kind: 'released', target: { run: run.run }, ...ann })).toEqual({ state: 'unknown' })
      expect((await store.acts({ limit: 5 })).items).toHaveLength(1)
      expect((await store.erasures()).map(({ subject }) => subject)).toEqual([store.info.token('subject', 'ada')])
    })

    it('a hold on a run, on its subject, or on whom it is about besides, forbids to erase either', async () => {
      const { store } = await open()
      const about = (await store.subjects(['bob'])).get('bob')?.token
      const run = await owned(store, { subject: 'ada' })
      await store.append(change(run, [entry(1, 'note', { payload: '1', subject: about })]))
      const targets = [{ run: run.run }, { subject: 'ada' }, { subject: 'bob' }] as const
      for (const held of targets) {
        await store.act({ kind: 'held', target: held, ...ann })
        const forbidden = [{ run: run.run }, ...('subject' in held ? [held] : targets)]
        for (const target of forbidden)
          expect(await store.act({ kind: 'erased', target, ...ann })).toMatchObject({
            state: 'held',
            hold: { reason: ann.reason, by: 'ann' },
          })
        expect(await store.act({ kind: 'released', target: held, ...ann })).toMatchObject({ state: 'ok' })
      }
      expect((await store.acts({ open: true, limit: 5 })).items).toEqual([])
      expect(await store.act({ kind: 'erased', target: { run: run.run }, ...ann })).toMatchObject({ state: 'ok' })
    })

    it('a held run is not deleted; nor is one with a young decision', async () => {
      const { store } = await open()
      const [held, decided, other, last] = [
        await owned(store),
        await owned(store),
        await owned(store),
        await owned(store),
      ]
      await store.append(
        change(decided, [entry(1, 'step.result', { key: 'd#0', payload: '1\n2', meta: { decision: true } })]),
      )
      for (const [i, run] of [held, decided, other, last].entries()) await finish(store, run, '"done"', i === 1 ? 2 : 1)
      await store.act({ kind: 'held', target: { run: held.run }, ...ann })
      while (!(await store.indexDecisions()));
      const rules = [{ keep: 0 }]
      const gone = async (decisionsSince?: number) =>
        (await store.expired({ action: 'delete', rules, now: 1e13, after: 0, limit: 10, decisionsSince })).runs
      expect(await gone(0)).toEqual([other.run])
      expect(await gone()).toEqual([decided.run, other.run])
      expect(await store.deleteRuns([held.run])).toMatchObject({ deleted: 0 })
      expect(await store.run(held.run)).toBeDefined()
    })
  })
}
