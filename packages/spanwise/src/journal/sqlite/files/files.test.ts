import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import type { Store } from '../../store.ts'
import { change, created, entry, finish, owned, worker } from '../../testsuite/build.testsuite.ts'
import { openSqliteStore } from '../client.ts'
import { acquireOwnership } from '../owner.ts'
import { backupStore } from './backup.ts'
import { acceptOlder, checkStore, compactStore, storeFacts } from './inspect.ts'
import { positionFile, readAcknowledged } from './position.ts'
import { restoreStore } from './restore.ts'

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'spanwise-files-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

async function use<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore(path)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** runs of three entries each */
async function fill(store: Store, runs: number): Promise<void> {
  await Promise.all(
    Array.from({ length: runs }, async () => {
      const run = await owned(store)
      await store.append(change(run, [entry(1, 'step.result', { payload: '"what was done"' })]))
      await finish(store, run, '"done"', 2)
    }),
  )
}

const count = async (path: string): Promise<number> =>
  use(path, async (store) => Object.values(await store.counts()).reduce((a, b) => a + b, 0))

it('a backup is the store at one moment, while it is written to', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  const store = await openSqliteStore(path)
  await fill(store, 200)
  let writing = true
  let written = 200
  const writer = (async () => {
    while (writing) {
      await fill(store, 5)
      written += 5
    }
  })()
  const told: number[] = []
  const backup = await backupStore(path, join(dir, 'backup.db'), { onProgress: (_, total) => told.push(total) })
  writing = false
  await writer
  await store.close()
  expect(told.length).toBeGreaterThan(0)
  const runs = await count(backup.path)
  expect(runs).toBeGreaterThanOrEqual(200)
  expect(runs).toBeLessThanOrEqual(written)
  expect(await count(path)).toBe(written)
  const { entries, ...checked } = await checkStore(backup.path)
  expect(checked).toEqual({ runs, erased: 0, locked: 0, problems: [] })
  expect(backup.entries).toBe(entries)
  // that moment may lie between two commits of the five that were being filled
  expect(entries).toBeGreaterThanOrEqual(3 * (runs - 5) + 5)
  expect(entries).toBeLessThanOrEqual(3 * runs)
  const leaves = (of: string) => use(of, (one) => one.leaves(0, entries))
  expect(await leaves(backup.path)).toEqual(await leaves(path))
})

it('a backup overwrites nothing and leaves nothing half written', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 3))
  writeFileSync(join(dir, 'taken.db'), 'mine')
  await expect(backupStore(path, join(dir, 'taken.db'))).rejects.toMatchObject({ code: 'BACKUP_EXISTS' })
  await expect(backupStore(join(dir, 'no.db'), join(dir, 'b.db'))).rejects.toMatchObject({ code: 'STORE_MISSING' })
  await expect(backupStore(path, join(dir, 'nowhere', 'b.db'))).rejects.toMatchObject({ code: 'STORE_UNOPENABLE' })
  expect(readFileSync(join(dir, 'taken.db'), 'utf8')).toBe('mine')
  expect(readdirSync(dir).filter((name) => name.includes('partial'))).toEqual([])
})

it('a restore takes the place of the store in one step, and keeps what was there', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 10))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  await use(path, (store) => fill(store, 5))
  const restored = await restoreStore(path, backup.path)
  expect(restored).toMatchObject({ entries: 30, kept: expect.stringContaining('before-restore') })
  expect(await count(path)).toBe(10)
  expect(await count(restored.kept as string)).toBe(15)
  expect(readdirSync(dir).filter((name) => name.includes('restoring'))).toEqual([])
})

it('a restored store says that it is older than what was acknowledged, until that is accepted', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 10))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  await use(path, async (store) => {
    expect(store.info.older).toBeUndefined()
    await fill(store, 5)
  })
  expect(readAcknowledged(path)).toMatchObject({ position: 45 })
  await restoreStore(path, backup.path)
  await use(path, async (store) => {
    expect(store.info.older).toMatchObject({ position: 30, acknowledged: 45 })
    // and goes further than the lost end did
    await fill(store, 10)
  })
  await use(path, async (store) => expect(store.info.older).toMatchObject({ position: 30, acknowledged: 45 }))
  expect(storeFacts(path).older).toMatchObject({ position: 30 })
  expect(acceptOlder(path)).toBe(true)
  expect(acceptOlder(path)).toBe(false)
  await use(path, async (store) => expect(store.info.older).toBeUndefined())
})

it('what was written is written down behind it, while the store is open', async () => {
  const path = join(folder(), 'store.db')
  await use(path, async (store) => {
    await created(store)
    await expect.poll(() => readAcknowledged(path)?.position).toBe(1)
    await created(store)
    await expect.poll(() => readAcknowledged(path)?.position).toBe(2)
  })
})

it('a damaged or missing position file is no reason to worry, nor is another store’s', async () => {
  const path = join(folder(), 'store.db')
  for (const text of ['', '{', JSON.stringify({ store: 'another', position: 99, at: '' })]) {
    writeFileSync(positionFile(path), text)
    await use(path, async (store) => expect(store.info.older).toBeUndefined())
  }
})

it('nothing is restored while a process works on the store, or has it open', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 2))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  {
    await using _ = await acquireOwnership(path)
    await expect(restoreStore(path, backup.path)).rejects.toMatchObject({ code: 'STORE_OWNED' })
    await expect(compactStore(path)).rejects.toMatchObject({ code: 'STORE_OWNED' })
  }
  await use(path, async (store) => {
    await created(store)
    await expect(restoreStore(path, backup.path)).rejects.toMatchObject({ code: 'STORE_BUSY' })
    await created(store)
  })
  expect(await count(path)).toBe(4)
})

it('what is no store, or is damaged, is not restored', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 300))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  writeFileSync(join(dir, 'text.db'), 'not a database at all, but long enough to have a header of one'.repeat(20))
  await expect(restoreStore(path, join(dir, 'text.db'))).rejects.toMatchObject({ code: 'STORE_NOT_A_DATABASE' })
  new DatabaseSync(join(dir, 'other.db')).exec('CREATE TABLE t (a)')
  await expect(restoreStore(path, join(dir, 'other.db'))).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
  await expect(restoreStore(path, join(dir, 'none.db'))).rejects.toMatchObject({ code: 'STORE_MISSING' })
  await expect(restoreStore(path, path)).rejects.toMatchObject({ code: 'RESTORE_SAME' })
  const bytes = readFileSync(backup.path)
  bytes.fill(0xaa, 4096 * 20, 4096 * 24)
  writeFileSync(backup.path, bytes)
  await expect(restoreStore(path, backup.path)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  expect(await count(path)).toBe(300)
})

it('a damaged store is replaced by its backup all the same, and kept with its log', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 10))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  writeFileSync(path, 'rubbish'.repeat(1000))
  writeFileSync(`${path}-wal`, 'rubbish')
  const restored = await restoreStore(path, backup.path)
  expect(readFileSync(restored.kept as string, 'utf8')).toContain('rubbish')
  expect(await count(path)).toBe(10)
})

it('a store that is gone is restored where it was', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, (store) => fill(store, 10))
  const backup = await backupStore(path, join(dir, 'backup.db'))
  rmSync(path)
  expect((await restoreStore(path, backup.path)).kept).toBeUndefined()
  expect(await count(path)).toBe(10)
})

it('check finds an entry that somebody has changed in the file', async () => {
  const path = join(folder(), 'store.db')
  await use(path, (store) => fill(store, 20))
  const db = new DatabaseSync(path)
  const rows = db.prepare('SELECT pos, data FROM spanwise_segments ORDER BY pos').all() as unknown as {
    pos: number
    data: Uint8Array
  }[]
  const row = rows.find((one) => Buffer.from(one.data).includes('what was done'))!
  const data = Buffer.from(row.data)
  const at = data.indexOf('what was done')
  data.write('what was DONE', at)
  db.prepare('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(data, row.pos)
  db.close()
  const { problems } = await checkStore(path)
  expect(problems).toEqual([expect.stringMatching(/entry 1 \(step\.result\) holds another content/)])
})

it('info says what takes how much; compact gives free pages back', async () => {
  const dir = folder()
  const path = join(dir, 'store.db')
  await use(path, async (store) => {
    await store.register(worker)
    await fill(store, 300)
  })
  const before = storeFacts(path)
  expect(before).toMatchObject({ runs: 300, entries: 900, owner: undefined, older: undefined })
  expect(before.tables[0]).toMatchObject({ name: expect.stringMatching(/^spanwise_/) })
  expect(before.tables.reduce((sum, { bytes }) => sum + bytes, 0) + before.bytes.free).toBeLessThanOrEqual(
    before.bytes.file,
  )
  const db = new DatabaseSync(path)
  db.exec(
    'CREATE TABLE mine AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, hex(randomblob(200)) FROM n',
  )
  db.exec('DROP TABLE mine')
  db.close()
  expect(storeFacts(path).bytes.free).toBeGreaterThan(500_000)
  const { before: was, after } = await compactStore(path)
  expect(after).toBeLessThan(was - 500_000)
  expect(storeFacts(path)).toMatchObject({ runs: 300, bytes: { free: 0 } })
  expect(await count(path)).toBe(300)
  expect(existsSync(`${path}.position`)).toBe(true)
})
