import { beforeEach, describe, expect, it } from 'vitest'
import type { ModelCallQuery, ModelCallRow } from '../model-calls.ts'
import type { Store } from '../store.ts'
import { change, entry, type Opened, type OpenForTest, owned } from './build.testsuite.ts'

export function testModelCalls(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  async function all(query: Omit<ModelCallQuery, 'limit'> = {}, limit = 1000): Promise<ModelCallRow[]> {
    const found: ModelCallRow[] = []
    let after: string | undefined
    do {
      const page = await store.modelCalls({ ...query, after, limit })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      found.push(...page.items)
      after = page.after
    } while (after !== undefined)
    return found
  }

  describe('who answers under an alias', () => {
    const one = { alias: 'fast', provider: 'openai', model: 'gpt-5-mini', key: '', answered: 'a', at: 1 }

    it('is remembered, and a change is told once, with what was before, also after a restart', async () => {
      expect(await store.identify(one)).toEqual({ before: undefined })
      expect(await store.identify({ ...one, at: 2 })).toEqual({ before: undefined })
      store = await opened.reopen()
      expect(await store.identify({ ...one, answered: 'b', at: 3 })).toEqual({ before: 'a' })
      expect(await store.identify({ ...one, answered: 'b', at: 4 })).toEqual({ before: undefined })
      expect(await store.identities()).toEqual([{ ...one, answered: 'b', before: 'a', at: 3 }])
    })

    it('is told apart by alias, provider, model and account', async () => {
      const others = [{ alias: 'smart' }, { provider: 'azure' }, { model: 'gpt-5' }, { key: 'second' }]
      await store.identify(one)
      for (const other of others)
        expect(await store.identify({ ...one, ...other, answered: 'b' })).toEqual({ before: undefined })
      expect(await store.identities()).toHaveLength(1 + others.length)
    })
  })

  describe('lost calls', () => {
    const held = JSON.stringify([
      ['all money', 0, '500', 'money'],
      ['all tokens', 7, '40', 'tokens'],
    ])
    const accounts = [
      { budget: 'all money', window: 0 },
      { budget: 'all tokens', window: 7 },
    ]
    const ann = { by: 'ann', reason: 'invoice' }
    const bob = { by: 'bob', reason: '' }
    const lost = async () => {
      const run = await owned(store)
      const meta = { call: 'text', unconfirmed: true, cost: 500, bound: 500, held }
      const budgets = [
        { ...accounts[0], amount: 500n },
        { ...accounts[1], amount: 40n },
      ] as never
      await store.append(
        change(run, [entry(1), entry(2, 'model.attempt', { key: 'model#0', meta })], {
          budgets,
          row: { status: 'completed' },
        }),
      )
      return run.run
    }

    it('are charged what they did cost when somebody says it, also when their run has ended; budgets follow', async () => {
      const run = await lost()
      const said = await store.confirmCall({ run, index: 2, cost: 120n, ...ann, at: 1 })
      expect(said).toEqual({
        state: 'ok',
        budgets: [
          { ...accounts[0], amount: -380n },
          { ...accounts[1], amount: 0n },
        ],
      })
      expect(await store.used(accounts)).toEqual([120n, 40n])
      expect((await all()).map(({ index, confirmed }) => [index, confirmed])).toEqual([[2, 120n]])
    })

    it('that were not charged are given back whole, and what was said once stands', async () => {
      const run = await lost()
      expect(await store.confirmCall({ run, index: 2, cost: 0n, ...ann, at: 1 })).toMatchObject({ state: 'ok' })
      expect(await store.confirmCall({ run, index: 2, cost: 9n, ...bob, at: 2 })).toEqual({ state: 'again' })
      expect(await store.used(accounts)).toEqual([0n, 0n])
      expect((await all())[0]?.confirmed).toBe(0n)
      // in the store's own history: who said it, and only what counts
      const { items } = await store.acts({ kinds: ['confirmed'], limit: 10 })
      expect(items).toMatchObject([{ run, ...ann, at: 1, call: { index: 2, cost: 0n } }])
      expect(items).toHaveLength(1)
    })

    it('are known only where an entry says that they were lost', async () => {
      const run = await lost()
      for (const wrong of [
        { run, index: 1 },
        { run, index: 9 },
        { run: 'nobody', index: 2 },
      ])
        expect(await store.confirmCall({ ...wrong, cost: 0n, ...ann, at: 1 })).toEqual({ state: 'unknown' })
      expect(await store.used(accounts)).toEqual([500n, 40n])
    })
  })

  describe('model calls', () => {
    it('are those of all runs, with their meta and whose they are, in commit order', async () => {
      const one = await owned(store, { workflow: 'job', tenant: 'a', release: 'v7' })
      const other = await owned(store, { workflow: 'other', tenant: 'b' })
      await store.append(change(one, [entry(1), entry(2, 'model.call', { key: 'model#0', meta: { call: 'text' } })]))
      await store.append(change(other, [entry(1, 'model.result', { key: 'model#0', meta: { call: 'text', cost: 5 } })]))
      await store.append(
        change(one, [
          entry(3, 'model.result', { key: 'model#0', meta: { call: 'text', cost: 7 }, at: 9000 }),
          entry(4),
        ]),
      )
      expect((await all()).map(({ run, index, kind, meta }) => [run, index, kind, meta['cost']])).toEqual([
        [one.run, 2, 'model.call', undefined],
        [other.run, 1, 'model.result', 5],
        [one.run, 3, 'model.result', 7],
      ])
      expect((await all())[2]).toEqual({
        run: one.run,
        index: 3,
        at: 9000,
        kind: 'model.result',
        key: 'model#0',
        meta: { call: 'text', cost: 7 },
        workflow: 'job',
        tenant: 'a',
        release: 'v7',
      })
    })

    it('can be asked for by time, tenant and workflow', async () => {
      const one = await owned(store, { workflow: 'job', tenant: 'a' })
      const other = await owned(store, { workflow: 'other', tenant: 'b' })
      const result = (index: number, at: number) => entry(index, 'model.result', { at, meta: { call: 'text' } })
      await store.append(change(one, [result(1, 2000), result(2, 3000)]))
      await store.append(change(other, [result(1, 1500)]))
      expect((await all({ since: 2000 })).map(({ at }) => at)).toEqual([2000, 3000])
      expect((await all({ until: 3000 })).map(({ at }) => at)).toEqual([2000, 1500])
      expect((await all({ tenant: 'b' })).map(({ at }) => at)).toEqual([1500])
      expect((await all({ workflow: 'job', since: 2500 })).map(({ at }) => at)).toEqual([3000])
    })

    it('can be entries of other kinds, which are counted over all runs', async () => {
      const one = await owned(store, { workflow: 'job' })
      const entries = (['step.attempt', 'model.result', 'run.parked'] as const).map((kind, i) => entry(i + 1, kind))
      await store.append(change(one, entries))
      expect((await all({ kinds: ['run.parked', 'step.attempt'] })).map(({ kind }) => kind)).toEqual([
        'step.attempt',
        'run.parked',
      ])
      expect((await all()).map(({ kind }) => kind)).toEqual(['model.result'])
    })

    it('come in pages of any size, once each, also after a restart', async () => {
      const row = await owned(store)
      let index = 1
      for (let commit = 0; commit < 40; commit++) {
        const entries = Array.from({ length: 25 }, () =>
          entry(index, index++ % 3 ? 'model.result' : 'step.result', { meta: { call: 'text', cost: index } }),
        )
        await store.append(change(row, entries))
      }
      const whole = await all()
      expect(whole.length).toBe(667)
      expect(await all({}, 1)).toEqual(whole)
      expect(await all({}, 64)).toEqual(whole)
      store = await opened.reopen()
      expect(await all({}, 100)).toEqual(whole)
    })

    it('are all found again and again, also those that come later with an earlier time', async () => {
      const run = await owned(store)
      const kinds = ['model.result', 'model.error', 'step.attempt', 'step.result'] as const
      const written: { index: number; at: number; kind: (typeof kinds)[number] }[] = []
      for (let round = 0; round < 12; round++) {
        // clocks are set: times jump to and fro
        const more = Array.from({ length: 40 }, (_, i) => {
          const index = 1 + round * 40 + i
          return {
            index,
            at: 1_000 * ((round * 7) % 12) + ((i * 37) % 1_000),
            kind: kinds[(index * 7) % 4] ?? kinds[0],
          }
        })
        written.push(...more)
        const payload = JSON.stringify('x'.repeat(500))
        await store.append(
          change(
            run,
            more.map(({ index, at, kind }) => entry(index, kind, { at, payload })),
          ),
        )
        for (const [since, until] of [
          [0, 1_000],
          [round * 1_000, 20_000],
          [3_000, 5_000],
          [11_500, 11_600],
        ] as const)
          for (const asked of [['model.result', 'model.error'], ['step.attempt']] as const) {
            const found = await all({ since, until, kinds: asked }, 17)
            const meant = written.filter(
              ({ at, kind }) => at >= since && at < until && (asked as readonly string[]).includes(kind),
            )
            expect(found.map(({ index }) => index)).toEqual(meant.map(({ index }) => index))
          }
      }
    })

    it('of a fork are its own only: what it copied was paid once', async () => {
      const source = await owned(store)
      const result = (index: number, cost: number) =>
        entry(index, 'model.result', { key: `model#${index}`, meta: { call: 'text', cost } })
      await store.append(change(source, [result(1, 10), result(2, 20), result(3, 30)]))
      const fork = await store.fork({
        run: 'the-fork',
        workflow: 'job',
        tenant: '',
        id: 'the-fork',
        inputToken: 'input',
        priority: 0,
        release: 'v1',
        tags: [],
        started: entry(0, 'run.started', { payload: '{"input":1}' }),
        at: 5000,
        source: source.run,
        copy: { from: 1, to: 3, base: 0 },
        point: 3,
        entries: [entry(3, 'run.resumed')],
        children: [],
      })
      expect(fork.state).toBe('created')
      const [claimed] = await store.claim({ worker: 'w1', now: 9000, limit: 1, workflows: ['job'] })
      if (claimed === undefined) throw new Error('nothing to claim')
      await store.append(change(claimed.row, [result(4, 40)]))
      expect((await all()).map(({ run, meta }) => [run === source.run ? 'source' : 'fork', meta['cost']])).toEqual([
        ['source', 10],
        ['source', 20],
        ['source', 30],
        ['fork', 40],
      ])
    })
  })
}
