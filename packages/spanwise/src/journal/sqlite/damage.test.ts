import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../entry.ts'
import { isSpanwiseError } from '../error.ts'
import { leaf } from '../leaf.ts'
import { commit } from '../secret.ts'
import type { RunRow, Store } from '../store.ts'
import { change, entry, owned } from '../testsuite/build.testsuite.ts'
import { openSqliteStore } from './client.ts'

/** What a disk, a program or a person did to the file or to its log. */
interface Damage {
  readonly file: '' | '-wal'
  /** where, as parts of its length */
  readonly at: readonly number[]
  readonly how: 'flip' | 'zero' | 'cut'
}

const damage: fc.Arbitrary<Damage> = fc.record({
  file: fc.constantFrom('' as const, '-wal' as const),
  at: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 40 }),
  how: fc.constantFrom('flip' as const, 'flip' as const, 'zero' as const, 'cut' as const),
})

let origin: string
let written: ReadonlyMap<string, readonly Entry[]>

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-damage-'))
  origin = join(folder, 'origin.db')
  const live = join(folder, 'live.db')
  let store = await openSqliteStore(live)
  const runs: RunRow[] = []
  for (let n = 0; n < 4; n++) runs.push(await fill(store))
  // from here on in the log
  await store.close()
  store = await openSqliteStore(live)
  for (let n = 0; n < 4; n++) runs.push(await fill(store))
  written = new Map(await Promise.all(runs.map(async ({ run }) => [run, await store.entries(run)] as const)))
  for (const suffix of ['', '-wal']) copyFileSync(live + suffix, origin + suffix)
  await store.close()
  return () => rmSync(folder, { recursive: true, force: true })
})

async function fill(store: Store): Promise<RunRow> {
  const run = await owned(store)
  for (let i = 1; i < 30; i++)
    await store.append(
      change(run, [entry(i, 'note', { key: `n${i}`, payload: JSON.stringify(`${i} `.repeat(20 * i)) })]),
    )
  await store.send({ run: run.run, kind: 'signal', name: 'ping', payload: '1', at: 1 })
  return run
}

describe('a damaged file or log', () => {
  it('is refused by name or read: what is read and proves itself is what was written, and what is acknowledged stays', {
    timeout: 600_000,
  }, async () => {
    await fc.assert(fc.asyncProperty(damage, examine), { numRuns: 25, endOnFailure: true })
  })
})

async function examine(what: Damage): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-damage-'))
  try {
    const path = join(folder, 'store.db')
    for (const suffix of ['', '-wal']) copyFileSync(origin + suffix, path + suffix)
    hurt(path + what.file, what)
    const added = await named(() => use(path))
    if (added !== undefined) await named(() => isThere(path, added))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function hurt(path: string, { at, how }: Damage): void {
  if (!existsSync(path)) return
  let bytes = readFileSync(path)
  for (const part of at) {
    const where = Math.floor(part * bytes.length)
    if (how === 'cut') bytes = bytes.subarray(0, where)
    else if (how === 'zero') bytes.fill(0, where, Math.min(where + 512, bytes.length))
    else bytes[where] = (bytes[where] ?? 0) ^ (1 << (where % 8))
  }
  writeFileSync(path, bytes)
}

/** Every failure has a name. */
async function named<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isSpanwiseError(error)) return undefined
    throw error
  }
}

/** Reads what is there, and adds to it. */
async function use(path: string): Promise<string | undefined> {
  const store = await openSqliteStore(path)
  try {
    await named(() => store.list({ limit: 100 }))
    for (const [run, entries] of written) {
      await named(() => store.mail(run))
      const row = await named(() => store.run(run))
      const read = await named(() => store.entries(run))
      for (const one of read ?? [])
        if (row !== undefined && proves(row, one)) expect(plain(one)).toEqual(plain(entries[one.index]))
    }
    const added = await named(() => owned(store))
    if (added === undefined) return undefined
    const answer = await named(() => store.append(change(added, [entry(1, 'note', { payload: '"kept"' })])))
    return answer?.state === 'ok' ? added.run : undefined
  } finally {
    await named(() => store.close())
  }
}

async function isThere(path: string, run: string): Promise<void> {
  const store = await openSqliteStore(path)
  try {
    const read = await named(() => store.entries(run))
    if (read !== undefined) expect(read.map(({ payload }) => payload).at(-1)).toBe('"kept"')
  } finally {
    await named(() => store.close())
  }
}

function proves({ secret, run }: RunRow, one: Entry): boolean {
  if (secret === undefined) return false
  const { key, payload, index, commitments } = one
  const same = (domain: 'key' | 'payload', text: string, to: Uint8Array): boolean =>
    Buffer.compare(commit(secret, domain, run, index, text), to) === 0
  return (
    Buffer.compare(leaf({ ...one, ...commitments }), one.leaf) === 0 &&
    (payload === undefined || same('payload', payload, commitments.payload)) &&
    (key === '' || same('key', key, commitments.key))
  )
}

function plain(one: Entry | undefined): object | undefined {
  if (one === undefined) return undefined
  const { run, index, after, at, kind, key, attempt, meta, payload } = one
  return { run, index, after, at, kind, key, attempt, meta, payload }
}
