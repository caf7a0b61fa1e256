import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keyFile as auditKey, readKeys, verifyLog } from '../../packages/spanwise/src/audit/index.ts'
import { type KeyProvider, keyFile, keyService, spanwise, step, workflow } from '../../packages/spanwise/src/index.ts'
import {
  checkStore,
  encryptStore,
  keyStatus,
  openStore,
  rotateKey,
  rotateStoreKey,
} from '../../packages/spanwise/src/journal/index.ts'
import { fill, found, marked, temporaryFolder } from './markers.ts'

/** stand in the file as keyed hashes only, encrypted or not */
const neverInClear = ['itemsubject', 'sendid']

it('without keys, everything that users write can be found in the files', async () => {
  const folder = temporaryFolder()
  const { app } = await fill(folder)
  expect(existsSync(join(folder, 'store.db-wal'))).toBe(true)
  await app.backup(join(folder, 'backup.db'))
  const hits = found(folder)
  expect(Object.keys(marked).filter((place) => !hits.has(place))).toEqual(neverInClear)
  expect([...hits.values()].flat()).toEqual(expect.arrayContaining(['store.db-wal', 'backup.db']))
})

it('with keys, nothing of it can: not in the file, its log, a backup or an archive', async () => {
  const folder = temporaryFolder()
  const key = join(temporaryFolder(), 'key')
  writeFileSync(key, randomBytes(32).toString('base64'))
  const { app, everything } = await fill(folder, { keys: keyFile(key) })
  await app.backup(join(folder, 'backup.db'))
  expect([...found(folder)]).toEqual([])
  await app.retain([{ keep: 0, action: 'archive' }])
  expect((await app.archives()).length).toBe(1)
  // and it is all there for who has the key
  expect(await (await app.get(everything, marked['id'] as string))?.result()).toContain(marked['output'])
  expect((await app.list({ tags: [marked['tag'] as string] })).items).toHaveLength(1)
  expect((await app.getSchedule(marked['scheduleid'] as string))?.id).toBe(marked['scheduleid'])
  expect((await app.approvals()).items.map(({ question }) => question)).toContain(marked['openquestion'])
  await app.close()
  expect([...found(folder)]).toEqual([])
})

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const newKey = (): string => randomBytes(32).toString('base64')
function keyIn(folder: string): { readonly path: string; readonly keys: KeyProvider } {
  const path = join(folder, 'key')
  writeFileSync(path, newKey())
  return { path, keys: keyFile(path) }
}
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { code?: unknown }) => error.code,
  )
const bytesOf = (folder: string): string =>
  readdirSync(folder)
    .filter((name) => /^store\.db(-wal)?$/.test(name))
    .map((name) => readFileSync(join(folder, name)).toString('base64'))
    .join()

const double = step('double', async (n: number) => n * 2)
const flow = workflow('flow', async (n: number) => double(n))

it('is turned on for a store that is there: its proofs stay what they were, and nothing stays in clear', async () => {
  const folder = temporaryFolder()
  const { app, path, everything } = await fill(folder)
  const before = await app.get(everything, marked['id'] as string)
  const result = await before?.result()
  await app.retain([{ workflow: 'failing', keep: 0, action: 'archive' }])
  await app.close()
  const verified = async (encryption?: { keys: KeyProvider } | 'locked') => {
    const store = await openStore(`sqlite:${path}`, { encryption })
    const found = await verifyLog(store, { keys: readKeys([auditKey(path)]) })
    const leaves = Buffer.from(await store.leaves(0, 10_000)).toString('hex')
    await store.close()
    return { findings: found.findings, locked: found.locked, sealed: found.sealed, leaves }
  }
  const plain = await verified()
  expect(plain).toMatchObject({ findings: [], locked: 0 })

  const { keys } = keyIn(temporaryFolder())
  const config = { store: `sqlite:${path}`, workflows: [flow], log: silent }
  expect(await codeOf(spanwise({ ...config, encryption: { keys } }))).toBe('STORE_NOT_ENCRYPTED')
  await encryptStore(path, { keys })
  expect([...found(folder)]).toEqual([])
  expect(await codeOf(encryptStore(path, { keys }))).toBe('STORE_ENCRYPTED_ALREADY')

  expect(await verified({ keys })).toEqual(plain)
  const blind = await verified('locked')
  expect(blind).toMatchObject({ findings: [], leaves: plain.leaves, sealed: plain.sealed })
  expect(blind.locked).toBeGreaterThan(10)
  expect(await checkStore(path, { encryption: { keys } })).toMatchObject({ problems: [], locked: 0 })
  expect((await checkStore(path)).problems).toEqual([])
  // the worker goes on with what waited
  await using again = await spanwise({ ...config, encryption: { keys } })
  expect(await (await again.get('everything', marked['id'] as string))?.result()).toEqual(result)
  expect((await again.list({ workflow: 'failing' })).items[0]?.error).toBeDefined()
  expect(await again.run(flow, 2)).toBe(4)
})

it('a changed ciphertext is found, and names its entry', async () => {
  const folder = temporaryFolder()
  const { keys } = keyIn(temporaryFolder())
  const path = join(folder, 'store.db')
  const app = await spanwise({ store: `sqlite:${path}`, workflows: [flow], log: silent, encryption: { keys } })
  const run = await app.start(flow, 7)
  await run.result()
  await app.close()
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(path)
  const row = db.prepare('SELECT pos, data FROM spanwise_segments ORDER BY pos LIMIT 1').get() as {
    pos: number
    data: Uint8Array
  }
  // in the middle of the payload of the first entry: in front of its proof, which is its end
  const first = new DataView(row.data.buffer, row.data.byteOffset).getUint32(3, true)
  const second =
    new DataView(row.data.buffer, row.data.byteOffset).getUint16(1, true) > 1
      ? new DataView(row.data.buffer, row.data.byteOffset).getUint32(7, true)
      : row.data.length
  expect(second).toBeGreaterThan(first)
  const at = second - 96 - 20
  row.data[at] = (row.data[at] as number) ^ 1
  db.prepare('UPDATE spanwise_segments SET data = ? WHERE pos = ?').run(row.data, row.pos)
  db.close()
  const store = await openStore(`sqlite:${path}`, { encryption: { keys } })
  const { findings } = await verifyLog(store, { keys: readKeys([auditKey(path)]) })
  await store.close()
  expect(findings).toMatchObject([{ from: 0, run: run.id, index: 0 }])
})

it('a wrong or a missing key is told before anything is touched', async () => {
  const folder = temporaryFolder()
  const { path: keyPath, keys } = keyIn(temporaryFolder())
  const store = `sqlite:${join(folder, 'store.db')}`
  const config = { store, workflows: [flow], log: silent }
  const app = await spanwise({ ...config, encryption: { keys } })
  await app.run(flow, 1)
  await app.close()
  const before = bytesOf(folder)
  const wrong = keyIn(temporaryFolder()).keys
  expect(await codeOf(spanwise({ ...config, encryption: { keys: wrong } }))).toBe('KEY_WRONG')
  expect(await codeOf(spanwise({ ...config, encryption: { keys: keyFile(`${keyPath}.gone`) } }))).toBe('KEY_MISSING')
  expect(await codeOf(spanwise(config))).toBe('STORE_ENCRYPTED')
  expect(await codeOf(rotateKey(join(folder, 'store.db'), { keys: wrong }))).toBe('KEY_WRONG')
  expect(bytesOf(folder)).toBe(before)
  // nor is a new store made with a key that cannot be had
  const other = temporaryFolder()
  const fresh = { ...config, store: `sqlite:${join(other, 'new.db')}`, encryption: { keys: keyFile('/nowhere/key') } }
  expect(await codeOf(spanwise(fresh))).toBe('KEY_MISSING')
  expect(existsSync(join(other, 'new.db'))).toBe(false)
})

it('keys are rotated: the provider’s while work goes on, the store’s while none does', async () => {
  const folder = temporaryFolder()
  const { path: keyPath, keys } = keyIn(temporaryFolder())
  const path = join(folder, 'store.db')
  const config = { store: `sqlite:${path}`, workflows: [flow], log: silent, encryption: { keys } }
  const app = await spanwise(config)
  await app.run(flow, 1, { id: 'one' })
  await app.backup(join(folder, 'old.db'))
  const first = await keyStatus(path, { keys })
  expect(first.newest).toBe(first.keyId)
  const old = readFileSync(keyPath, 'utf8')
  writeFileSync(keyPath, `${newKey()}\n${old}`)
  const second = await rotateKey(path, { keys })
  expect(second.keyId).not.toBe(first.keyId)
  expect(second.storeKeyMade).toBe(first.storeKeyMade)
  expect(await app.run(flow, 2, { id: 'two' })).toBe(4)
  expect(await codeOf(rotateStoreKey(path, { keys }))).toBe('STORE_OWNED')
  await app.close()
  // the old key is not needed any more, but for the old backup
  writeFileSync(keyPath, readFileSync(keyPath, 'utf8').split('\n')[0] as string)
  const content = (): string => readFileSync(path).toString('latin1')
  const third = await rotateStoreKey(path, { keys })
  expect(third.storeKeyMade).not.toBe(first.storeKeyMade)
  await using again = await spanwise(config)
  expect(await (await again.get(flow, 'one'))?.result()).toBe(2)
  expect(await (await again.get(flow, 'two'))?.result()).toBe(4)
  expect(content()).not.toBe('')
  const restored = join(temporaryFolder(), 'store.db')
  copyFileSync(join(folder, 'old.db'), restored)
  expect(await codeOf(openStore(`sqlite:${restored}`, { encryption: { keys } }))).toBe('KEY_WRONG')
  writeFileSync(`${keyPath}.old`, old)
  const opened = await openStore(`sqlite:${restored}`, { encryption: { keys: keyFile(`${keyPath}.old`) } })
  expect((await opened.list({ limit: 5 })).items).toHaveLength(1)
  await opened.close()
})

it('a key service is needed to open a store, and not to work on it', async () => {
  const { createServer } = await import('node:http')
  const { keys: inner } = keyIn(temporaryFolder())
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const asked = JSON.parse(body) as Record<string, string>
    const bytes = (name: string): Uint8Array => Buffer.from(asked[name] as string, 'base64')
    const wrapped = request.url === '/wrap' ? await inner.wrap(bytes('plaintext')) : undefined
    const answer =
      wrapped === undefined
        ? {
            plaintext: Buffer.from(
              await inner.unwrap({ keyId: asked['keyId'] as string, bytes: bytes('ciphertext') }),
            ).toString('base64'),
          }
        : { keyId: wrapped.keyId, ciphertext: Buffer.from(wrapped.bytes).toString('base64') }
    response.end(JSON.stringify(answer))
  })
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as { port: number }
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const keys = keyService({ url: `http://127.0.0.1:${port}`, key: 'k', timeout: 500, attempts: 2 })
  const config = {
    store: `sqlite:${join(temporaryFolder(), 'store.db')}`,
    workflows: [flow],
    log: silent,
    encryption: { keys },
  }
  const app = await spanwise(config)
  await stop()
  expect(await app.run(flow, 3)).toBe(6)
  await app.close()
  expect(await codeOf(spanwise(config))).toBe('KEYS_UNREACHABLE')
  await listen(port)
  await using again = await spanwise(config)
  expect(await again.run(flow, 4)).toBe(8)
  await stop()
})
