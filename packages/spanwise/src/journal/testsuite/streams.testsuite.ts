import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { ledgerRun } from '../sqlite/ledger-run.ts'
import type { Store } from '../store.ts'
import type { NewStream, StreamAppend, StreamRead } from '../streams.ts'
import { type Opened, type OpenForTest, owned } from './build.testsuite.ts'

export function testStreams(open: OpenForTest): void {
  let opened: Opened
  let store: Store
  beforeEach(async () => {
    opened = await open()
    store = opened.store
  })
  const bytes = (text: string) => ({ data: new Uint8Array(Buffer.from(text)), count: Buffer.byteLength(text) })
  const messages = (...values: unknown[]) => ({
    data: new Uint8Array(Buffer.from(values.map((one) => JSON.stringify(one)).join(','))),
    count: values.length,
  })
  const make = (name: string, more: Partial<NewStream> = {}) =>
    store.createStream({ tenant: 't', name, type: 'text/plain', at: 1_000, ...more })
  const append = (name: string, text: string, more: Partial<StreamAppend> = {}) =>
    store.appendStream({ tenant: 't', name, add: bytes(text), type: 'text/plain', at: 1_000, ...more })
  const close = (name: string, more: Partial<StreamAppend> = {}) =>
    store.appendStream({ tenant: 't', name, close: true, at: 1_000, ...more })
  const read = (name: string, from = 0, more: object = {}) =>
    store.readStream({ tenant: 't', name, from, limit: 1_000_000, now: 1_000, ...more })
  const text = (found: StreamRead) => (found.state === 'ok' ? Buffer.from(found.data).toString() : found.state)
  const textOf = async (name: string, from = 0) => text(await read(name, from))

  describe('streams', () => {
    it('hold what was appended in its order, from any place on, also for the next process', async () => {
      expect(await make('a')).toMatchObject({ state: 'created', row: { tail: 0, json: false } })
      await append('a', 'one ')
      expect(await append('a', 'two')).toMatchObject({ state: 'ok', row: { tail: 7 } })
      expect(await textOf('a')).toBe('one two')
      expect(await textOf('a', 2)).toBe('e two')
      expect(await textOf('a', 7)).toBe('')
      store = await opened.reopen()
      expect(await textOf('a', 4)).toBe('two')
    })

    it('are read in pieces: one append is read whole, and no more than fits', async () => {
      await make('a')
      for (const part of ['aaaa', 'bbbb', 'cccc']) await append('a', part)
      expect(await read('a', 0, { limit: 8 })).toMatchObject({ state: 'ok', next: 8 })
      expect(await read('a', 0, { limit: 1 })).toMatchObject({ state: 'ok', next: 4 })
      expect(await read('a', 8, { limit: 8 })).toMatchObject({ state: 'ok', next: 12 })
    })

    it('of JSON count messages, and are cut between them', async () => {
      await make('j', { type: 'application/json' })
      const add = messages('a,"]', { b: [1, 2] }, 3)
      await append('j', '', { add, type: 'application/json' })
      await append('j', '', { add: messages(4), type: 'application/json' })
      expect(await textOf('j', 1)).toBe('{"b":[1,2]},3,4')
      expect(await read('j')).toMatchObject({ next: 4, row: { tail: 4 } })
    })

    it('are made once; another one of the name is a conflict, and another tenant has its own', async () => {
      await make('a', { ttl: 60_000 })
      expect(await make('a', { ttl: 60_000 })).toMatchObject({ state: 'exists' })
      expect(await make('a')).toMatchObject({ state: 'conflict' })
      expect(await make('a', { tenant: 'u' })).toMatchObject({ state: 'created' })
      await append('a', 'x')
      expect(text(await store.readStream({ tenant: 'u', name: 'a', from: 0, limit: 9, now: 1_000 }))).toBe('')
    })

    it('take an append of a producer once, in order, and no more from a producer of an earlier epoch', async () => {
      await make('a')
      const by = (epoch: number, seq: number) => ({ producer: { id: 'p', epoch, seq } })
      expect(await append('a', '1', by(0, 0))).toMatchObject({ state: 'ok' })
      expect(await append('a', '2', by(0, 1))).toMatchObject({ state: 'ok' })
      expect(await append('a', '2', by(0, 1))).toMatchObject({ state: 'duplicate', seq: 1 })
      expect(await append('a', '4', by(0, 3))).toEqual({ state: 'gap', expected: 2 })
      store = await opened.reopen()
      expect(await append('a', '2', by(0, 1))).toMatchObject({ state: 'duplicate' })
      expect(await append('a', '3', by(1, 1))).toEqual({ state: 'epoch' })
      expect(await append('a', '3', by(1, 0))).toMatchObject({ state: 'ok' })
      expect(await append('a', '9', by(0, 2))).toEqual({ state: 'fenced', epoch: 1 })
      expect(await textOf('a')).toBe('123')
    })

    it('take all that two writers append at once, each of it whole', async () => {
      await make('a')
      const all = Array.from({ length: 40 }, (_, i) => `<${i % 2}:${i >> 1}>`)
      await Promise.all(all.map((one) => append('a', one)))
      const found = (await textOf('a')).match(/<\d:\d+>/g) ?? []
      expect(found.toSorted()).toEqual(all.toSorted())
    })

    it('are made by an append that says how, and by no other', async () => {
      expect(await append('a', 'x')).toEqual({ state: 'unknown' })
      await append('a', 'x', { make: { type: 'text/plain' } })
      await append('a', 'y', { make: { type: 'text/plain' } })
      expect(await textOf('a')).toBe('xy')
    })

    it('that are closed stay as they are; their digest is an entry of the store’s own history', async () => {
      await make('a')
      await append('a', 'one ')
      store = await opened.reopen()
      const done = await append('a', 'two', { close: true, producer: { id: 'p', epoch: 0, seq: 0 } })
      const digest = createHash('sha256').update('one two').digest('hex')
      expect(done).toMatchObject({ state: 'ok', row: { digest, closedAt: 1_000 } })
      expect(await append('a', 'three')).toMatchObject({ state: 'closed' })
      expect(await close('a')).toMatchObject({ state: 'ok', row: { digest } })
      expect(await append('a', 'two', { close: true, producer: { id: 'p', epoch: 0, seq: 0 } })).toMatchObject({
        state: 'duplicate',
      })
      expect(await textOf('a')).toBe('one two')
      const log = await store.log(0, 100)
      expect(log.map(({ run, kind, meta }) => ({ run, kind, meta }))).toEqual([
        { run: ledgerRun(store.info.id), kind: 'stream.closed', meta: { stream: expect.any(Number), bytes: 7 } },
      ])
      expect(log[0]?.payload).toContain(digest)
    })

    it('have the digest of what a reader gets, JSON and forks too', async () => {
      const sha = (content: string) => createHash('sha256').update(content).digest('hex')
      await make('j', { type: 'application/json' })
      const json = { type: 'application/json' }
      await append('j', '', { ...json, add: messages(1, 2) })
      await append('j', '', { ...json, add: messages(3) })
      await make('f', { type: undefined, fork: { source: 'j', at: 0, behind: 1 } })
      await append('f', '', { ...json, add: messages('own') })
      expect(await close('j')).toMatchObject({ row: { digest: sha('[1,2,3]') } })
      expect(await close('f')).toMatchObject({ row: { digest: sha('[1,"own"]') } })
      await make('e', { type: 'application/json', close: true })
      expect(await make('e', { type: 'application/json', close: true })).toMatchObject({ row: { digest: sha('[]') } })
    })

    it('are forked at a place; forks have what was before it, and keep it when their source is deleted', async () => {
      await make('a')
      await append('a', 'abc')
      await append('a', 'def')
      expect(await make('b', { fork: { source: 'a', at: 3, behind: 4 } })).toEqual({ state: 'fork point' })
      await make('b', { fork: { source: 'a', at: 3, behind: 1 } })
      await append('b', 'X')
      await make('c', { fork: { source: 'b' } })
      await append('a', 'ghi')
      await append('b', 'Y')
      await append('c', 'Z')
      expect(await textOf('b')).toBe('abcdXY')
      expect(await textOf('c', 2)).toBe('cdXZ')
      expect(await store.deleteStream({ tenant: 't', name: 'a', now: 1_000 })).toEqual({ state: 'deleted' })
      expect(await read('a')).toEqual({ state: 'gone' })
      expect(await make('a')).toMatchObject({ state: 'conflict' })
      expect(await textOf('c')).toBe('abcdXZ')
      await store.deleteStream({ tenant: 't', name: 'b', now: 1_000 })
      await store.deleteStream({ tenant: 't', name: 'c', now: 1_000 })
      expect(await make('a')).toMatchObject({ state: 'created' })
    })

    it('are gone when their time is over, and a use moves the time of those with a ttl', async () => {
      await make('ttl', { ttl: 100 })
      await make('until', { expires: 1_050 })
      await store.useStream({ tenant: 't', name: 'ttl', now: 1_090 })
      await append('until', 'x')
      expect(await read('until', 0, { now: 1_049 })).toMatchObject({ state: 'ok' })
      expect(await read('until', 0, { now: 1_050 })).toEqual({ state: 'unknown' })
      expect(await read('ttl', 0, { now: 1_150 })).toMatchObject({ state: 'ok' })
      expect(await read('ttl', 0, { now: 1_190 })).toEqual({ state: 'unknown' })
      expect(await make('until', { at: 1_060 })).toMatchObject({ state: 'created' })
      expect((await store.streams({ tenant: 't', limit: 9, now: 2_000 })).items.map(({ name }) => name)).toEqual([
        'until',
      ])
    })

    it('are listed in pages, newest first', async () => {
      for (const name of ['a', 'b', 'c']) await make(name)
      const first = await store.streams({ limit: 2, now: 1_000 })
      expect(first.items.map(({ name }) => name)).toEqual(['c', 'b'])
      const rest = await store.streams({ limit: 2, after: first.after, now: 1_000 })
      expect(rest).toMatchObject({ items: [{ name: 'a' }], after: undefined })
    })

    it('are erased with their subject and with the run that made them, digests and forks too', async () => {
      const run = await owned(store)
      await make('about', { subject: 'ada' })
      await make('by', { run: run.run })
      await make('fork', { fork: { source: 'by' } })
      await make('rest')
      for (const name of ['about', 'by', 'fork', 'rest']) {
        await append(name, name)
        await close(name)
      }
      const payloads = async () =>
        (await store.log(0, 100))
          .filter(({ kind }) => kind === 'stream.closed')
          .map(({ payload }) => payload !== undefined)
      expect(await payloads()).toEqual([true, true, true, true])
      await store.erase({ subject: 'ada' })
      expect([await textOf('about'), await textOf('by')]).toEqual(['unknown', 'by'])
      expect(await payloads()).toEqual([false, true, true, true])
      await store.erase({ run: run.run })
      expect([await textOf('by'), await textOf('fork'), await textOf('rest')]).toEqual(['unknown', 'unknown', 'rest'])
      expect(await payloads()).toEqual([false, false, false, true])
      await expect(make('again', { subject: 'ada' })).rejects.toMatchObject({ code: 'SUBJECT_ERASED' })
    })

    it('are not deleted under a legal hold on whom they are about', async () => {
      await make('a', { subject: 'ada', expires: 1_500 })
      await store.act({ kind: 'held', target: { subject: 'ada' }, reason: 'a claim', by: 'ann', at: 1_000 })
      expect(await store.deleteStream({ tenant: 't', name: 'a', now: 1_000 })).toEqual({ state: 'held' })
      await make('other', { at: 2_000 })
      await store.act({ kind: 'released', target: { subject: 'ada' }, reason: 'settled', by: 'ann', at: 2_000 })
      expect(await store.deleteStream({ tenant: 't', name: 'a', now: 1_000 })).toEqual({ state: 'deleted' })
    })
  })
}
