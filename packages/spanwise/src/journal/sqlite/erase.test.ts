import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Entry } from '../entry.ts'
import type { RunRow } from '../store.ts'
import { entry, newRun } from '../testsuite/build.testsuite.ts'
import { type Core, openCore } from './core.ts'
import { eraseRegistry } from './erase-registry.ts'
import { encryptedColumns } from './files/encrypt.ts'
import { migrations } from './migrations.ts'
import type { Argument, Op, Result } from './operations.ts'

function open(): Core {
  const core = openCore(':memory:')
  onTestFinished(() => core.close())
  return core
}

function ask<O extends Op>(core: Core, op: O, argument: Argument<O>): Result<O> {
  const [answer] = core.execute([{ op, argument } as never])
  if (answer === undefined || 'error' in answer) throw answer?.error
  return answer.value as Result<O>
}

const marker = 'ADA-LOVELACE'

/** every place in the file where a text can be read */
function places(core: Core, text: string): readonly string[] {
  const { db } = core.context
  const found: string[] = []
  for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
    for (const row of db.prepare(`SELECT * FROM ${name}`).all()) {
      for (const [column, value] of Object.entries(row)) {
        const shown = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
        if (shown.includes(text)) found.push(`${name}.${column}`)
      }
    }
  }
  return found
}

function fill(core: Core, run: RunRow, subject?: string): void {
  const payload = JSON.stringify(marker)
  const large = JSON.stringify(marker + Array.from({ length: 400_000 }, () => Math.random()).join(''))
  const entries = [entry(1, 'step.result', { payload, subject }), entry(2, 'step.result', { payload: large, subject })]
  ask(core, 'append', { ref: run, epoch: 1, entries })
}

function created(core: Core, more: Parameters<typeof newRun>[0] = {}): RunRow {
  const started = entry(0, 'run.started', { payload: JSON.stringify(marker) })
  return ask(core, 'create', newRun({ status: 'running', owner: 'w1', started, ...more })).row
}

const entriesOf = (core: Core, run: RunRow): readonly Entry[] =>
  ask(core, 'entries', { run: run.run, from: 0, limit: undefined })

describe('the erase registry', () => {
  it('knows every table there is', () => {
    const { db } = open().context
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all()
    expect(tables.map((table) => table['name']).toSorted()).toEqual(Object.keys(eraseRegistry).toSorted())
  })

  it('says for each how it is erased or why it need not be', () => {
    for (const table of Object.values(eraseRegistry)) expect(table.erase ?? table.keeps).toBeTruthy()
  })
})

it('every column that the schema marks as content is encrypted, or it is said why not', () => {
  const marked: string[] = []
  let table = ''
  for (const line of migrations.join('\n').split('\n')) {
    table = /^CREATE TABLE (\w+)/.exec(line)?.[1] ?? table
    const column =
      /^\s+(\w+) .*\(content\)/.exec(line)?.[1] ?? /^ALTER TABLE (\w+) ADD COLUMN (\w+).*\(content\)/.exec(line)?.[2]
    if (column !== undefined) marked.push(`${/^ALTER TABLE (\w+)/.exec(line)?.[1] ?? table}.${column}`)
  }
  expect(marked.length).toBeGreaterThan(8)
  expect(marked.filter((column) => encryptedColumns[column] === undefined)).toEqual([])
})

describe('erase', () => {
  it('of a run takes its forks along, and theirs; of a fork, only itself and its own', () => {
    const core = open()
    const source = created(core)
    fill(core, source)
    const fork = (of: RunRow): RunRow => {
      const { status: _, owner: __, parent: ___, ...run } = newRun()
      const copy = { from: 1, to: 3, base: 0 }
      const answer = ask(core, 'fork', { ...run, source: of.run, point: 3, copy, entries: [], children: [] })
      if (answer.state !== 'created') throw new Error(answer.state)
      return answer.row
    }
    const one = fork(source)
    const two = fork(one)
    const other = fork(source)
    const holds = (run: RunRow): boolean =>
      entriesOf(core, run).some(({ payload }) => payload?.includes(marker) === true)
    expect([source, one, two, other].map(holds)).toEqual([true, true, true, true])
    ask(core, 'erase', { run: one.run })
    expect([source, one, two, other].map(holds)).toEqual([true, false, false, true])
    ask(core, 'erase', { run: source.run })
    expect([source, one, two, other].map(holds)).toEqual([false, false, false, false])
    expect(places(core, marker)).toEqual([])
    expect(core.context.sql('SELECT count(token_key) AS n FROM spanwise_forks').get()).toEqual({ n: 0 })
    expect(entriesOf(core, two).every(({ leaf }) => leaf.length === 32)).toBe(true)
    // a fork cannot go on from behind what was erased
    const { status: _, owner: __, parent: ___, ...run } = newRun()
    const order = { ...run, source: source.run, point: 3, copy: { from: 1, to: 3, base: 0 }, entries: [], children: [] }
    expect(() => ask(core, 'fork', order)).toThrow(expect.objectContaining({ code: 'ERASED' }))
    expect(ask(core, 'run', run.run)).toBeUndefined()
  })

  it('of a run takes its content away and leaves its proofs', () => {
    const core = open()
    const [run, other] = [created(core), created(core)]
    fill(core, run)
    ask(core, 'send', { run: run.run, kind: 'signal', name: 's', payload: JSON.stringify(marker), at: 1 })
    const before = entriesOf(core, run)
    expect(ask(core, 'erase', { run: run.run })).toBe(true)
    const after = entriesOf(core, run)
    expect(after.map(({ leaf, commitments }) => ({ leaf, commitments }))).toEqual(
      before.map(({ leaf, commitments }) => ({ leaf, commitments })),
    )
    expect(after.map((one) => [one.payload, one.erased])).toEqual([1, 2, 3].map(() => [undefined, true]))
    expect(ask(core, 'run', run.run)?.secret).toBeUndefined()
    expect(ask(core, 'mail', run.run)).toMatchObject([{ payload: undefined }])
    expect(entriesOf(core, other)).toMatchObject([{ payload: JSON.stringify(marker), erased: false }])
    ask(core, 'erase', { run: other.run })
    expect(places(core, marker)).toEqual([])
  })

  it('of a run that ended takes its outcome', () => {
    const core = open()
    const run = created(core)
    const row = { status: 'completed', outcome: JSON.stringify(marker) } as const
    ask(core, 'append', { ref: run, epoch: 1, entries: [entry(1, 'run.completed')], row })
    ask(core, 'erase', { run: run.run })
    expect(ask(core, 'outcome', run.run)).toEqual({ status: 'completed', payload: undefined })
    expect(places(core, marker)).toEqual([])
  })

  it('of a subject reaches their runs and their parts of others, and nothing else', () => {
    const core = open()
    const ada = ask(core, 'subjects', ['ada']).get('ada')?.token
    const [theirs, shared] = [created(core, { subject: 'ada' }), created(core)]
    fill(core, theirs)
    fill(core, shared, ada)
    ask(core, 'erase', { subject: 'ada' })
    expect(entriesOf(core, theirs).map((one) => one.erased)).toEqual([true, true, true])
    expect(entriesOf(core, shared).map((one) => one.erased)).toEqual([false, true, true])
    expect(ask(core, 'subjects', ['ada', 'bob']).has('ada')).toBe(false)
    expect(ask(core, 'run', theirs.run)?.secret).toBeUndefined()
    expect(ask(core, 'run', shared.run)?.secret).toHaveLength(32)
  })

  it('of a subject refuses everything new about them', () => {
    const core = open()
    const ada = ask(core, 'subjects', ['ada']).get('ada')?.token
    const [theirs, shared] = [created(core, { subject: 'ada' }), created(core)]
    ask(core, 'append', { ref: shared, epoch: 1, entries: [entry(1, 'note', { subject: ada })] })
    ask(core, 'erase', { subject: 'ada' })
    for (const attempt of [
      () => created(core, { subject: 'ada' }),
      () => ask(core, 'append', { ref: theirs, epoch: 1, entries: [entry(1)] }),
      () => ask(core, 'append', { ref: shared, epoch: 1, entries: [entry(2, 'note', { subject: ada })] }),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'SUBJECT_ERASED' }))
    }
    expect(ask(core, 'append', { ref: shared, epoch: 1, entries: [entry(2)] })).toMatchObject({ state: 'ok' })
  })

  it('leaves nothing in the bytes of the file or the log beside it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spanwise-erase-'))
    const core = openCore(join(folder, 'store.db'))
    onTestFinished(() => {
      core.close()
      rmSync(folder, { recursive: true })
    })
    const run = created(core, { subject: 'ada' })
    for (let i = 1; i < 50; i++) {
      const payload = JSON.stringify(`${marker}-${'x'.repeat(i * 200)}`)
      ask(core, 'append', { ref: run, epoch: 1, entries: [entry(i, 'note', { payload })] })
      ask(core, 'send', { run: run.run, kind: 'signal', name: 's', payload, at: 1 })
    }
    const [first, ...rest] = ask(core, 'mail', run.run).map((mail) => mail.id)
    ask(core, 'append', { ref: run, epoch: 1, entries: [entry(50)], taken: [first ?? 0, ...rest.slice(20)] })
    const bytes = (): string =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name)).toString('latin1'))
        .join('')
    expect(bytes()).toContain(marker)
    ask(core, 'erase', { subject: 'ada' })
    expect(bytes()).not.toContain(marker)
  })

  it('keeps an id taken: the same id is the same run', () => {
    const core = open()
    const run = created(core, { id: 'order-1' })
    ask(core, 'erase', { run: run.run })
    expect(ask(core, 'create', newRun({ id: 'order-1' }))).toMatchObject({ state: 'exists', row: { run: run.run } })
  })

  it('of somebody unknown says so for a run, and bars a subject', () => {
    const core = open()
    expect(ask(core, 'erase', { run: 'nobody' })).toBe(false)
    expect(ask(core, 'erase', { subject: 'nobody' })).toBe(true)
    expect(ask(core, 'subjects', ['nobody']).size).toBe(0)
  })
})
