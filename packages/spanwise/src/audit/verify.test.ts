import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it } from 'vitest'
import { type NewEntry, openStore, type RunRow, type Store } from '../journal/index.ts'
import { signCheckpoint } from './checkpoint.ts'
import { leafHash } from './merkle.ts'
import { makeSigner } from './note.ts'
import { checkProof, proveEntry } from './prove.ts'
import { openSealer } from './seal.ts'
import { type Verification, verifyLog } from './verify.ts'

const signer = makeSigner('test')
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spanwise-audit-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function open(path: string): Promise<Store> {
  const store = await openStore(`sqlite:${path}`)
  closing.push(() => store.close())
  return store
}

const entry = (index: number, payload: string): NewEntry => ({
  index,
  after: index - 1,
  at: 1_000 + index,
  kind: 'step.result',
  key: `step#${index}`,
  attempt: 1,
  payload,
})

async function start(store: Store, run: string, subject?: string): Promise<RunRow> {
  await store.register({ id: 'w', pid: 1, host: 'here', lease: 60_000 })
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
    subject,
    tags: [],
    started: { ...entry(0, '1'), kind: 'run.started', key: '', after: -1 },
    at: 1_000,
  })
  return row
}

const append = (store: Store, row: RunRow, ...entries: readonly NewEntry[]) =>
  store.append({ ref: { seq: row.seq, run: row.run }, epoch: row.epoch, entries })

/** two runs by turns, `count` entries each, every one in a commit of its own, sealed in the middle and at the end */
async function made(path: string, count = 40): Promise<{ readonly store: Store; readonly notes: readonly string[] }> {
  const store = await open(path)
  const [a, b] = [await start(store, 'aaa'), await start(store, 'bbb', 'ann')]
  const sealer = await openSealer(store, 'spanwise/test', [signer])
  const notes: string[] = []
  for (let i = 1; i < count; i++) {
    await append(store, a, entry(i, `"a ${i}"`))
    await append(store, b, entry(i, `"b ${i}"`))
    if (i === count / 2) notes.push((await sealer.seal(5_000))?.note as string)
  }
  notes.push((await sealer.seal(6_000))?.note as string)
  return { store, notes }
}

/** Whatever a log has: that it is checked where it lies, and on several connections, must not change what is found. */
async function verify(store: Store, since: readonly string[] = []): Promise<Verification> {
  const found = await verifyLog(store, { keys: [signer], since })
  const oneByOne = { ...store, checkLog: async () => undefined }
  expect(await verifyLog(oneByOne, { keys: [signer], since })).toEqual(found)
  const readers = await Promise.all([1, 2].map(() => openStore(`sqlite:${store.info.path}`)))
  try {
    expect(await verifyLog(store, { keys: [signer], since, readers })).toEqual(found)
  } finally {
    await Promise.all(readers.map((reader) => reader.close()))
  }
  return found
}

/** what a hand in the file does, with the store closed */
async function tamper(path: string, store: Store, work: (db: DatabaseSync) => void): Promise<Store> {
  await store.close()
  const db = new DatabaseSync(path)
  work(db)
  db.close()
  return open(path)
}

/** changes bytes in place, in the first segment that has them */
function replaceBytes(db: DatabaseSync, from: string, to: string): void {
  let found = 0
  for (const row of db.prepare('SELECT pos, data FROM spanwise_segments').all()) {
    const data = Buffer.from(row['data'] as Uint8Array)
    const at = data.indexOf(from)
    if (at < 0 || found > 0) continue
    data.write(to, at)
    found += db.prepare('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(data, row['pos'] as number)
      .changes as number
  }
  expect(found).toBe(1)
}

describe('a long log', () => {
  /** more than is checked at once */
  const count = 40_000
  const long = async (path: string) => {
    const store = await open(path)
    const row = await start(store, 'aaa')
    await append(store, row, ...Array.from({ length: count - 1 }, (_, i) => entry(i + 1, `"a ${i + 1}"`)))
    const sealer = await openSealer(store, 'spanwise/test', [signer])
    const { note } = (await sealer.seal(5_000)) as { readonly note: string }
    return { store, note }
  }

  it('is checked in ranges that put together are the log that was signed', async () => {
    const path = join(folder(), 'a.db')
    const { store, note } = await long(path)
    const more = await start(store, 'bbb')
    await append(store, more, entry(1, '1'))
    const readers = [await open(path)]
    const done: number[] = []
    const progress = (n: number): void => void done.push(n)
    expect(await verifyLog(store, { keys: [signer], since: [note], readers, progress })).toMatchObject({
      size: count + 2,
      sealed: count,
      findings: [],
    })
    expect(done.at(-1)).toBe(count + 2)
    expect(done.length).toBeGreaterThan(2)
  })

  it('names the entry that does not fit, wherever it is, and no other', async () => {
    const path = join(folder(), 'a.db')
    const { store, note } = await long(path)
    const changed = await tamper(path, store, (db) => {
      replaceBytes(db, '"a 20001"', '"b 20001"')
      replaceBytes(db, '"a 39998"', '"b 39998"')
    })
    const readers = [await open(path)]
    const { findings } = await verifyLog(changed, { keys: [signer], since: [note], readers })
    expect(findings.map(({ run, index, from }) => [run, index, from])).toEqual([
      ['aaa', 20_001, 20_001],
      ['aaa', 39_998, 39_998],
    ])
  })
})

describe('a log that nobody touched', () => {
  it('verifies whole, also after a restart and in another place', async () => {
    const dir = folder()
    const { store, notes } = await made(join(dir, 'a.db'))
    const good = {
      size: 80,
      sealed: 80,
      erased: 0,
      archived: 0,
      locked: 0,
      checkpoints: 2,
      freshness: 'proven',
      findings: [],
    }
    expect(await verify(store, notes)).toEqual(good)
    expect(await verify(store)).toEqual({ ...good, freshness: 'not proven' })
    await store.close()
    cpSync(join(dir, 'a.db'), join(dir, 'copy.db'))
    expect(await verify(await open(join(dir, 'copy.db')), notes)).toEqual(good)
  })

  it('says how much is not sealed yet', async () => {
    const { store } = await made(join(folder(), 'a.db'))
    await append(store, await start(store, 'ccc'), entry(1, '1'))
    expect(await verify(store)).toMatchObject({ size: 82, sealed: 80, findings: [] })
  })

  it('verifies after a subject was erased: proofs outlive what they are about', async () => {
    const path = join(folder(), 'a.db')
    const { store, notes } = await made(path)
    expect(await store.erase({ subject: 'ann' })).toBe(true)
    expect(await verify(store, notes)).toMatchObject({ erased: 40, findings: [] })
  })

  it('proves each sealed entry to who has the public key only, over many tiles', async () => {
    const { store } = await made(join(folder(), 'a.db'), 700)
    for (const [run, index] of [
      ['aaa', 0],
      ['aaa', 350],
      ['bbb', 699],
    ] as const) {
      const proof = await proveEntry(store, run, index)
      expect(checkProof(proof, [signer])).toBe(true)
      expect(checkProof({ ...proof, position: proof.position + 1 }, [signer])).toBe(false)
      expect(checkProof({ ...proof, leaf: leafHash(Buffer.from('x')).toString('base64') }, [signer])).toBe(false)
    }
    await append(store, await start(store, 'ccc'), entry(1, '1'))
    await expect(proveEntry(store, 'ccc', 1)).rejects.toMatchObject({ code: 'NOT_SEALED' })
    await expect(proveEntry(store, 'aaa', 5_000)).rejects.toMatchObject({ code: 'ENTRY_UNKNOWN' })
    expect(await verify(store)).toMatchObject({ findings: [] })
  })

  it('goes on under a new key, when both are trusted', async () => {
    const { store, notes } = await made(join(folder(), 'a.db'))
    const next = makeSigner('test')
    await append(store, await start(store, 'ccc'), entry(1, '1'))
    await (await openSealer(store, 'spanwise/test', [next])).seal(7_000)
    expect(await verifyLog(store, { keys: [signer, next], since: notes })).toMatchObject({ sealed: 82, findings: [] })
    const { findings } = await verifyLog(store, { keys: [signer] })
    expect(findings).toMatchObject([{ from: 82 }])
  })
})

describe('a hand in the file is found', () => {
  it('changed content, and whose', async () => {
    const path = join(folder(), 'a.db')
    const { store } = await made(path)
    const changed = await tamper(path, store, (db) => replaceBytes(db, '"a 17"', '"a 18"'))
    const { findings } = await verify(changed)
    expect(findings).toMatchObject([{ run: 'aaa', index: 17 }])
    expect(findings[0]?.what).toContain('its content was changed')
  })

  it('changed facts, and whose', async () => {
    const path = join(folder(), 'a.db')
    const { store } = await made(path)
    const changed = await tamper(path, store, (db) => replaceBytes(db, 'step#31', 'step#13'))
    expect((await verify(changed)).findings[0]).toMatchObject({ run: 'aaa', index: 31 })
  })

  it('entries that were written anew with proofs that fit: the signed tree tells, and where it begins', async () => {
    const path = join(folder(), 'a.db')
    const { store, notes } = await made(path, 400)
    // the same history with one other result, made by the same code: every leaf fits its entry
    const other = join(folder(), 'b.db')
    const forged = await made(other, 400)
    await store.close()
    await forged.store.close()
    const [db, from] = [new DatabaseSync(path), new DatabaseSync(other)]
    const pos = 500
    const row = from.prepare('SELECT data FROM spanwise_segments WHERE pos = ?').get(pos)
    db.prepare('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(row?.['data'] as Uint8Array, pos)
    db.close()
    from.close()
    const { findings } = await verify(await open(path), notes)
    const tree = findings.find(({ what }) => what.includes('not those that were signed'))
    expect(tree).toMatchObject({ from: 402, to: 512 })
  })

  it('two entries that changed places', async () => {
    const path = join(folder(), 'a.db')
    const { store, notes } = await made(path)
    const changed = await tamper(path, store, (db) => {
      db.exec('UPDATE spanwise_segments SET pos = -1 WHERE pos = 21')
      db.exec('UPDATE spanwise_segments SET pos = 21 WHERE pos = 23')
      db.exec('UPDATE spanwise_segments SET pos = 23 WHERE pos = -1')
    })
    const { findings } = await verify(changed, notes)
    expect(findings.length).toBeGreaterThan(0)
    expect(findings[0]?.from).toBeLessThanOrEqual(22)
  })

  it('an entry that was removed', async () => {
    const path = join(folder(), 'a.db')
    const { store } = await made(path)
    const changed = await tamper(path, store, (db) => db.exec('DELETE FROM spanwise_segments WHERE pos = 30'))
    const { findings } = await verify(changed)
    expect(findings[0]).toMatchObject({ from: 29 })
  })

  it('a tail that was cut off: by the store’s own checkpoint, and with that gone by the one that was kept', async () => {
    const path = join(folder(), 'a.db')
    const { store, notes } = await made(path)
    const cut = await tamper(path, store, (db) => db.exec('DELETE FROM spanwise_segments WHERE pos > 50'))
    expect((await verify(cut)).findings[0]?.what).toContain('cut off')
    const without = await tamper(path, cut, (db) => db.exec('DELETE FROM spanwise_checkpoints WHERE size > 50'))
    expect(await verify(without)).toMatchObject({ freshness: 'not proven', findings: [] })
    const { findings } = await verify(without, notes)
    expect(findings).toMatchObject([{ from: 50, to: 80 }])
  })

  it('an old backup in the place of the store, given a checkpoint', async () => {
    const dir = folder()
    const path = join(dir, 'a.db')
    const { store } = await made(path)
    await store.close()
    cpSync(path, join(dir, 'old.db'))
    const later = await open(path)
    await append(later, await start(later, 'ccc'), entry(1, '1'))
    const note = (await (await openSealer(later, 'spanwise/test', [signer])).seal(9_000))?.note as string
    const { findings } = await verify(await open(join(dir, 'old.db')), [note])
    expect(findings).toMatchObject([{ from: 80, to: 82 }])
  })

  it('a checkpoint that somebody else signed, or that was signed over something else', async () => {
    const path = join(folder(), 'a.db')
    const { store } = await made(path)
    const forged = signCheckpoint({ origin: 'spanwise/test', size: 80, root: leafHash(Buffer.of(1)), at: 1 }, [
      makeSigner('test'),
    ])
    const changed = await tamper(path, store, (db) =>
      db.prepare('UPDATE spanwise_checkpoints SET note = ? WHERE size = 80').run(forged),
    )
    expect((await verify(changed)).findings).toMatchObject([{ from: 80 }])
    const over = signCheckpoint({ origin: 'spanwise/test', size: 80, root: leafHash(Buffer.of(1)), at: 1 }, [signer])
    const other = await tamper(path, changed, (db) =>
      db.prepare('UPDATE spanwise_checkpoints SET note = ? WHERE size = 80').run(over),
    )
    expect((await verify(other)).findings[0]?.what).toContain('not those that were signed')
  })
})

it('two sealers of one store do not sign over each other', async () => {
  const { store } = await made(join(folder(), 'a.db'))
  const [one, two] = [await openSealer(store, 'o', [signer]), await openSealer(store, 'o', [signer])]
  await append(store, await start(store, 'ccc'), entry(1, '1'))
  expect(await one.seal(8_000)).toMatchObject({ size: 82 })
  expect(await two.seal(8_001)).toBeUndefined()
  await append(store, await start(store, 'ddd'), entry(1, '1'))
  expect(await two.seal(8_002)).toMatchObject({ size: 84 })
  expect(await verify(store)).toMatchObject({ checkpoints: 4, findings: [] })
})
