import { beforeEach, describe, expect, it } from 'vitest'
import { decode } from '../codec.ts'
import type { RunRow, Store } from '../store.ts'
import {
  change,
  claim,
  claimed,
  created,
  entry,
  finish,
  newRun,
  type OpenForTest,
  owned,
  parked,
  row,
  signal,
} from './build.testsuite.ts'

export function testMail(open: OpenForTest): void {
  let store: Store
  beforeEach(async () => {
    store = (await open()).store
  })

  describe('send', () => {
    it('waits in the inbox, first in first out, until the owner commits its delivery', async () => {
      const run = await owned(store)
      await store.send(signal(run.run, { payload: '"a"' }))
      await store.send(signal(run.run, { payload: '"b"', name: 'other' }))
      const mail = await store.mail(run.run)
      expect(mail).toMatchObject([
        { kind: 'signal', name: 'ready', payload: '"a"', at: 2000 },
        { kind: 'signal', name: 'other', payload: '"b"' },
      ])
      const first = mail[0]?.id ?? 0
      await store.append(change(run, [entry(1, 'signal.received')], { taken: [first] }))
      expect(await store.mail(run.run)).toMatchObject([{ payload: '"b"' }])
      await expect(store.append(change(run, [entry(2, 'signal.received')], { taken: [first] }))).rejects.toMatchObject({
        code: 'MAIL_TAKEN_TWICE',
      })
      expect(await store.entries(run.run)).toHaveLength(2)
    })

    it('knows who is not there and who has ended', async () => {
      expect(await store.send(signal('nobody'))).toEqual({ state: 'unknown run' })
      const run = await owned(store)
      await finish(store, run)
      expect(await store.send(signal(run.run))).toEqual({ state: 'closed', status: 'completed' })
    })

    it('drops a duplicate, also after delivery, also for another run’s eyes not', async () => {
      const [run, other] = [await owned(store), await owned(store)]
      const mail = signal(run.run, { dedupe: 'once' })
      expect(await store.send(mail)).toEqual({ state: 'ok', run: run.run })
      expect(await store.send(mail)).toEqual({ state: 'duplicate', run: run.run })
      const [waiting] = await store.mail(run.run)
      await store.append(change(run, [entry(1, 'signal.received')], { taken: [waiting?.id ?? 0] }))
      expect(await store.send(mail)).toMatchObject({ state: 'duplicate' })
      expect(await store.mail(run.run)).toEqual([])
      expect(await store.send(signal(other.run, { dedupe: 'once' }))).toMatchObject({ state: 'ok' })
    })

    it('makes a waiting run due, never later than it was', async () => {
      const run = await parked(store, 'waiting', 9000)
      await store.send(signal(run.run, { at: 2000 }))
      await store.send(signal(run.run, { at: 3000 }))
      expect(await row(store, run)).toMatchObject({ wakeAt: 2000 })
      const early = await parked(store, 'waiting', 1500)
      await store.send(signal(early.run, { at: 2000 }))
      expect(await row(store, early)).toMatchObject({ wakeAt: 1500 })
      expect(await claimed(store)).toEqual([early.run, run.run])
    })

    it('does not start a run before its time, unless to end it', async () => {
      const run = await created(store, { wakeAt: 9000 })
      await store.send(signal(run.run))
      expect(await row(store, run)).toMatchObject({ wakeAt: 9000 })
      await store.send(signal(run.run, { kind: 'cancel', name: '', at: 2500 }))
      expect(await row(store, run)).toMatchObject({ wakeAt: 2500 })
    })

    it.each(['cancel', 'give-up', 'resume'] as const)('rouses a run that needs attention by %s', async (kind) => {
      const run = await parked(store, 'needs attention')
      await store.send(signal(run.run, { kind, name: '' }))
      expect(await claimed(store)).toEqual([run.run])
    })

    it('says of a run that was resumed that it waits, and not what it had parked with', async () => {
      const run = await parked(store, 'needs attention')
      expect(await store.outcome(run.run)).toMatchObject({ status: 'needs attention' })
      await store.send(signal(run.run, { kind: 'resume', name: '' }))
      expect(await store.outcome(run.run)).toEqual({ status: 'waiting', payload: undefined })
    })

    it.each(['signal', 'decision', 'child', 'step'] as const)(
      'leaves a run that needs attention alone on %s',
      async (kind) => {
        const run = await parked(store, 'needs attention')
        await store.send(signal(run.run, { kind }))
        expect(await claimed(store)).toEqual([])
        expect(await store.mail(run.run)).toHaveLength(1)
      },
    )

    it('does not touch the row of a run that has an owner', async () => {
      const run = await owned(store)
      await store.send(signal(run.run))
      expect(await row(store, run)).toEqual(run)
    })

    it('goes out with an append, in the same commit', async () => {
      const [from, to] = [await owned(store), await parked(store, 'waiting')]
      const answer = await store.append(change(from, [entry(1)], { send: [signal(to.run), signal('nobody')] }))
      expect(answer).toEqual({ state: 'ok', woken: [to.run] })
      expect(await store.mail(to.run)).toHaveLength(1)
      expect(await claimed(store)).toEqual([to.run])
    })
  })

  describe('park', () => {
    it('gives the run back with its status and its next time', async () => {
      const run = await owned(store)
      const answer = await store.append(change(run, [entry(1)], { row: { status: 'waiting' }, park: { wakeAt: 7000 } }))
      expect(answer).toEqual({ state: 'ok', woken: [] })
      expect(await row(store, run)).toMatchObject({ status: 'waiting', owner: undefined, wakeAt: 7000, epoch: 1 })
      expect(await store.append(change(run, [entry(2)]))).toEqual({ state: 'fenced' })
    })

    it('is refused as busy when mail came first: entries stand, the run stays', async () => {
      const run = await owned(store)
      await store.send(signal(run.run))
      const answer = await store.append(change(run, [entry(1)], { row: { status: 'waiting' }, park: { wakeAt: 7000 } }))
      expect(answer).toEqual({ state: 'busy', woken: [] })
      expect(await row(store, run)).toMatchObject({ status: 'running', owner: 'w1', wakeAt: undefined })
      expect(await store.entries(run.run)).toHaveLength(2)
      const [mail] = await store.mail(run.run)
      const retry = change(run, [entry(2, 'signal.received')], {
        taken: [mail?.id ?? 0],
        row: { status: 'waiting' },
        park: { wakeAt: undefined },
      })
      expect(await store.append(retry)).toMatchObject({ state: 'ok' })
    })

    it('with needs attention waits for nothing but what rouses it', async () => {
      const run = await owned(store)
      const parking = { row: { status: 'needs attention' }, park: { wakeAt: undefined } } as const
      await store.send(signal(run.run))
      await store.send(signal(run.run, { kind: 'cancel', name: '' }))
      expect(await store.append(change(run, [entry(1)], parking))).toMatchObject({ state: 'busy' })
      const cancel = (await store.mail(run.run)).find((mail) => mail.kind === 'cancel')
      expect(await store.append(change(run, [entry(2)], { ...parking, taken: [cancel?.id ?? 0] }))).toMatchObject({
        state: 'ok',
      })
      expect(await store.mail(run.run)).toHaveLength(1)
    })
  })

  describe('the end of a run', () => {
    it('frees it, drops its mail and withdraws its approvals', async () => {
      const run = await owned(store)
      const approval = { id: 'a1', key: 'approval#0', role: 'finance', at: 1, expiresAt: undefined, entry: 1 }
      await store.append(change(run, [entry(1, 'approval.requested')], { approvals: [{ open: approval }] }))
      await store.send(signal(run.run, { dedupe: 'x' }))
      await finish(store, run, '"done"', 2)
      expect(await row(store, run)).toMatchObject({ status: 'completed', owner: undefined, wakeAt: undefined })
      expect(await store.mail(run.run)).toEqual([])
      expect(await store.approval('a1')).toMatchObject({ state: 'withdrawn' })
      expect(await store.approvals({ limit: 10 })).toEqual({ items: [], after: undefined })
      expect(await claimed(store)).toEqual([])
    })

    it.each(['completed', 'failed', 'cancelled'] as const)(
      'mails the outcome to every parent when %s',
      async (status) => {
        const [parent, second] = [await owned(store), await owned(store)]
        const child = newRun({ id: 'the-child', parent: { run: parent.run, key: 'child#0' } })
        await store.append(change(parent, [entry(1, 'child.started')], { children: [child] }))
        const twice = newRun({ id: 'the-child', parent: { run: second.run, key: 'child#4' } })
        expect(await store.append(change(second, [entry(1, 'child.started')], { children: [twice] }))).toMatchObject({
          woken: [],
        })
        await store.append(change(second, [], { row: { status: 'waiting' }, park: { wakeAt: undefined } }))
        const [taken] = await claim(store, { run: child.run })
        const outcome = '~[["Date","2020-01-01T00:00:00.000Z"]]'
        const ended = await store.append(
          change(taken?.row as RunRow, [entry(1, `run.${status}`, { payload: '"else"' })], {
            row: { status, outcome },
          }),
        )
        expect(ended).toEqual({ state: 'ok', woken: expect.arrayContaining([parent.run, second.run]) })
        const [mail] = await store.mail(parent.run)
        expect(mail).toMatchObject({ kind: 'child', name: 'child#0' })
        expect(decode(mail?.payload ?? '')).toEqual({ run: child.run, status, outcome })
        expect(await store.mail(second.run)).toMatchObject([{ kind: 'child', name: 'child#4' }])
        expect(await claimed(store)).toEqual([second.run])
      },
    )
  })

  describe('children', () => {
    it('are started in their parent’s commit, linked, free and due', async () => {
      const parent = await owned(store)
      const child = newRun({ parent: { run: parent.run, key: 'child#0' } })
      const answer = await store.append(change(parent, [entry(1, 'child.started')], { children: [child] }))
      expect(answer).toEqual({ state: 'ok', woken: [] })
      expect(await store.run(child.run)).toMatchObject({
        status: 'queued',
        parent: { run: parent.run, key: 'child#0' },
      })
      expect(await store.list({ parent: parent.run, limit: 5 })).toMatchObject({ items: [{ run: child.run }] })
      expect(await claimed(store)).toEqual([child.run])
    })

    it('do not begin when their parent’s commit is fenced', async () => {
      const parent = await owned(store)
      const child = newRun()
      await store.append(change({ ...parent, epoch: 7 }, [entry(1)], { children: [child] }))
      expect(await store.run(child.run)).toBeUndefined()
    })

    it('that ended before are answered with their outcome at once', async () => {
      const done = await owned(store, { id: 'done-child' })
      await finish(store, done, '{"n":1}')
      const parent = await owned(store)
      const again = newRun({ id: 'done-child', parent: { run: parent.run, key: 'child#0' } })
      const answer = await store.append(change(parent, [entry(1, 'child.started')], { children: [again] }))
      expect(answer).toEqual({ state: 'ok', woken: [parent.run] })
      const [mail] = await store.mail(parent.run)
      expect(decode(mail?.payload ?? '')).toEqual({ run: done.run, status: 'completed', outcome: '{"n":1}' })
    })

    it('with another input under the same id are answered with a conflict', async () => {
      const other = await created(store, { id: 'taken', inputToken: 'a' })
      const parent = await owned(store)
      const child = newRun({ id: 'taken', inputToken: 'b', parent: { run: parent.run, key: 'child#0' } })
      const parking = { children: [child], row: { status: 'waiting' }, park: { wakeAt: undefined } } as const
      const answer = await store.append(change(parent, [entry(1, 'child.started')], parking))
      expect(answer).toEqual({ state: 'busy', woken: [parent.run] })
      const [mail] = await store.mail(parent.run)
      expect(mail).toMatchObject({ kind: 'child', name: 'child#0' })
      expect(decode(mail?.payload ?? '')).toEqual({ run: other.run, conflict: true })
    })
  })

  describe('approvals', () => {
    const open1 = { id: 'ap-1', key: 'approval#0', role: 'finance', at: 5, expiresAt: 99, entry: 1 }

    it('are listed while they are open, oldest first, by page', async () => {
      const run = await owned(store, { tenant: 't' })
      const more = [2, 3].map((n) => ({ open: { ...open1, id: `ap-${n}`, role: undefined, expiresAt: undefined } }))
      await store.append(change(run, [entry(1)], { approvals: [{ open: open1 }, ...more] }))
      expect(await store.approval('ap-1')).toEqual({
        ...open1,
        run: run.run,
        workflow: 'job',
        tenant: 't',
        state: 'open',
      })
      const first = await store.approvals({ limit: 2 })
      expect(first.items.map((one) => one.id)).toEqual(['ap-1', 'ap-2'])
      const rest = await store.approvals({ limit: 2, after: first.after })
      expect(rest).toMatchObject({ items: [{ id: 'ap-3' }], after: undefined })
      expect((await store.approvals({ role: 'finance', limit: 9 })).items).toHaveLength(1)
      expect((await store.approvals({ tenant: 'other', limit: 9 })).items).toHaveLength(0)
      expect((await store.approvals({ run: run.run, limit: 9 })).items).toHaveLength(3)
    })

    it('are decided once', async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1)], { approvals: [{ open: open1 }] }))
      const decision = signal(run.run, { kind: 'decision', name: open1.key, approval: 'ap-1', dedupe: 'click-1' })
      const answers = await Promise.all([store.send(decision), store.send({ ...decision, dedupe: 'click-2' })])
      expect(answers).toEqual([
        { state: 'ok', run: run.run },
        { state: 'closed', status: 'decided' },
      ])
      expect(await store.send(decision)).toMatchObject({ state: 'duplicate' })
      expect(await store.mail(run.run)).toHaveLength(1)
      expect(await store.approval('ap-1')).toMatchObject({ state: 'decided' })
    })

    it.each(['expired', 'withdrawn'] as const)('take no decision once %s', async (state) => {
      const run = await owned(store)
      await store.append(change(run, [entry(1)], { approvals: [{ open: open1 }] }))
      await store.append(change(run, [entry(2)], { approvals: [{ close: { id: 'ap-1', state } }] }))
      const decision = signal(run.run, { kind: 'decision', name: open1.key, approval: 'ap-1' })
      expect(await store.send(decision)).toEqual({ state: 'closed', status: state })
      expect(await store.mail(run.run)).toEqual([])
    })

    it('of another run take no decision through this one', async () => {
      const [run, other] = [await owned(store), await owned(store)]
      await store.append(change(run, [entry(1)], { approvals: [{ open: open1 }] }))
      const decision = signal(other.run, { kind: 'decision', name: open1.key, approval: 'ap-1' })
      expect(await store.send(decision)).toMatchObject({ state: 'closed' })
      expect(await store.approval('ap-1')).toMatchObject({ state: 'open' })
    })

    it('that were decided first stay decided when the wait times out', async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1)], { approvals: [{ open: open1 }] }))
      await store.send(signal(run.run, { kind: 'decision', name: open1.key, approval: 'ap-1' }))
      await store.append(change(run, [entry(2)], { approvals: [{ close: { id: 'ap-1', state: 'expired' } }] }))
      expect(await store.approval('ap-1')).toMatchObject({ state: 'decided' })
    })
  })
}
