import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RunRow } from '../store.ts'
import { entry, newRun } from '../testsuite/build.testsuite.ts'
import { type Core, openCore } from './core.ts'
import type { Argument, Op, Request, Result } from './operations.ts'
import { type RawEntry, readSegment, segmentWriter } from './segment.ts'

function inFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'store.db')
}

function open(path: string): Core {
  const core = openCore(path, { durability: 'off' })
  onTestFinished(() => core.close())
  return core
}

function ask<O extends Op>(core: Core, op: O, argument: Argument<O>): Result<O> {
  const [answer] = core.execute([{ op, argument } as never])
  if (answer === undefined || 'error' in answer) throw answer?.error
  return answer.value as Result<O>
}

const owned = (core: Core): RunRow => ask(core, 'create', newRun({ status: 'running', owner: 'w1' })).row
const append = (run: RunRow, ...indexes: number[]): Request => ({
  op: 'append',
  argument: {
    ref: run,
    epoch: run.epoch,
    entries: indexes.map((index) => entry(index, 'step.result', { payload: `${index}` })),
  },
})
const park = (run: RunRow): Request => ({
  op: 'append',
  argument: { ref: run, epoch: run.epoch, entries: [], row: { status: 'waiting' }, park: { wakeAt: 0 } },
})
const indexes = (core: Core, run: RunRow, from = 0, limit?: number): readonly number[] =>
  ask(core, 'entries', { run: run.run, from, limit }).map(({ index }) => index)
const upTo = (n: number): readonly number[] => Array.from({ length: n + 1 }, (_, i) => i)
const rows = (core: Core, table: string): number =>
  Number(core.context.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'])

describe('the log', () => {
  it('has one row for what runs commit together', () => {
    const core = open(inFile())
    const [a, b] = [owned(core), owned(core)]
    const before = rows(core, 'spanwise_segments')
    core.execute([append(a, 1, 2), append(b, 1), append(a, 3)])
    expect(rows(core, 'spanwise_segments')).toBe(before + 1)
    expect([indexes(core, a), indexes(core, b)]).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ])
  })

  it('shows a transaction what it has appended', () => {
    const core = open(inFile())
    const run = owned(core)
    const answers = core.execute([
      append(run, 1),
      { op: 'entries', argument: { run: run.run, from: 1, limit: undefined } },
      append(run, 2),
      { op: 'entries', argument: { run: run.run, from: 1, limit: undefined } },
    ])
    const lengths = [1, 3].map((i) => (answers[i] as { value: readonly unknown[] }).value.length)
    expect(lengths).toEqual([1, 2])
  })

  it('is what two connections see of each other', () => {
    const path = inFile()
    const [one, two] = [open(path), open(path)]
    const run = owned(one)
    for (let i = 1; i <= 40; i++) {
      const writer = i % 3 === 0 ? two : one
      expect(writer.execute([append(run, i)])).toMatchObject([{ value: { state: 'ok' } }])
      const reader = i % 2 === 0 ? one : two
      expect(indexes(reader, run)).toEqual(upTo(i))
    }
    two.execute([park(run)])
    expect([indexes(one, run), indexes(two, run)]).toEqual([upTo(40), upTo(40)])
    expect(indexes(open(path), run, 7, 3)).toEqual([7, 8, 9])
  })

  it('forgets what a request that failed had appended, alone and among others', () => {
    const core = open(inFile())
    const [a, b] = [owned(core), owned(core)]
    expect(core.execute([append(a, 1, 1)])).toMatchObject([{ error: { code: 'STORE_CONFLICT' } }])
    expect(core.execute([append(b, 1), append(a, 1, 2, 2), append(b, 2)])).toMatchObject([
      { value: { state: 'ok' } },
      { error: { code: 'STORE_CONFLICT' } },
      { value: { state: 'ok' } },
    ])
    core.execute([append(a, 1), append(b, 3)])
    expect([indexes(core, a), indexes(core, b)]).toEqual([upTo(1), upTo(3)])
  })

  it('forgets what a full disk did not take', () => {
    const core = open(inFile())
    const [a, b] = [owned(core), owned(core)]
    core.execute([append(a, 1), append(b, 1)])
    const { db } = core.context
    const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
    db.exec(`PRAGMA max_page_count = ${pages}`)
    const many = Array.from({ length: 400 }, (_, i) => i + 2)
    expect(core.execute([append(a, ...many), append(b, 2)])).toMatchObject([
      { error: { code: 'STORE_FULL' } },
      { error: { code: 'STORE_FULL' } },
    ])
    db.exec('PRAGMA max_page_count = 1000000')
    core.execute([append(b, 2), append(a, 2)])
    core.execute([append(a, 3)])
    expect([indexes(core, a), indexes(core, b)]).toEqual([upTo(3), upTo(2)])
    expect(ask(core, 'entries', { run: a.run, from: 1, limit: undefined }).map(({ payload }) => payload)).toEqual([
      '1',
      '2',
      '3',
    ])
  })

  it('finds entries after a crash, whether their places were written or not', () => {
    const path = inFile()
    const core = open(path)
    const [quiet, busy] = [owned(core), owned(core)]
    const runs = Array.from({ length: 20 }, () => owned(core))
    const step = 50
    for (let i = 1; i <= 2_000; i += step) {
      const some = Array.from({ length: step }, (_, k) => i + k)
      core.execute([append(busy, ...some), ...runs.map((run) => append(run, ...some))])
    }
    core.execute([park(runs[0] as RunRow)])
    core.execute([append(quiet, 1)])
    expect(rows(core, 'spanwise_places')).toBeGreaterThan(21)
    const again = open(path)
    expect(indexes(again, quiet)).toEqual([0, 1])
    for (const run of [busy, ...runs]) expect(indexes(again, run)).toEqual(upTo(2_000))
    expect(indexes(again, busy, 1_990)).toEqual([1990, 1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999, 2000])
    again.execute([append(busy, 2_001)])
    expect(indexes(core, busy, 1_999)).toEqual([1999, 2000, 2001])
  })
})

describe('a segment', () => {
  it('that is damaged is called that, wherever it is cut off', () => {
    const writer = segmentWriter()
    const proof = '\0'.repeat(96)
    const some = {
      after: 0,
      at: 1,
      kind: 18,
      key: 'a#0',
      attempt: 1,
      meta: '',
      payload: 'x',
      flags: 0,
      subject: '',
      proof,
    }
    for (const index of [0, 1]) writer.add({ ...some, runSeq: 1, index })
    const whole = writer.take()
    for (let length = 0; length < whole.length - 96; length++) {
      const read = (): unknown => {
        const segment = readSegment(whole.subarray(0, length))
        return [segment.entry(0), segment.entry(1)]
      }
      expect(read).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
    }
  })

  const text = fc.string({ unit: 'binary', maxLength: 300 }).map((one) => one.toWellFormed())
  const raw: fc.Arbitrary<RawEntry> = fc.record({
    runSeq: fc.nat(),
    index: fc.integer({ min: 0, max: 2 ** 40 }),
    after: fc.integer({ min: -1, max: 2 ** 40 }),
    at: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    kind: fc.nat(300),
    key: text,
    attempt: fc.nat(),
    meta: text,
    payload: fc.oneof(
      fc.constant(undefined),
      text,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    ),
    flags: fc.nat(3),
    subject: text,
    proof: fc.constantFrom(96, 128).map((length) => '\xff\0'.repeat(length / 2)),
  })

  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.array(raw, { minLength: 1, maxLength: 20 }), (entries) => {
        const writer = segmentWriter()
        for (const one of entries) writer.add(one)
        const segment = readSegment(writer.take())
        expect(entries.map((_, i) => segment.entry(i))).toEqual(entries)
        expect(entries.map((_, i) => segment.place(i))).toEqual(entries.map(({ runSeq, index }) => ({ runSeq, index })))
      }),
    )
  })
})
