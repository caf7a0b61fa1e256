import { beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../codec.ts'
import type { DecisionQuery } from '../decisions.ts'
import type { EntryKind, NewEntry } from '../entry.ts'
import type { Store } from '../store.ts'
import { change, entry, type Opened, type OpenForTest, owned } from './build.testsuite.ts'

export function testDecisions(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })

  async function all(query: Omit<DecisionQuery, 'limit'> = {}, limit = 100): Promise<readonly string[]> {
    while (!(await store.indexDecisions())) {}
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await store.decisions({ ...query, after, limit })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      found.push(...page.items.map((row) => `${row.run} ${row.entry.index} ${row.entry.key}`))
      after = page.after
    } while (after !== undefined)
    return found
  }

  const of = (index: number, kind: EntryKind, key: string, more: Partial<NewEntry> = {}): NewEntry =>
    entry(index, kind, { key, ...more })
  const text = { call: 'text', alias: 'fast', model: 'gpt-5-mini', answered: 'gpt-5-mini-1', cost: 5 }

  describe('decisions', () => {
    it('are model calls of a body, steps that asked a model, and steps that say so; nothing else is', async () => {
      const row = await owned(store)
      await store.append(
        change(row, [
          of(1, 'model.call', 'model#0', { meta: { call: 'text' } }),
          of(2, 'model.result', 'model#0', { meta: text }),
          of(3, 'step.result', 'plain#0'),
          of(4, 'model.call', 'ask#0~model[x]#0', { meta: { call: 'text' } }),
          of(5, 'model.result', 'ask#0~model[x]#0', { meta: text }),
        ]),
      )
      expect(await all()).toEqual([`${row.run} 2 model#0`])
      await store.append(
        change(row, [
          of(6, 'step.result', 'ask#0'),
          of(7, 'step.result', 'limit#0', { meta: { decision: 'credit limit' } }),
          of(8, 'model.call', 'embed#0~model[y]#0', { meta: { call: 'embedding' } }),
          of(9, 'model.result', 'embed#0~model[y]#0', { meta: { call: 'embedding', model: 'e' } }),
          of(10, 'step.result', 'embed#0'),
          of(11, 'model.result', 'model#1', { meta: { call: 'embedding' } }),
        ]),
      )
      // latest first, also when it was taken in by parts
      expect(await all()).toEqual([`${row.run} 7 limit#0`, `${row.run} 6 ask#0`, `${row.run} 2 model#0`])
      const [, asked] = (await store.decisions({ limit: 5 })).items
      expect(asked).toMatchObject({ workflow: 'job', release: 'v1', entry: { index: 6, payload: undefined } })
      expect(asked?.parts.map(({ index }) => index)).toEqual([4, 5])
    })

    it('are found by model, prompt, workflow, tenant, subject, time, outcome and cost', async () => {
      const one = await owned(store, { workflow: 'job', tenant: 'a', subject: 'ann' })
      const other = await owned(store, { workflow: 'other', tenant: 'b' })
      const prompted = { ...text, prompt: 'triage', promptVersion: '3' }
      await store.append(change(one, [of(1, 'model.result', 'model#0', { meta: prompted, at: 2000 })]))
      await store.append(
        change(other, [of(1, 'model.error', 'model#0', { meta: { ...text, cost: 900, model: 'gpt-5' }, at: 3000 })]),
      )
      const [first, second] = [`${one.run} 1 model#0`, `${other.run} 1 model#0`]
      expect(await all()).toEqual([second, first])
      for (const model of ['fast', 'gpt-5-mini', 'gpt-5-mini-1']) expect(await all({ model })).toEqual([first])
      for (const prompt of ['triage', 'triage@3']) expect(await all({ prompt })).toEqual([first])
      expect(await all({ prompt: 'triage@4' })).toEqual([])
      expect(await all({ workflow: 'other' })).toEqual([second])
      expect(await all({ tenant: 'a' })).toEqual([first])
      expect(await all({ subject: 'ann' })).toEqual([first])
      expect(await all({ run: other.run })).toEqual([second])
      expect(await all({ since: 2500 })).toEqual([second])
      expect(await all({ until: 2500 })).toEqual([first])
      expect(await all({ outcome: 'failed' })).toEqual([second])
      expect(await all({ outcome: 'done' })).toEqual([first])
      expect(await all({ cost: 100 })).toEqual([second])
    })

    it('are found by who approved what came of them, and by what they were influenced by', async () => {
      const row = await owned(store)
      const cited = encode([{ id: 'policy', version: '2' }])
      await store.append(
        change(row, [
          of(1, 'note', 'read#0~cite#1.0', { after: 0, payload: cited, meta: { cited: 1 } }),
          of(2, 'step.result', 'read#0', { after: 0 }),
          of(3, 'model.result', 'model#0', { after: 0, meta: text }),
          of(4, 'model.result', 'model#1', { after: 2, meta: { ...text, model: 'other' } }),
          of(5, 'approval.requested', 'approval#0', { after: 3 }),
          of(6, 'approval.decided', 'approval#0', {
            after: 3,
            meta: { approve: true },
            payload: encode({ approve: true, by: 'bo' }),
          }),
          of(7, 'model.result', 'model#2', { after: 6, meta: text }),
        ]),
      )
      const at = (...indexes: readonly number[]) =>
        indexes.map((index) => `${row.run} ${index} ${{ 3: 'model#0', 4: 'model#1', 7: 'model#2' }[index]}`)
      // asked for when 3 was there: 4 came later, and nobody was asked about it
      expect(await all({ approver: 'bo' })).toEqual(at(3))
      expect(await all({ outcome: 'approved' })).toEqual(at(3))
      expect(await all({ outcome: 'rejected' })).toEqual([])
      expect(await all({ influence: { document: 'policy' } })).toEqual(at(7, 4))
      expect(await all({ influence: { document: 'policy@2' } })).toEqual(at(7, 4))
      expect(await all({ influence: { document: 'policy@3' } })).toEqual([])
      expect(await all({ influence: { approver: 'bo' } })).toEqual(at(7))
      expect(await all({ influence: { model: 'other' } })).toEqual(at(7, 4))
      const [last, own] = (await store.decisions({ influence: { model: 'other' }, limit: 5 })).items
      expect([last?.via, own?.via]).toEqual([
        { key: 'model#1', index: 4 },
        { key: 'model#1', index: 4 },
      ])
    })

    it('come in pages, once each, also after a restart and while more is recorded', async () => {
      const row = await owned(store)
      const many = Array.from({ length: 60 }, (_, i) => of(i + 1, 'model.result', `model#${i}`, { meta: text }))
      for (const one of many) await store.append(change(row, [one]))
      const expected = many.map(({ index, key }) => `${row.run} ${index} ${key}`).reverse()
      expect(await all({}, 7)).toEqual(expected)
      const first = await store.decisions({ limit: 10 })
      store = await opened.reopen()
      const again = await store.run(row.run)
      expect(again).toBeDefined()
      const rest = await store.decisions({ limit: 100, after: first.after })
      expect([...first.items, ...rest.items].map(({ entry: { index } }) => index)).toEqual(
        many.map(({ index }) => index).reverse(),
      )
    })

    it('that are done again after a resume are listed both, the second with the answers that it used again', async () => {
      const row = await owned(store)
      await store.append(
        change(row, [
          of(1, 'model.result', 'ask#0~model[x]#0', { meta: text }),
          of(2, 'step.error', 'ask#0'),
          of(3, 'run.resumed', '', { payload: '{}' }),
          of(4, 'step.result', 'ask#0'),
        ]),
      )
      expect(await all({ model: 'fast' })).toEqual([`${row.run} 4 ask#0`, `${row.run} 2 ask#0`])
    })

    it('of a subject are in the runs about it and in those that hold entries about it', async () => {
      await store.subjects(['ann'])
      const ann = (await store.subjects(['ann'])).get('ann')?.token
      const own = await owned(store, { subject: 'ann' })
      const shared = await owned(store)
      await owned(store, { subject: 'bo' })
      await store.append(change(shared, [of(1, 'step.result', 'each#0[a]/step#0', { subject: ann })]))
      expect(await store.runsOfSubject('ann')).toEqual([own.run, shared.run])
      expect(await store.runsOfSubject('nobody')).toEqual([])
    })

    it('of an erased run are still counted, and what documents and people they were about cannot be asked', async () => {
      const row = await owned(store)
      const cited = encode([{ id: 'letter of ann' }])
      await store.append(
        change(row, [
          of(1, 'note', 'ask#0~cite#1.0', { payload: cited, meta: { cited: 1 } }),
          of(2, 'model.result', 'ask#0~model[x]#0', { meta: text }),
          of(3, 'step.result', 'ask#0'),
        ]),
      )
      const document = 'letter of ann'
      expect(await all({ influence: { document } })).toHaveLength(1)
      await store.erase({ run: row.run })
      expect(await all({ influence: { document } })).toEqual([])
      expect(await all()).toEqual([`${row.run} 3 ask#0`])
    })
  })
}
