import { beforeEach, describe, expect, it } from 'vitest'
import type { RunRow, Store } from '../store.ts'
import {
  change,
  claim,
  claimed,
  created,
  entry,
  finish,
  newRun,
  type Opened,
  type OpenForTest,
  owned,
  parked,
  row,
  signal,
  worker,
} from './build.testsuite.ts'

export function testWork(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  describe('claim', () => {
    it('takes free due runs, best priority first, then the longest due', async () => {
      const runs = [
        await created(store, { wakeAt: 3000 }),
        await created(store, { wakeAt: 2000 }),
        await created(store, { wakeAt: 4000, priority: 5 }),
        await created(store, { wakeAt: 1000, priority: -1 }),
      ]
      await created(store, { wakeAt: 5001, priority: 9 })
      await owned(store)
      const [a, b, c, d] = runs.map((run) => run.run)
      expect((await claim(store, { limit: 3 })).map((run) => run.row.run)).toEqual([c, b, a])
      expect(await claimed(store)).toEqual([d])
      expect(await claimed(store)).toEqual([])
    })

    it('raises the epoch, names the owner and says running', async () => {
      const run = await created(store)
      const [taken] = await claim(store, { worker: 'w9' })
      expect(taken?.row).toMatchObject({ run: run.run, epoch: 1, owner: 'w9', status: 'running', wakeAt: undefined })
      expect(await row(store, run)).toEqual(taken?.row)
      expect(await store.append(change(run, [entry(1)]))).toEqual({ state: 'fenced' })
      expect(await store.append(change(taken?.row as RunRow, [entry(1)]))).toMatchObject({ state: 'ok' })
    })

    it('leaves runs of other workflows', async () => {
      const run = await created(store, { workflow: 'other' })
      expect(await claim(store, { workflows: ['job'] })).toEqual([])
      expect(await claim(store, { workflows: ['job'], run: run.run })).toEqual([])
      expect(await claim(store, { workflows: [] })).toEqual([])
      expect(await claim(store, { workflows: ['other'] })).toHaveLength(1)
    })

    it('takes one run by name although it is not due, but not when it is owned or has ended', async () => {
      const [later, attention] = [await created(store, { wakeAt: 9999 }), await parked(store, 'needs attention')]
      expect(await claim(store, { run: later.run })).toMatchObject([{ row: { run: later.run, epoch: 1 } }])
      expect(await claim(store, { run: later.run })).toEqual([])
      expect(await claim(store, { run: attention.run })).toMatchObject([
        { row: { status: 'needs attention', epoch: 2 } },
      ])
      const ended = await owned(store)
      await finish(store, ended)
      expect(await claim(store, { run: ended.run })).toEqual([])
      expect(await claim(store, { run: 'nobody' })).toEqual([])
    })

    it('loads what is needed to go on: entries from base, mail, secrets of living subjects', async () => {
      const run = await owned(store)
      const ada = (await store.subjects(['ada'])).get('ada')
      const about = { subject: ada?.token, payload: '"about ada"' }
      await store.append(change(run, [entry(1), entry(2, 'scope.snapshot'), entry(3, 'step.result', about)]))
      await store.append(change(run, [], { row: { status: 'waiting', base: 2 }, park: { wakeAt: 1 } }))
      await store.send(signal(run.run))
      const [loaded] = await claim(store)
      expect(loaded?.entries.map((one) => one.index)).toEqual([2, 3])
      expect(loaded?.entries[1]).toMatchObject({ subject: ada?.token, payload: '"about ada"' })
      expect(loaded?.mail).toMatchObject([{ kind: 'signal' }])
      expect(loaded?.secrets).toEqual(new Map([[ada?.token, ada?.secret]]))
    })

    it('loads neither what a snapshot stands for that says what it stands on, nor does it look through it', async () => {
      const run = await owned(store)
      const grounded = (index: number) => ({ ...entry(index, 'scope.snapshot'), meta: { round: index, ground: 1 } })
      const steps = Array.from({ length: 2_000 }, (_, i) => (i % 100 === 50 ? grounded(i + 1) : entry(i + 1)))
      for (let i = 0; i < steps.length; i += 500) await store.append(change(run, steps.slice(i, i + 500)))
      await store.append(change(run, [], { row: { status: 'waiting' }, park: { wakeAt: 1 } }))
      const [loaded] = await claim(store)
      expect(loaded?.entries.map(({ index }) => index)).toEqual([
        0,
        1,
        ...Array.from({ length: 50 }, (_, i) => 1951 + i),
      ])
      // what was resumed is read whole
      const taken = loaded?.row as RunRow
      await store.append(
        change(taken, [entry(2_001, 'run.resumed')], { row: { status: 'waiting' }, park: { wakeAt: 1 } }),
      )
      const [whole] = await claim(store)
      expect(whole?.entries).toHaveLength(2_002)
      // until the next one
      const next = whole?.row as RunRow
      await store.append(change(next, [grounded(2_002)], { row: { status: 'waiting' }, park: { wakeAt: 1 } }))
      expect((await claim(store))[0]?.entries.map(({ index }) => index)).toEqual([0, 1, 2_002])
    })

    it('leaves runs that a newer release advanced to workers of it', async () => {
      const old = await created(store)
      const giveBack = (run: RunRow | undefined) =>
        store.append(change(run as RunRow, [], { row: { status: 'waiting' }, park: { wakeAt: 0 } }))
      const [first] = await claim(store, { release: 'v1' })
      expect(first?.row).toMatchObject({ run: old.run, release: 'v1' })
      await giveBack(first?.row)
      expect(await store.nextWake(undefined, 'v1')).toBe(0)
      const [taken] = await claim(store, { release: 'v2' })
      expect(taken?.row).toMatchObject({ release: 'v2' })
      await giveBack(taken?.row)
      expect(await claim(store, { release: 'v1' })).toEqual([])
      expect(await claim(store, { release: 'v1', run: old.run })).toEqual([])
      expect(await store.nextWake(undefined, 'v1')).toBeUndefined()
      expect(await claim(store, { release: 'v3' })).toMatchObject([{ row: { release: 'v3' } }])
    })

    it('never gives one run to two claimers', async () => {
      await Promise.all(Array.from({ length: 50 }, () => created(store)))
      const claims = await Promise.all(['a', 'b', 'c'].map((id) => claim(store, { worker: id, limit: 30 })))
      const taken = claims.flat().map((run) => run.row.run)
      expect(taken).toHaveLength(50)
      expect(new Set(taken).size).toBe(50)
    })
  })

  describe('nextWake', () => {
    it('is the earliest time of a free run over all priorities', async () => {
      expect(await store.nextWake()).toBeUndefined()
      await owned(store)
      await created(store, { wakeAt: 4000, priority: 2 })
      await created(store, { wakeAt: 3000, workflow: 'other' })
      expect(await store.nextWake()).toBe(3000)
      expect(await store.nextWake(['job'])).toBe(4000)
      expect(await store.nextWake(['none'])).toBeUndefined()
    })
  })

  describe('workers', () => {
    it('that register free what dead ones held, due at once and under a new epoch', async () => {
      await store.register(worker)
      const [run, attention] = [await owned(store), await owned(store)]
      await store.append(change(attention, [], { row: { status: 'needs attention' } }))
      const ended = await owned(store)
      await finish(store, ended)
      expect(await store.register({ ...worker, id: 'w2' })).toEqual({ freed: 2 })
      expect(await row(store, run)).toMatchObject({ owner: undefined, wakeAt: 0, epoch: 1 })
      expect(await store.append(change(run, [entry(1)]))).toEqual({ state: 'fenced' })
      expect((await claimed(store)).toSorted()).toEqual([attention.run, run.run].toSorted())
      expect(await store.append(change(run, [entry(1)]))).toEqual({ state: 'fenced' })
      expect(await store.append(change({ ...run, epoch: 2 }, [entry(1)]))).toMatchObject({ state: 'ok' })
    })

    it('keep their own runs when they register again', async () => {
      await store.register(worker)
      const run = await owned(store)
      expect(await store.register(worker)).toEqual({ freed: 0 })
      expect(await row(store, run)).toMatchObject({ owner: 'w1' })
    })

    it('renew their lease until it is taken from them', async () => {
      await store.register(worker)
      expect(await store.renew('w1')).toBe(true)
      await store.register({ ...worker, id: 'w2' })
      expect(await store.renew('w1')).toBe(false)
    })

    it('give back what they hold when they leave', async () => {
      await store.register(worker)
      const run = await owned(store)
      await store.unregister('w1')
      expect(await store.renew('w1')).toBe(false)
      expect(await claimed(store)).toEqual([run.run])
    })

    it('find everything again after a restart', async () => {
      await store.register(worker)
      const run = await owned(store, { id: 'kept', tags: ['t'] })
      await store.append(change(run, [entry(1, 'step.result', { payload: '"kept"' })]))
      const token = store.info.token('id', 'kept')
      store = await opened.reopen()
      expect(store.info.token('id', 'kept')).toBe(token)
      expect(await row(store, run)).toEqual(run)
      expect(await store.register({ ...worker, id: 'w2' })).toEqual({ freed: 1 })
      const [loaded] = await claim(store, { worker: 'w2' })
      expect(loaded?.entries.map((one) => one.payload)).toEqual(['{"input":1}', '"kept"'])
      expect(await store.create(newRun({ id: 'kept' }))).toMatchObject({ state: 'exists' })
    })
  })

  describe('list', () => {
    it('shows newest first, by page, and filters', async () => {
      const runs: RunRow[] = []
      for (let i = 0; i < 5; i++) runs.push(await created(store, { tags: i % 2 ? ['odd', 'x'] : ['even'] }))
      const ids = runs.map((run) => run.run).toReversed()
      const first = await store.list({ limit: 3 })
      expect(first.items.map((run) => run.run)).toEqual(ids.slice(0, 3))
      const second = await store.list({ limit: 3, after: first.after })
      expect(second.items.map((run) => run.run)).toEqual(ids.slice(3))
      expect(second.after).toBeUndefined()
      expect((await store.list({ tags: ['odd', 'x'], limit: 9 })).items).toHaveLength(2)
      expect((await store.list({ tags: ['odd', 'even'], limit: 9 })).items).toHaveLength(0)
      const mine = await owned(store, { tenant: 'b', workflow: 'other' })
      await store.append(change(mine, [], { row: { status: 'needs attention', fingerprint: 'f' } }))
      for (const query of [
        { tenant: 'b' },
        { workflow: 'other' },
        { status: ['needs attention', 'failed'] as const },
        { fingerprint: 'f' },
        { tenant: 'b', workflow: 'other', fingerprint: 'f' },
        { prefix: mine.run },
      ]) {
        expect((await store.list({ ...query, limit: 9 })).items.map((run) => run.run)).toEqual([mine.run])
      }
      const { createdAt } = mine
      expect((await store.list({ since: createdAt, workflow: 'other', limit: 9 })).items).toHaveLength(1)
      expect((await store.list({ since: createdAt + 1, workflow: 'other', limit: 9 })).items).toHaveLength(0)
      expect(await store.counts()).toMatchObject({ queued: 5, 'needs attention': 1, completed: 0 })
    })
  })

  describe('transact', () => {
    const tables = (tx: { run(sql: string): unknown }): void => {
      tx.run('CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, money INTEGER)')
    }

    it('commits the user’s writes with the entry', async () => {
      const run = await owned(store)
      const result = await store.transact(run, 1, (tx) => {
        tables(tx)
        const { changes } = tx.run('INSERT INTO accounts VALUES (?, ?)', 1, 50)
        return { value: { changes, rows: tx.all('SELECT money FROM accounts') }, change: change(run, [entry(1)]) }
      })
      expect(result).toEqual({ state: 'ok', value: { changes: 1, rows: [{ money: 50 }] } })
      expect(await store.entries(run.run)).toHaveLength(2)
      const again = await store.transact(run, 1, (tx) => ({
        value: tx.get('SELECT money FROM accounts WHERE id = ?', 1),
        change: change(run, []),
      }))
      expect(again).toMatchObject({ value: { money: 50 } })
    })

    it('rolls everything back when the body throws, and rethrows', async () => {
      const run = await owned(store)
      await store.transact(run, 1, (tx) => {
        tables(tx)
        return { value: 0, change: change(run, []) }
      })
      const failing = store.transact(run, 1, (tx) => {
        tx.run('INSERT INTO accounts VALUES (9, 9)')
        throw new RangeError('no money')
      })
      await expect(failing).rejects.toThrow(new RangeError('no money'))
      const rows = await store.transact(run, 1, (tx) => ({
        value: tx.all('SELECT * FROM accounts'),
        change: change(run, [entry(1)]),
      }))
      expect(rows).toMatchObject({ value: [] })
    })

    it('is fenced without running the body', async () => {
      const run = await owned(store)
      let ran = false
      const answer = await store.transact(run, 2, () => {
        ran = true
        return { value: 0, change: change(run, []) }
      })
      expect([answer, ran]).toEqual([{ state: 'fenced' }, false])
    })

    it('undoes the user’s writes when the entry cannot be written', async () => {
      const run = await owned(store)
      const body = (index: number) =>
        store.transact(run, 1, (tx) => {
          tables(tx)
          tx.run('INSERT INTO accounts (money) VALUES (1)')
          return { value: tx.all('SELECT * FROM accounts').length, change: change(run, [entry(index)]) }
        })
      await expect(body(0)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
      expect(await body(1)).toEqual({ state: 'ok', value: 1 })
    })

    it('applies what was asked before it first, and what is asked meanwhile after it', async () => {
      const [run, other] = [await owned(store), await owned(store)]
      const before = store.append(change(run, [entry(1)]))
      const during = store.transact(run, 1, () => ({ value: 'done', change: change(run, [entry(2)]) }))
      const after = Array.from({ length: 20 }, (_, i) => store.append(change(other, [entry(1 + i)])))
      expect(await Promise.all([before, during, ...after])).toMatchObject([
        {},
        { value: 'done' },
        ...after.map(() => ({})),
      ])
      const second = store.transact(run, 1, () => ({ value: 2, change: change(run, [entry(3)]) }))
      const third = store.transact(run, 1, () => ({ value: 3, change: change(run, [entry(4)]) }))
      expect(await Promise.all([second, third])).toMatchObject([{ value: 2 }, { value: 3 }])
      expect((await store.entries(run.run)).map((one) => one.index)).toEqual([0, 1, 2, 3, 4])
      expect((await store.entries(other.run)).map((one) => one.index)).toEqual(Array.from({ length: 21 }, (_, i) => i))
    })

    it.each([
      'DELETE FROM spanwise_segments',
      'SELECT data FROM Spanwise_Segments',
      'DROP TABLE spanwise_runs',
      'CREATE TRIGGER t AFTER INSERT ON spanwise_segments BEGIN SELECT 1; END',
      'COMMIT',
      'SAVEPOINT a',
      "ATTACH ':memory:' AS other",
      'PRAGMA synchronous = OFF',
    ])('refuses to run %s', async (sql) => {
      const run = await owned(store)
      const attempt = store.transact(run, 1, (tx) => ({ value: tx.run(sql), change: change(run, [entry(1)]) }))
      await expect(attempt).rejects.toMatchObject({ code: 'TRANSACTION_REFUSED' })
      expect(await store.append(change(run, [entry(1)]))).toMatchObject({ state: 'ok' })
    })

    it('leaves a dead handle behind', async () => {
      const run = await owned(store)
      let kept: { run(sql: string): unknown } | undefined
      await store.transact(run, 1, (tx) => {
        kept = tx
        return { value: 0, change: change(run, []) }
      })
      expect(() => kept?.run('SELECT 1')).toThrow(expect.objectContaining({ code: 'TRANSACTION_CLOSED' }))
    })
  })
}
