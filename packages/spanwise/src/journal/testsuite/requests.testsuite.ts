import { describe, expect, it } from 'vitest'
import type { NewRun } from '../store.ts'
import { claim, entry, finish, newRun, type OpenForTest, owned, signal } from './build.testsuite.ts'

export function testRequests(open: OpenForTest): void {
  describe('requests under a key', () => {
    const request = (token: string, input = 'a', until = 90_000) => ({ token, input, until })
    const debounced = (run: string, at: number, more: Partial<NewRun> = {}): NewRun =>
      newRun({
        run,
        id: run,
        at,
        wakeAt: at + 100,
        debounce: { token: 'w', period: 100 },
        started: entry(0, 'run.started', { at, payload: '{}' }),
        ...more,
      })

    it('are answered with the run that they became part of, also once that has begun', async () => {
      const { store } = await open()
      const { row: first } = await store.create(debounced('r1', 1000, { request: request('k1') }))
      const joined = await store.create(debounced('r2', 1050, { request: request('k2', 'b') }))
      expect(joined).toMatchObject({ state: 'debounced', row: { run: first.run } })
      expect(await claim(store, { now: 1200 })).toHaveLength(1)
      const again = await store.create(debounced('r3', 1300, { request: request('k2', 'b') }))
      expect(again).toMatchObject({ state: 'exists', row: { run: first.run } })
      expect(await store.create(debounced('r4', 1300, { request: request('k2', 'c') }))).toMatchObject({
        state: 'conflict',
        row: { run: first.run },
      })
      expect(await store.create(debounced('r5', 1300, { request: request('k3') }))).toMatchObject({ state: 'created' })
      expect(await store.entries(first.run)).toHaveLength(2)
    })

    it('are forgotten when their time is over', async () => {
      const { store } = await open()
      const { row: first } = await store.create(debounced('r1', 1000, { request: request('k1', 'a', 2000) }))
      await claim(store, { now: 1100 })
      expect(await store.create(debounced('r2', 1999, { request: request('k1') }))).toMatchObject({
        state: 'exists',
        row: { run: first.run },
      })
      const later = await store.create(debounced('r3', 2000, { request: request('k1', 'a', 9000) }))
      expect(later).toMatchObject({ state: 'created' })
    })

    it('tell a run once, and are known as repeats when it has ended', async () => {
      const { store } = await open()
      const row = await owned(store)
      expect(await store.send(signal(row.run, { request: { key: 's1', until: 90_000 } }))).toMatchObject({
        state: 'ok',
      })
      expect(await store.send(signal(row.run, { request: { key: 's1', until: 90_000 } }))).toMatchObject({
        state: 'duplicate',
      })
      expect(await store.mail(row.run)).toHaveLength(1)
      await finish(store, row)
      expect(await store.send(signal(row.run, { request: { key: 's1', until: 90_000 } }))).toMatchObject({
        state: 'duplicate',
      })
      expect(await store.send(signal(row.run, { request: { key: 's2', until: 90_000 } }))).toMatchObject({
        state: 'closed',
      })
    })
  })
}
