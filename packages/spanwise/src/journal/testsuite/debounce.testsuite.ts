import { beforeEach, describe, expect, it } from 'vitest'
import type { NewRun, Store } from '../store.ts'
import { change, claim, claimed, entry, newRun, type Opened, type OpenForTest, row, signal } from './build.testsuite.ts'

export function testDebounce(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  const start = (at: number, more: Partial<NewRun> = {}): NewRun =>
    newRun({
      at,
      wakeAt: at + 100,
      debounce: { token: 'w', period: 100 },
      started: entry(0, 'run.started', { at, payload: `{"input":${at}}` }),
      ...more,
    })

  describe('debounced starts', () => {
    it('become one run, which begins with the latest input when they have stopped', async () => {
      const first = await store.create(start(1000))
      expect(first).toMatchObject({ state: 'created', row: { wakeAt: 1100 } })
      const { run } = first.row
      expect(await store.create(start(1050, { inputToken: 'b' }))).toMatchObject({
        state: 'debounced',
        row: { run, wakeAt: 1150, base: 1, status: 'queued' },
      })
      const third = await store.create(start(1120, { priority: 4, deadline: 9000, release: 'v2' }))
      expect(third).toMatchObject({ state: 'debounced', row: { run, priority: 4, deadline: 9000, release: 'v2' } })
      expect(await row(store, third.row)).toEqual(third.row)
      expect(await store.entries(run)).toMatchObject([
        { index: 0, kind: 'run.started', payload: '{"input":1000}' },
        { index: 1, after: 0, kind: 'run.debounced', at: 1050, payload: '{"input":1050}' },
        { index: 2, after: 1, kind: 'run.debounced', at: 1120, payload: '{"input":1120}' },
      ])
      expect(await store.nextWake()).toBe(1220)
      expect(await claim(store, { now: 1219 })).toEqual([])
      const [loaded] = await claim(store, { now: 1220 })
      expect(loaded?.entries).toMatchObject([{ index: 2, kind: 'run.debounced' }])
      expect(await store.counts()).toMatchObject({ running: 1, queued: 0 })
    })

    it('are another run once the first one has begun, however that ended', async () => {
      const { row: first } = await store.create(start(1000))
      await claim(store, { now: 1100 })
      const second = await store.create(start(1101))
      expect(second.state).toBe('created')
      expect(second.row.run).not.toBe(first.run)
      expect(await store.create(start(1102))).toMatchObject({ state: 'debounced', row: { run: second.row.run } })
    })

    it('do not wait longer than the first one said', async () => {
      const { row: first } = await store.create(start(1000, { debounce: { token: 'w', period: 100, until: 1150 } }))
      await store.create(start(1090, { debounce: { token: 'w', period: 100, until: 9999 } }))
      expect(await row(store, first)).toMatchObject({ wakeAt: 1150 })
    })

    it('of other windows are other runs', async () => {
      const { row: first } = await store.create(start(1000))
      const other = await store.create(start(1000, { debounce: { token: 'x', period: 100 } }))
      expect(other).toMatchObject({ state: 'created' })
      expect(other.row.run).not.toBe(first.run)
      expect(await store.create(start(1000, { debounce: undefined }))).toMatchObject({ state: 'created' })
    })

    it('survive that the store is opened anew', async () => {
      const { row: first } = await store.create(start(1000))
      store = await opened.reopen()
      expect(await store.create(start(1050))).toMatchObject({ state: 'debounced', row: { run: first.run } })
      store = await opened.reopen()
      expect(await store.entries(first.run)).toHaveLength(2)
      expect(await claimed(store)).toEqual([first.run])
    })

    it('that come at once are one run', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => store.create(start(1000 + i))))
      expect(new Set(answers.map((answer) => answer.row.run)).size).toBe(1)
      expect(await store.entries(answers[0]?.row.run ?? '')).toHaveLength(20)
    })

    it('asked for twice are one start', async () => {
      const first = start(1000, { id: 'a' })
      await store.create(first)
      expect(await store.create(first)).toMatchObject({ state: 'exists' })
      await store.create(start(1010, { inputToken: 'another' }))
      expect(await store.create(first)).toMatchObject({ state: 'exists' })
    })

    it('never join a run that is about to be cancelled', async () => {
      const { row: first } = await store.create(start(1000))
      await store.send(signal(first.run, { kind: 'cancel', name: '', at: 1010 }))
      const second = await store.create(start(1020))
      expect(second).toMatchObject({ state: 'created' })
      expect(second.row.run).not.toBe(first.run)
      expect((await claim(store, { now: 1020 })).map(({ row: { run } }) => run)).toEqual([first.run])
    })

    it('are not begun by a signal, which waits for the run', async () => {
      const { row: first } = await store.create(start(1000))
      await store.send(signal(first.run, { at: 1010 }))
      expect(await claim(store, { now: 1050 })).toEqual([])
      expect(await store.create(start(1060))).toMatchObject({ state: 'debounced' })
      const [loaded] = await claim(store, { now: 1160 })
      expect(loaded?.mail).toMatchObject([{ kind: 'signal' }])
    })

    it('are listed by the tags of each of them', async () => {
      const { row: first } = await store.create(start(1000, { tags: ['a'] }))
      await store.create(start(1010, { tags: ['b'] }))
      for (const tag of ['a', 'b'])
        expect((await store.list({ tags: [tag], limit: 9 })).items.map(({ run }) => run)).toEqual([first.run])
    })

    it('hold what they say about a subject under its secret, and never join what was erased', async () => {
      const { row: first } = await store.create(start(1000, { subject: 'ada' }))
      await store.create(start(1010, { subject: 'ada' }))
      await store.erase({ subject: 'ada' })
      expect(await store.entries(first.run)).toMatchObject([
        { payload: undefined, erased: true },
        { payload: undefined, erased: true },
      ])
      const { row: other } = await store.create(start(1000, { debounce: { token: 'own', period: 100 } }))
      await store.erase({ run: other.run })
      expect(await store.create(start(1010, { debounce: { token: 'own', period: 100 } }))).toMatchObject({
        state: 'created',
      })
    })

    it('go on with the history that they made', async () => {
      await store.create(start(1000))
      await store.create(start(1010))
      const [loaded] = await claim(store)
      if (loaded === undefined) throw new Error('nothing is due')
      expect(await store.append(change(loaded.row, [entry(2)]))).toMatchObject({ state: 'ok' })
      expect((await store.entries(loaded.row.run)).map(({ kind }) => kind)).toEqual([
        'run.started',
        'run.debounced',
        'step.result',
      ])
    })
  })
}
