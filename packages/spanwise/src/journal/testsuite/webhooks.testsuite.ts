import { describe, expect, it } from 'vitest'
import { change, entry, finish, type OpenForTest, owned } from './build.testsuite.ts'

export function testWebhooks(open: OpenForTest): void {
  describe('webhooks', () => {
    const endpoint = (name: string, more: object = {}) => ({
      name,
      types: ['run.completed', 'approval.requested'],
      ...more,
    })
    const put = (...names: string[]) => ({
      webhooks: names.map((name) => ({ name, way: 'out', about: '{}' }) as const),
      at: 1,
    })

    it('get what happens from when they are there, by type, workflow and tenant, each once and in the order of the log', async () => {
      const { store } = await open()
      await finish(store, await owned(store))
      await store.putWebhooks(put('a', 'b', 'c'))
      const first = await owned(store, { tenant: 't' })
      const second = await owned(store, { workflow: 'other' })
      const question = { id: 'q1', key: 'approval#0', role: 'boss', at: 5, expiresAt: undefined, entry: 1 }
      await store.append(
        change(first, [entry(1, 'approval.requested', { key: 'approval#0' })], { approvals: [{ open: question }] }),
      )
      await finish(store, second)
      await finish(store, first, '"done"', 2)
      const order = {
        endpoints: [endpoint('a'), endpoint('b', { tenant: 't' }), endpoint('c', { workflow: 'other' })],
        at: 9,
      }
      while (!(await store.deriveDeliveries(order)));
      expect(await store.deriveDeliveries(order)).toBe(true)
      const { items } = await store.deliveries({ limit: 100 })
      const told = items.map(({ webhook, type, run, approval }) => [webhook, type, run, approval]).toReversed()
      expect(told).toEqual([
        ['a', 'approval.requested', first.run, 'q1'],
        ['b', 'approval.requested', first.run, 'q1'],
        ['a', 'run.completed', second.run, undefined],
        ['c', 'run.completed', second.run, undefined],
        ['a', 'run.completed', first.run, undefined],
        ['b', 'run.completed', first.run, undefined],
      ])
      expect(new Set(items.map(({ id }) => id)).size).toBe(6)
      // of one run to one endpoint the earliest, until it is settled
      const due = async () =>
        (await store.dueDeliveries({ webhooks: ['a', 'c'], now: 9, limit: 9 })).map(({ seq }) => seq)
      const [q, , s, c, f] = items.toReversed().map(({ seq }) => seq)
      expect(await due()).toEqual([q, s, c])
      expect(await store.nextDelivery(['a'])).toBe(9)
      await store.settleDelivery({ seq: q as number, state: 'pending', attempts: 1, nextAt: 50, status: 500, at: 10 })
      expect(await due()).toEqual([s, c])
      await store.settleDelivery({ seq: q as number, state: 'dead', attempts: 2, error: 'TIMEOUT', at: 51 })
      expect(await due()).toEqual([s, c, f])
      expect(await store.webhooks()).toMatchObject([
        { name: 'a', pending: 2, dead: 1 },
        { name: 'b', pending: 2 },
        { name: 'c', pending: 1 },
      ])
      expect(await store.resendDeliveries({ webhook: 'a', state: 'dead', at: 60 })).toBe(1)
      expect(await store.dueDeliveries({ webhooks: ['a'], now: 60, limit: 1 })).toMatchObject([{ seq: s }])
    })

    it('are turned off and on: what happens between is not told', async () => {
      const { store } = await open()
      await store.putWebhooks(put('a'))
      await store.changeWebhook({ name: 'a', disable: 'why', at: 5 })
      expect(await store.webhooks()).toMatchObject([{ disabled: { at: 5, reason: 'why' } }])
      await finish(store, await owned(store))
      expect(await store.changeWebhook({ name: 'a', enable: true, at: 6 })).toMatchObject({ disabled: undefined })
      const row = await owned(store)
      await finish(store, row)
      await store.deriveDeliveries({ endpoints: [endpoint('a')], at: 9 })
      expect((await store.deliveries({ limit: 9 })).items.map(({ run }) => run)).toEqual([row.run])
      expect(await store.changeWebhook({ name: 'b', enable: true, at: 6 })).toBeUndefined()
    })

    it('count what came in, and hold what is in no history once', async () => {
      const { store } = await open()
      await store.putWebhooks({ webhooks: [{ name: 'in', way: 'in', about: '{}' }], at: 1 })
      const count = { name: 'in', accepted: 2, repeated: 1, ignored: 0, refused: 0, at: 7 }
      await store.countWebhooks([
        count,
        { ...count, accepted: 0, repeated: 0, refused: 3, at: 9, refusal: 'WEBHOOK_UNSIGNED' },
      ])
      expect(await store.webhooks()).toMatchObject([
        { accepted: 2, repeated: 1, refused: 3, lastAt: 7, refusedAt: 9, refusal: 'WEBHOOK_UNSIGNED' },
      ])
      const one = { id: 'm1', webhook: 'out', type: 'budget.warning', about: '{"budget":"all"}', at: 3 }
      await store.addDelivery(one)
      await store.addDelivery({ ...one, at: 4 })
      expect((await store.deliveries({ id: 'm1', limit: 9 })).items).toMatchObject([{ ...one, run: undefined }])
    })
  })
}
