import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { backupStore, type NewEntry, openStore, type RunRow, type Store } from '../journal/index.ts'
import { makeSigner } from './note.ts'
import { openSealer } from './seal.ts'
import { verifyLog } from './verify.ts'

const signer = makeSigner('test')

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spanwise-odd-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function open(path: string): Promise<Store> {
  const store = await openStore(`sqlite:${path}`)
  onTestFinished(() => store.close())
  return store
}

const entry = (index: number, payload: string, at = 1_000 + index): NewEntry => ({
  index,
  after: index - 1,
  at,
  kind: 'step.result',
  key: `step#${index}`,
  attempt: 1,
  payload,
})

async function start(store: Store, run: string, at = 1_000): Promise<RunRow> {
  const { row } = await store.create({
    run,
    workflow: 'job',
    tenant: 'default',
    id: run,
    inputToken: run,
    status: 'running',
    owner: 'w',
    priority: 0,
    release: 'v1',
    tags: [],
    started: { ...entry(0, '1', at), kind: 'run.started', key: '', after: -1 },
    at,
  })
  return row
}

const append = (store: Store, row: RunRow, ...entries: readonly NewEntry[]) =>
  store.append({ ref: { seq: row.seq, run: row.run }, epoch: row.epoch, entries })

const sealer = (store: Store) => openSealer(store, 'spanwise/test', [signer])
const verify = (store: Store, since: readonly string[] = []) => verifyLog(store, { keys: [signer], since })

it('two writers on one file leave one log, and of two sealers one signs each stretch', async () => {
  const path = join(folder(), 'a.db')
  const [one, other] = [await open(path), await open(path)]
  const rows = [await start(one, 'a'), await start(other, 'b')] as const
  const sealers = [await sealer(one), await sealer(other)] as const
  for (let i = 1; i < 30; i++) {
    await Promise.all([append(one, rows[0], entry(i, `"a${i}"`)), append(other, rows[1], entry(i, `"b${i}"`))])
    if (i % 10 === 0) await Promise.all(sealers.map((each) => each.seal(5_000 + i)))
  }
  for (const each of sealers) await each.seal(6_000)
  await sealers[1].seal(6_001)
  expect(await verify(one)).toMatchObject({ size: 60, sealed: 60, findings: [] })
})

it('a payload of many megabytes is held against its proof like any other, and a changed one is found', async () => {
  const path = join(folder(), 'a.db')
  const store = await open(path)
  const row = await start(store, 'a')
  // such as does not compress: it stands in a table of its own
  const text = JSON.stringify(
    Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)))
      .toString('base64')
      .repeat(40) + Array.from({ length: 200_000 }, () => Math.random()).join(),
  )
  await append(store, row, entry(1, text), entry(2, '"small"'))
  await (await sealer(store)).seal(5_000)
  expect(await verify(store)).toMatchObject({ size: 3, findings: [] })
  const db = new DatabaseSync(path)
  expect(db.prepare('SELECT count(*) AS n FROM spanwise_blobs').get()?.['n']).toBe(1)
  db.exec('DELETE FROM spanwise_blobs')
  db.close()
  const { findings } = await verify(store)
  expect(findings).toHaveLength(1)
  expect(findings[0]).toMatchObject({ from: 1, to: 2 })
})

it('an entry of a kind that a newer version writes is held against its proof; only its run cannot be read', async () => {
  const path = join(folder(), 'a.db')
  const store = await open(path)
  const row = await start(store, 'a')
  await append(store, row, entry(1, '1'), { ...entry(2, '2'), kind: 'kind 999' as never }, entry(3, '3'))
  await (await sealer(store)).seal(5_000)
  expect(await verify(store)).toMatchObject({ size: 4, sealed: 4, findings: [] })
  await expect(store.entries('a')).rejects.toMatchObject({ code: 'STORE_TOO_NEW', run: 'a' })
  while (!(await store.indexDecisions())) {}
  expect(await store.decisions({ limit: 5 })).toEqual({ items: [], after: undefined })
})

it('a copy that is taken while entries are written verifies, with what was sealed when it was taken', async () => {
  const dir = folder()
  const store = await open(join(dir, 'a.db'))
  const row = await start(store, 'a')
  const note = (await (await sealer(store)).seal(5_000))?.note as string
  let index = 1
  let going = true
  const writing = (async () => {
    while (going) await append(store, row, entry(index++, `"${index}"`))
  })()
  await backupStore(join(dir, 'a.db'), join(dir, 'copy.db'), {})
  going = false
  await writing
  const copied = await verify(await open(join(dir, 'copy.db')), [note])
  expect(copied).toMatchObject({ sealed: 1, freshness: 'proven', findings: [] })
  expect(copied.size).toBeLessThanOrEqual(index)
})

it('a clock that went back changes nothing: the log has the order of its commits', async () => {
  const store = await open(join(folder(), 'a.db'))
  const late = await start(store, 'late', 9_000)
  const early = await start(store, 'early', 2_000)
  const sealing = await sealer(store)
  await append(store, late, entry(1, '1', 9_500))
  const first = (await sealing.seal(9_600))?.note as string
  await append(store, early, entry(1, '1', 2_100))
  const second = (await sealing.seal(2_200))?.note as string
  expect(await verify(store, [second, first])).toMatchObject({ size: 4, sealed: 4, freshness: 'proven', findings: [] })
})
