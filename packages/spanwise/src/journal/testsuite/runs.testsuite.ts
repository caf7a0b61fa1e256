import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../store.ts'
import { change, claim, created, entry, finish, newRun, type OpenForTest, owned, row } from './build.testsuite.ts'

export function testRuns(open: OpenForTest): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })

  describe('create', () => {
    it('makes one run per tenant, workflow and id', async () => {
      const first = newRun({ id: 'order-7' })
      expect(await store.create(first)).toMatchObject({ state: 'created', row: { run: first.run } })
      const again = await store.create(newRun({ id: 'order-7' }))
      expect(again).toMatchObject({ state: 'exists', row: { run: first.run } })
      expect(await store.create(newRun({ id: 'order-7', tenant: 'b' }))).toMatchObject({ state: 'created' })
      expect(await store.create(newRun({ id: 'order-7', workflow: 'other' }))).toMatchObject({ state: 'created' })
      expect(await store.counts()).toMatchObject({ queued: 3 })
    })

    it('makes one run when the same id is asked for twice at once', async () => {
      const answers = await Promise.all([1, 2, 3].map(() => store.create(newRun({ id: 'once' }))))
      expect(answers.map((answer) => answer.state)).toEqual(['created', 'exists', 'exists'])
      expect(new Set(answers.map((answer) => answer.row.run)).size).toBe(1)
    })

    it('answers another input under the same id with a conflict and changes nothing', async () => {
      const first = newRun({ id: 'a', inputToken: store.info.token('input', '1') })
      await store.create(first)
      const second = newRun({ id: 'a', inputToken: store.info.token('input', '2') })
      expect(await store.create(second)).toMatchObject({ state: 'conflict', row: { run: first.run } })
      expect(await store.run(second.run)).toBeUndefined()
      expect(await store.entries(second.run)).toEqual([])
    })

    it('returns the row that a later read returns', async () => {
      const made = await created(store, {
        id: 'full',
        subject: 'person-1',
        tags: ['a', 'b'],
        priority: 3,
        deadline: 9000,
        wakeAt: 4000,
        parent: { run: 'elsewhere', key: 'child#0' },
      })
      expect(made).toMatchObject({ status: 'queued', epoch: 0, owner: undefined, wakeAt: 4000, base: 0 })
      expect(made.secret).toHaveLength(32)
      expect(await store.run(made.run)).toEqual(made)
      expect(await store.find({ tenant: '', workflow: 'job', id: 'full' })).toEqual(made)
      const mine = await owned(store)
      expect(mine).toMatchObject({ status: 'running', epoch: 1, owner: 'w1', wakeAt: undefined })
      expect(await store.run(mine.run)).toEqual(mine)
    })

    it('keeps the first entry with the run', async () => {
      const made = await created(store)
      expect(await store.entries(made.run)).toMatchObject([
        { run: made.run, index: 0, kind: 'run.started', payload: '{"input":1}', erased: false },
      ])
    })

    it('does not know what was never made', async () => {
      expect(await store.run('nobody')).toBeUndefined()
      expect(await store.find({ tenant: '', workflow: 'job', id: 'nobody' })).toBeUndefined()
      expect(await store.entries('nobody')).toEqual([])
      expect(await store.mail('nobody')).toEqual([])
      expect(await store.approval('nobody')).toBeUndefined()
    })
  })

  describe('subjects', () => {
    it('have one token and secret each, made on first sight', async () => {
      const first = await store.subjects(['ada', 'bob'])
      expect([...first.keys()]).toEqual(['ada', 'bob'])
      expect(first.get('ada')?.token).toBe(store.info.token('subject', 'ada'))
      expect(first.get('ada')?.secret).toHaveLength(32)
      expect(first.get('ada')?.secret).not.toEqual(first.get('bob')?.secret)
      expect(await store.subjects(['ada', 'bob'])).toEqual(first)
    })

    it('lend their secret to their runs', async () => {
      const made = await created(store, { subject: 'ada' })
      const ada = (await store.subjects(['ada'])).get('ada')
      expect(made.subject).toBe(ada?.token)
      expect(made.secret).toEqual(ada?.secret)
      expect((await created(store)).secret).not.toEqual(ada?.secret)
    })
  })

  describe('append', () => {
    it('keeps entries in order, as they were written', async () => {
      const run = await owned(store)
      const meta = { model: 'm', tokens: 12, cached: false, note: null }
      await store.append(change(run, [entry(1, 'step.attempt', { attempt: 2, meta, input: '7' })]))
      await store.append(change(run, [entry(2), entry(3, 'note', { payload: '"😀 \\u0000"' })]))
      const entries = await store.entries(run.run)
      expect(entries.map((one) => one.index)).toEqual([0, 1, 2, 3])
      expect(entries[1]).toMatchObject({ kind: 'step.attempt', attempt: 2, meta, at: 1001, after: 0, key: 'step#1' })
      expect(entries[1]?.payload).toBeUndefined()
      expect(entries[1]?.commitments.input).toHaveLength(32)
      expect(entries[2]?.commitments.input).toBeUndefined()
      expect(entries[3]?.payload).toBe('"😀 \\u0000"')
      expect((await store.entries(run.run, 1, 2)).map((one) => one.index)).toEqual([1, 2])
    })

    it('keeps payloads of every size', async () => {
      const run = await owned(store)
      const texts = [1, 16_384, 16_385, 300_000, 2_000_000].map((size, i) => JSON.stringify(noise(size, i)))
      await store.append(
        change(
          run,
          texts.map((payload, i) => entry(i + 1, 'step.result', { payload })),
        ),
      )
      const entries = await store.entries(run.run, 1)
      for (const [i, text] of texts.entries()) expect(entries[i]?.payload === text).toBe(true)
    })

    it('refuses an index that is taken, and applies nothing of that change', async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1)]))
      await expect(store.append(change(run, [entry(2), entry(1)]))).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
      expect(await store.entries(run.run)).toHaveLength(2)
    })

    it('refuses an index below one that is there: a run is written in its order', async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1), entry(3)]))
      await expect(store.append(change(run, [entry(2)]))).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
      await store.append(change(run, [], { row: { status: 'waiting' }, park: { wakeAt: 1 } }))
      const [again] = await claim(store)
      const later = { ...run, epoch: again?.row.epoch ?? 0 }
      await expect(store.append(change(later, [entry(3)]))).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
      expect(await store.append(change(later, [entry(4)]))).toMatchObject({ state: 'ok' })
      expect((await store.entries(run.run, 2)).map((one) => one.index)).toEqual([3, 4])
    })

    it('is refused alone: requests of the same moment are not touched', async () => {
      const [a, b, c] = [await owned(store), await owned(store), await owned(store)]
      const answers = await Promise.allSettled([
        store.append(change(a, [entry(1)])),
        store.append(change(b, [entry(1), entry(1)])),
        store.subjects(['new']),
        store.append(change(c, [entry(1)])),
      ])
      expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
      expect(await Promise.all([a, b, c].map(async (run) => (await store.entries(run.run)).length))).toEqual([2, 1, 2])
      const subjects = answers[2]?.status === 'fulfilled' ? answers[2].value : undefined
      expect(await store.subjects(['new'])).toEqual(subjects)
    })

    it('is fenced under a stale epoch, without an owner, and after the end', async () => {
      const run = await owned(store)
      expect(await store.append(change({ ...run, epoch: 0 }, [entry(1)]))).toEqual({ state: 'fenced' })
      expect(await store.append(change({ ...run, epoch: 2 }, [entry(1)]))).toEqual({ state: 'fenced' })
      const free = await created(store)
      expect(await store.append(change(free, [entry(1)]))).toEqual({ state: 'fenced' })
      await finish(store, run)
      expect(await store.append(change(run, [entry(2)]))).toEqual({ state: 'fenced' })
      expect(await store.entries(free.run)).toHaveLength(1)
      expect(await store.entries(run.run)).toHaveLength(2)
    })

    it('refuses a run of another store', async () => {
      const run = await owned(store)
      await expect(store.append(change({ ...run, run: 'stranger' }, []))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' })
    })

    it('writes the row only as it is told', async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1)]))
      expect(await row(store, run)).toEqual(run)
      const attention = { status: 'needs attention', fingerprint: 'f1', code: 'BUG' } as const
      await store.append(change(run, [entry(2, 'run.parked')], { row: attention }))
      expect(await row(store, run)).toMatchObject({ ...attention, owner: 'w1', updatedAt: 1002 })
      await store.append(change(run, [entry(3, 'run.resumed')], { row: { status: 'running', base: 3 } }))
      expect(await row(store, run)).toMatchObject({
        status: 'running',
        base: 3,
        fingerprint: undefined,
        code: undefined,
      })
    })

    it('knows how a run ended and why it stopped', async () => {
      expect(await store.outcome('nobody')).toBeUndefined()
      const run = await owned(store)
      expect(await store.outcome(run.run)).toEqual({ status: 'running', payload: undefined })
      const attention = { row: { status: 'needs attention' } } as const
      await store.append(change(run, [entry(1, 'run.parked', { payload: '"why"' }), entry(2, 'note')], attention))
      expect(await store.outcome(run.run)).toEqual({ status: 'needs attention', payload: '"why"' })
      await store.append(change(run, [entry(3, 'run.resumed')], { row: { status: 'running' } }))
      expect(await store.outcome(run.run)).toEqual({ status: 'running', payload: undefined })
      await store.append(change(run, [], { row: { status: 'needs attention', outcome: '"again"' } }))
      expect(await store.outcome(run.run)).toMatchObject({ payload: '"again"' })
      await finish(store, run, '"done"', 4)
      expect(await store.outcome(run.run)).toEqual({ status: 'completed', payload: '"done"' })
      const failing = await owned(store)
      await store.append(change(failing, [entry(1, 'run.failed', { payload: '"no"' })], { row: { status: 'failed' } }))
      expect(await store.outcome(failing.run)).toEqual({ status: 'failed', payload: '"no"' })
    })

    it('refuses what is too large before anything is written', async () => {
      const run = await owned(store)
      const payload = JSON.stringify('x'.repeat(17 * 1024 * 1024))
      await expect(store.append(change(run, [entry(1, 'step.result', { payload })]))).rejects.toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringContaining('step#1'),
      })
      const started = entry(0, 'run.started', { payload })
      await expect(store.create(newRun({ id: 'big', started }))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      expect(await store.find({ tenant: '', workflow: 'job', id: 'big' })).toBeUndefined()
      expect(await store.append(change(run, [entry(1)]))).toMatchObject({ state: 'ok' })
    })
  })
}

/** text that does not compress away */
function noise(size: number, seed: number): string {
  let state = seed + 1
  let text = ''
  while (text.length < size) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    text += state.toString(36)
  }
  return text.slice(0, size)
}
